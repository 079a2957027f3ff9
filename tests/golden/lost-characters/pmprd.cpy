      *  PRODUCT RECORD AS TEXT
       01  PRODUCT.
           05  INST-ID             PIC X(12).
           05  INST-NAME           PIC X(34).
           05  METAL               PIC X(2).
           05  LOT-GRAMS           PIC S9(7)V9(4) COMP-3.
           05  TICK                PIC S9(5)V9(4) COMP-3.
           05  FINENESS            PIC 9(3)V9(3).
           05  EFF-DATE            PIC 9(8).
           05  END-DATE            PIC 9(8).
           05  REMARK              PIC X(20).
