       01  TRANS.
           05  CURRENCY     PIC X(3).
           05  AMOUNT       PIC S9(7)V99 COMP-3.
           COPY KEYS.
       01  TRANS-TEXT REDEFINES TRANS PIC X(12).
