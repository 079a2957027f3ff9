*> Numbers as Micro Focus COBOL writes them on a PC.
01 Numbers.
   03 Shown     pic --,--9.99.
   03 One       pic x.
   03 Small     pic s99 comp.
   03 Middle    pic s9(7)v99 comp sync.
   03 Own       pic s9(4) comp-5 sync.
   03 Signed    pic s9(3)v9.
   03 Apart     pic s9(3) sign trailing separate.
