      *  PRODUCT RECORD OF THE MAINFRAME
       01  PRODUCT.
           05  INST-ID             PIC X(12).
           05  INST-NAME           PIC X(34).
           05  METAL               PIC X(2).
               88  GOLD            VALUE 'AU'.
               88  SILVER          VALUE 'AG'.
           05  LOT-GRAMS           PIC S9(7)V9(4) COMP-3.
           05  TICK                PIC S9(5)V9(4) COMP-3.
           05  FINENESS            PIC 9(3)V9(3).
           05  EFF-DATE            PIC 9(8).
           05  END-DATE            PIC 9(8).
           05  REMARK-COUNT        PIC 9(2) COMP.
           05  REMARKS             OCCURS 0 TO 3 TIMES
                                   DEPENDING ON REMARK-COUNT.
               10  REMARK          PIC X(20).
