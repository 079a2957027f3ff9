      * Companies and the people one can speak to there.
        01  PARTNER.
            05  SEGMENT-ID          PIC X(2).
            05  PARTNER-ID          PIC X(6).
            05  FIRM.
               10  FIRM-NAME        PIC X(10).
               10  TAX.
                  15  TAX-TYPE      PIC X.
                  15  TAX-TEXT      PIC X(4).
                  15  TAX-NUMBER    REDEFINES TAX-TEXT
                                    PIC 9(8) COMP.
            05  PERSON REDEFINES FIRM.
               10  PHONE            PIC X(7).
               10  PERSON-NAME      PIC X(8).
