       01  HEAD-RECORD.
           05  H-TYPE                  PIC X.
               88  IS-HEAD             VALUE 'H'.
           05  H-DATE                  PIC 9(8).
       77  NO-RECORD                   PIC X(3).
       01  ITEM-RECORD.
           05  I-TYPE                  PIC X.
           05  I-AMOUNT                PIC S9(13)V99 COMP-3.
