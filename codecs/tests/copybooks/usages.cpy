      *> Every usage with every number of digits where its bytes change.
       01  USAGES.
           05  U-DISPLAY.
               10  D-1                 PIC 9.
               10  D-18                PIC S9(16)V99.
           05  U-BINARY.
               10  B-1                 PIC 9         COMP.
               10  B-4                 PIC S9(4)     COMP.
               10  B-5                 PIC S9(5)     COMPUTATIONAL.
               10  B-9                 PIC 9(7)V99   COMP-4.
               10  B-10                PIC S9(10)    BINARY.
               10  B-18                PIC S9(18)    COMP.
           05  U-NATIVE.
               10  N-3                 PIC 9(3)      COMP-5.
               10  N-9                 PIC S9(9)     COMP-5.
               10  N-18                PIC 9(18)     COMP-5.
           05  U-PACKED                COMP-3.
               10  P-1                 PIC 9.
               10  P-2                 PIC S99.
               10  P-3                 PIC S9(3).
               10  P-6                 PIC 9(4)V99.
               10  P-7                 PIC S9(7).
               10  P-18                PIC S9(18).
           05  U-FLOAT.
               10  F-4                 COMP-1.
               10  F-8                 USAGE IS COMPUTATIONAL-2.
           05  U-INDEX                 USAGE INDEX.
           05  U-END                   PIC X.
