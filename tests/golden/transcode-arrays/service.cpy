      *  THE SAME AS A SERVICE READS IT
       01  POSITION.
           05  ACCT                PIC X(10).
           05  POS-DATE            PIC 9(8).
           05  KIND                PIC X.
           05  PERSON.
               10  NAME            PIC X(24).
               10  BORN            PIC 9(8).
           05  COMPANY             REDEFINES PERSON.
               10  TAX-NO          PIC S9(9) SIGN LEADING SEPARATE.
               10  FILLER          PIC X(22).
           05  RATE                PIC S9(3)V99 SIGN LEADING SEPARATE
                                   OCCURS 2 TIMES.
           05  LEG-COUNT           PIC 9(2).
           05  LEGS                OCCURS 0 TO 3 TIMES
                                   DEPENDING ON LEG-COUNT.
               10  CCY             PIC X(3).
               10  AMT             PIC S9(9)V99
                                   SIGN LEADING SEPARATE.
               10  DAYS            PIC 9(3) OCCURS 2 TIMES.
