       01  STATEMENT.
           05  PAYMENTS-COUNT       PIC 9(1).
           05  PAYMENTS.
               10  PAYMENT OCCURS 0 TO 3 TIMES
                       DEPENDING ON PAYMENTS-COUNT.
                   15  PAID         PIC 9(4).
           05  FILLER REDEFINES PAYMENTS PIC X(12).
           05  CURRENCY             PIC X(3).
