       01  REDEFINITIONS.
           05  R-KIND                  PIC X.
           05  MAIN-PART.
               10  D-NAME              PIC X(20).
               10  D-AMOUNT            PIC S9(7)V99 COMP-3.
               10  D-CODE              PIC 9(6).
               10  D-CODE-PARTS
                   REDEFINES D-CODE.
                   15  D-CODE-1        PIC 99.
                   15  D-CODE-2        PIC 9(4).
                   15  D-CODE-3 REDEFINES D-CODE-2 PIC X(4).
               10  D-CODE-TEXT REDEFINES D-CODE-PARTS PIC X(6).
           05  R-PERSON REDEFINES MAIN-PART.
               10  P-FIRST             PIC X(10).
               10  P-LAST              PIC X(12).
           05  FILLER REDEFINES MAIN-PART.
               10  W-WORD OCCURS 4     PIC X(5).
               10  FILLER              PIC X(11).
           05                          PIC X(3).
           05  LAST-ONE                PIC X(2).
