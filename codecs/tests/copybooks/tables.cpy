       01  TABLES.
           05  T-MONTH                 OCCURS 12 TIMES
                                       ASCENDING KEY IS T-NUMBER
                                       INDEXED BY T-I, T-J.
               10  T-NUMBER            PIC 99.
               10  T-DAY               OCCURS 3.
                   15  T-SALES         PIC S9(5)V99 COMP-3.
                   15  T-LETTER        PIC X OCCURS 2 TIMES.
               10  T-NAME              PIC X(4).
           05  T-FLAGS                 PIC X OCCURS 5
                                       VALUE SPACE.
               88  T-ON                VALUE 'Y' 'y'.
               88  T-RANGE             VALUES ARE '0' THRU '9',
                                       'A' THROUGH 'F'.
           05  T-LAST                  PIC X(3).
           05  T-END                   PIC X.
       66  T-LAST-PART RENAMES T-LAST OF TABLES THRU T-END.
