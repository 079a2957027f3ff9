      * Counters hold their largest value, so that a program which prints
      * places prints those of the longest record.
       01  DEPENDINGS.
           05  HEADER.
               10  ORDERS              PIC 99       VALUE 4.
               10  NOTES               PIC S9(3)    COMP-3 VALUE 3.
           05  ORDER-LINE              OCCURS 1 TO 4 TIMES
                                       DEPENDING ON ORDERS.
               10  SKU                 PIC X(6).
               10  QUANTITY            PIC S9(4) COMP.
           05  BETWEEN                 PIC X(3).
           05  NOTE                    PIC X(10)
                                       OCCURS 0 TO 3
                                       DEPENDING NOTES.
           05  TAIL                    PIC X.
