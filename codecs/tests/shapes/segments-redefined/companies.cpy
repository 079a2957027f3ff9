       01  COMPANY-DETAILS.
           05  SEGMENT-ID           PIC X(1).
           05  COMPANY-ID           PIC X(4).
           05  STATIC-DETAILS.
               10  COMPANY-NAME     PIC X(8).
               10  TAXPAYER         PIC 9(4).
           05  CONTACTS REDEFINES STATIC-DETAILS.
               10  PHONE            PIC X(6).
               10  PERSON           PIC X(6).
