000100* Licence: sequence numbers, change marks, blank lines, EJECT.    00000010
       01  ODDITIES.                                                    00000020

           EJECT                                                        00000040
000500     SKIP1                                                        00000050
           05  O-ONE             PIC X(3).                              00000060
*CHG01     05  O-TWO             PIC                                    00000070
                                 S9(7)V99                               00000080
000900                           COMP-3.                                00000090
      D    05  O-DEBUG           PIC X(100).                            00000100
001100/    05  O-PAGE            PIC X(100).                            00000110
           05  O-THREE           PIC X(10) VALUE 'ends in the next      00000120
001300-    'line'.                                                      00000130
           05  O-FOUR-WHOSE-NAME                                        00000140
001500-    -GOES-ON              PIC 9(4) VALUE ZEROES.                 00000150
           05  o-five            pic x(2) value x'C1C2'.                00000160
001700     05  O-SIX, PIC IS 9(03); USAGE COMP-3, VALUE IS 1.            00000170
           05  O-SEVEN           PIC X(8) VALUE "it's ""ok""".          00000180
001900     05  O-EIGHT           PIC X(6) VALUE '户名'.                 00000190
           05  O-NINE            PIC ZZ9.99.                            00000200
002100     05  O-END             PIC X.                                 00000210
