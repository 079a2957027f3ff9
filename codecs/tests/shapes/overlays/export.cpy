       01  EXPORT-RECORD.
           05  EXPORT-TYPE                PIC X(1).
           05  EXPORT-TIME                PIC X(10).
           05  EXPORT-TIME-R REDEFINES EXPORT-TIME.
               10  EXPORT-YEAR            PIC 9(4).
               10  FILLER                 PIC X(6).
           05  EXPORT-NUMBER              PIC 9(9) COMP.
           05  EXPORT-DATA                PIC X(20).
           05  EXPORT-PERSON REDEFINES EXPORT-DATA.
               10  PERSON-ID              PIC 9(9) COMP.
               10  PERSON-PHONE OCCURS 2 TIMES.
                   15  PERSON-NUMBER      PIC X(5).
               10  PERSON-SCORE           PIC 9(3) COMP-3.
               10  FILLER                 PIC X(4).
           05  EXPORT-ACCOUNT REDEFINES EXPORT-DATA.
               10  ACCOUNT-BALANCE        PIC S9(10)V99.
               10  ACCOUNT-LIMIT          PIC S9(10)V99 COMP-3.
               10  FILLER                 PIC X(1).
