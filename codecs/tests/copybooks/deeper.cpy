           10  :TAG:-DEEP              PIC X(2).
