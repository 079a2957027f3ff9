#!/usr/bin/env python3
"""Where GnuCOBOL puts the fields of the copybooks here: writes *.places.

For each copybook a program is made that copies it and prints, for every elementary item with a name, its place from 1
and its length; of items in tables also the place of the second occurrence of the innermost table. Names and tables are
taken from the compiler's own listing. `-std=ibm` has Enterprise COBOL's binary sizes. Run it in this folder, with
GnuCOBOL 3.1 or later installed: python3 oracle.py
"""
import os, re, subprocess, sys, tempfile

# Not here: nested.cpy (GnuCOBOL has no OCCURS DEPENDING ON within another), records.cpy (several records), and what the
# others copy. GnuCOBOL aligns COMP-2 and 8-byte items as IBM does here; what it does otherwise (pointers) is not in these copybooks.
BOOKS = ["usages", "pictures", "signs", "slack", "redefines", "tables", "depending", "oddities", "free", "copying", "headless"]
DIALECTS = {"ibm": ("places", BOOKS), "default": ("gnucobol.places", ["usages", "pictures", "signs"])}

def program(book, body):
    free = book == "free"
    pad = "" if free else "       "
    lines = ["IDENTIFICATION DIVISION.", "PROGRAM-ID. ORACLE.", "DATA DIVISION.", "WORKING-STORAGE SECTION."]
    if book == "headless":
        lines.append("01  HEADLESS.")
    lines += [f'COPY "{book}.cpy".', "01  ORACLE-P POINTER.", "01  ORACLE-N REDEFINES ORACLE-P PIC 9(18) COMP-5.",
              "01  ORACLE-BASE PIC 9(18) COMP-5.", "01  ORACLE-AT PIC 9(9).", "01  ORACLE-LENGTH PIC 9(9).", "PROCEDURE DIVISION."]
    return "\n".join(pad + line for line in lines + body + ["STOP RUN."]) + "\n"

def compile(folder, book, standard, body):
    source, binary, listing = (os.path.join(folder, n) for n in ("oracle.cob", "oracle", "oracle.lst"))
    open(source, "w", encoding="utf-8").write(program(book, body))
    form = ["-free"] if book == "free" else []
    command = ["cobc", "-x", *form, f"-std={standard}", "-I", ".", "-t", listing, "-ftsymbols", "-o", binary, source]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{book}: {done.stderr}")
    return binary, open(listing, encoding="utf-8", errors="replace").read()

def items(listing):
    """Name, level, whether it occurs, whether it is a group; and the record's name."""
    found = []
    for line in listing.splitlines():
        m = re.match(r"\d{5} (\S+)\s+(\d\d)\s{3}(\S+)(.*)", line)
        if m and m[2] != "66" and not m[3].startswith("ORACLE-"):
            found.append((m[3].upper(), int(m[2]), "OCCURS" in m[4], m[1] == "GROUP"))
    return found

def places(book, standard):
    with tempfile.TemporaryDirectory() as folder:
        _, listing = compile(folder, book, standard, [])
        body, around, record = [], [], None
        for name, level, occurs, group in items(listing):
            record = record or name
            while around and around[-1] >= level:
                around.pop()
            if occurs:
                around.append(level)
            if group or name == "FILLER":
                continue
            for last in ("1", "2")[: 2 if around else 1]:
                subscripts = ["1"] * len(around)
                if around:
                    subscripts[-1] = last
                shown = f"({','.join(subscripts)})" if around else ""
                item = name + (f" ({' '.join(subscripts)})" if around else "")
                body += [f"SET ORACLE-P TO ADDRESS OF {record}", "MOVE ORACLE-N TO ORACLE-BASE",
                         f"SET ORACLE-P TO ADDRESS OF", f"    {item}", "COMPUTE ORACLE-AT = ORACLE-N - ORACLE-BASE + 1",
                         f"COMPUTE ORACLE-LENGTH = LENGTH OF", f"    {item}",
                         f'DISPLAY "{name}{shown} " ORACLE-AT " " ORACLE-LENGTH']
        body += [f"COMPUTE ORACLE-LENGTH = LENGTH OF {record}", 'DISPLAY "* 1 " ORACLE-LENGTH']
        binary, _ = compile(folder, book, standard, body)
        out = subprocess.run([binary], capture_output=True, text=True, check=True).stdout
        return [(n, int(at), int(length)) for n, at, length in (line.split() for line in out.splitlines())]

version = subprocess.run(["cobc", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
for standard, (ending, books) in DIALECTS.items():
    for book in books:
        with open(f"{book}.{ending}", "w", encoding="utf-8") as out:
            out.write(f"# {version}, -std={standard}: name, place from 1, bytes; * is the record\n")
            out.writelines(f"{name} {at} {length}\n" for name, at, length in places(book, standard))
