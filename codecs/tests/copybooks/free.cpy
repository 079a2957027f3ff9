*> Free form: text from column 1, and lines longer than 72 characters.
01 free-record.
  05 f-one pic x(3).   *> the first
  05 f-two.
    10 f-three pic s9(5) comp-3.
    10 f-four occurs 3 times.
      15 f-five pic s9(9) binary.   *> a comment that goes on and on and on beyond column eighty
      15 f-six pic x(2) value "a long value that is cut when it is stored, and not at column 72".
  05 f-end pic x.
