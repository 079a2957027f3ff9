       01  NESTED.
           05  COUNTS.
               10  ORDERS              PIC 99.
               10  NOTES               PIC S9(3)    COMP-3.
           05  ORDER-LINE              OCCURS 1 TO 4 TIMES
                                       DEPENDING ON ORDERS.
               10  SKU                 PIC X(6).
               10  TAGS                PIC 9.
               10  TAG                 PIC X(2)
                                       OCCURS 0 TO 3 TIMES
                                       DEPENDING ON TAGS.
               10  REMARK              PIC X(3)
                                       OCCURS 2 DEPENDING ON
                                       NOTES OF COUNTS.
               10  QUANTITY            PIC S9(4) COMP.
           05  TAIL                    PIC X.
