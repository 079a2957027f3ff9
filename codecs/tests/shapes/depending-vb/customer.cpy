000100******************************************************************
000200* CUSTOMERS WITH AS MANY MOVEMENTS AS THEY HAVE                  *
000300******************************************************************
000400 01  CUSTOMER.                                                    CUST0001
000500     05  CUSTOMER-ID             PIC 9(5).                        CUST0002
000600     05  CUSTOMER-NAME           PIC X(8).                        CUST0003
000700     05  MOVEMENTS.                                               CUST0004
000800         10  MOVEMENT-COUNT      PIC S9(4) COMP.                  CUST0005
000900         10  MOVEMENT  OCCURS 0 TO 3 TIMES                        CUST0006
001000                       DEPENDING ON MOVEMENT-COUNT.               CUST0007
001100             15  MOVED-ON        PIC X(8).                        CUST0008
001200             15  MOVED           PIC S9(5)V99 COMP-3.             CUST0009
