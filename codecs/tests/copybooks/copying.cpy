       01  COPYING.
           05  BUYER.
           COPY member REPLACING ==:TAG:== BY ==BUYER==
                                 ==:DIGITS:== BY ==7==
                                 OLD-CODE BY BUYER-CODE.
           05  SELLER.
           COPY member REPLACING ==:TAG:== BY ==SELLER==
                                 ==:DIGITS:== BY ==9==
                                 LEADING ==OLD== BY ==SELLER==.
           05  C-END                   PIC X.
