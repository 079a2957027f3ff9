      *  POSITION RECORD OF THE MAINFRAME
       01  POSITION.
           05  ACCT                PIC X(10).
           05  POS-DATE            PIC 9(8).
           05  KIND                PIC X.
           05  PERSON.
               10  NAME            PIC X(14).
               10  BORN            PIC 9(8).
           05  COMPANY             REDEFINES PERSON.
               10  TAX-NO          PIC S9(9) COMP-3.
               10  FILLER          PIC X(17).
           05  RATE                PIC S9(3)V99 COMP-3 OCCURS 2 TIMES.
           05  LEG-COUNT           PIC 9(2) COMP.
           05  LEGS                OCCURS 0 TO 3 TIMES
                                   DEPENDING ON LEG-COUNT.
               10  AMT             PIC S9(9)V99 COMP-3.
               10  DAYS            PIC 9(3) OCCURS 2 TIMES.
