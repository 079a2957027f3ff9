       01  PICTURES.
           05  T-X                     PIC X.
           05  T-XX                    PICTURE IS XX(3)X.
           05  T-A                     PIC A(7).
           05  T-AX                    PIC A(3)X9.
           05  T-EDITED                PIC XX/XX/XXBX0X.
           05  T-N                     PIC N(6).
           05  S-V                     PIC S9(5)V9(2).
           05  S-P                     PIC PPP9(3).
           05  S-PP                    PIC S9(4)PP.
           05  E-Z                     PIC ZZ,ZZ9.99-.
           05  E-STAR                  PIC $**,**9.99CR.
           05  E-FLOAT                 PIC -(6)9.
           05  E-DATE                  PIC 99/99/9999.
           05  E-BWZ                   PIC Z(5)9 BLANK WHEN ZERO.
           05  E-PLUS                  PIC +9(6)V99.
           05  T-JUST                  PIC X(9) JUSTIFIED RIGHT.
           05  T-END                   PIC X.
