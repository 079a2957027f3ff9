       01  SIGNS.
           05  S-TRAILING              PIC S9(5).
           05  S-LEADING               PIC S9(5) SIGN LEADING.
           05  S-TRAILING-SEPARATE     PIC S9(5)
                                       SIGN IS TRAILING SEPARATE.
           05  S-LEADING-SEPARATE      PIC S9(5)V99
                                       LEADING SEPARATE CHARACTER.
           05  S-GROUP                 SIGN IS LEADING SEPARATE.
               10  G-SIGNED            PIC S9(3).
               10  G-UNSIGNED          PIC 9(3).
               10  G-TEXT              PIC X(2).
           05  S-END                   PIC X.
