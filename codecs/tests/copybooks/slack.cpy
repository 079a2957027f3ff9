      * The examples of the Language Reference, and tables whose entries
      * must all be aligned.
       01  SLACK.
           05  FIELD-A.
               10  FIELD-B             PIC X(5).
               10  FIELD-C.
                   15  FIELD-D         PIC XX.
                   15  FIELD-E         PIC S9(6) COMP SYNC.
           05  FIELD-M                 PIC X(5).
           05  FIELD-N                 PIC XX.
           05  FIELD-O.
               10  FIELD-P             PIC S9(6) COMP SYNC.
           05  WORK-CODE               PIC X.
           05  COMP-TABLE              OCCURS 10 TIMES.
               10  COMP-TYPE           PIC X.
               10  COMP-PAY            PIC S9(4)V99 COMP SYNC.
               10  COMP-HOURS          PIC S9(3) COMP SYNCHRONIZED.
               10  COMP-NAME           PIC X(7).
           05  A-1                     PIC X.
           05  A-HALF                  PIC S9(4) BINARY SYNC LEFT.
           05  A-2                     PIC X.
           05  A-FLOAT                 COMP-1 SYNC.
           05  A-3                     PIC X.
           05  A-DOUBLE                COMP-2 SYNC.
           05  A-4                     PIC X.
           05  A-PACKED                PIC S9(5) COMP-3 SYNC.
           05  A-5                     PIC X.
           05  A-INDEX                 INDEX SYNC.
           05  A-6                     PIC X(3).
           05  A-BASE                  PIC X(8).
           05  A-OVER                  REDEFINES A-BASE.
               10  A-OVER-1            PIC X.
               10  A-OVER-2            PIC S9(9) COMP SYNC.
           05  A-END                   PIC X.
