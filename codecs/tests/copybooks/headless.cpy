           05  H-ONE                   PIC X(4).
           05  H-TWO.
               10  H-THREE             PIC S9(4) COMP.
           05  H-FOUR                  PIC X(2).
