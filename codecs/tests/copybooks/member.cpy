           10  :TAG:-NUMBER            PIC 9(:DIGITS:) COMP-3.
           10  :TAG:-NAME              PIC X(20).
           10  OLD-CODE                PIC X(4).
           COPY deeper.
