#!/usr/bin/env python3
"""Writes the code page tables (*.bin), PROVENANCE.tsv and editions.tsv beside this program.

Needs uconv (ICU 72.1, package icu-devtools), java 17 and the jar of net.sf.jt400:jt400:21.0.6:

    mvn dependency:copy -Dartifact=net.sf.jt400:jt400:21.0.6 -DoutputDirectory=DIR
    python3 generate.py DIR/jt400-21.0.6.jar

Sources (D18): jt400 for what a current IBM i does, ICU for the rest, and GB18030-2022 as ICU's 2005 table with the
18 pairs that the 2022 edition exchanges. A mapping enters a table only when its source has it in both directions; the
one exception is ENCODE_ONLY. Every table is compared with a second source before anything is written, and a
difference that is not expected stops the program.

Format of a table: `FPT1`, then two lists, mappings of both directions and mappings of encoding only. A list is the
number of stretches, then for each stretch of consecutive codes: gap since the previous stretch, length, and tokens. A
token is the zigzag of (scalar - previous scalar - 1); a token 0 is followed by how many more zeros it stands for. All
numbers are LEB128. Codes: 00..FF one byte, 0100..FFFF two bytes, 10000 + n the n-th four-byte code of GB18030.
"""

import hashlib
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
FOUR = 0x10000
BMP_FOURS = 39420
ENCODE_ONLY = {0x30FB: 0x4345}
PAGES = ["37", "836", "935", "935-classic", "1388", "1388-2001", "gbk", "gbk-936", "gb18030-2005", "gb18030-2022"]
SCALARS = [s for s in range(0x40000) if not 0xD800 <= s <= 0xDFFF]

# GB18030-2022: these two-byte codes leave the private-use area; their four-byte codes take its characters over.
CHANGED_2022 = {
    0xA6D9: 0xFE10, 0xA6DA: 0xFE12, 0xA6DB: 0xFE11, 0xA6DC: 0xFE13, 0xA6DD: 0xFE14, 0xA6DE: 0xFE15, 0xA6DF: 0xFE16,
    0xA6EC: 0xFE17, 0xA6ED: 0xFE18, 0xA6F3: 0xFE19, 0xFE59: 0x9FB4, 0xFE61: 0x9FB5, 0xFE66: 0x9FB6, 0xFE67: 0x9FB7,
    0xFE6D: 0x9FB8, 0xFE7E: 0x9FB9, 0xFE90: 0x9FBA, 0xFEA0: 0x9FBB,
}
# The codes that are still private use in the 2022 edition.
PRIVATE_2022 = {0xFE51: 0xE816, 0xFE52: 0xE817, 0xFE53: 0xE818, 0xFE6C: 0xE831, 0xFE76: 0xE83B, 0xFE91: 0xE855}


def code_bytes(code):
    """The bytes of a code, without shift bytes."""
    if code >= FOUR:
        n = code - FOUR
        return bytes([0x81 + n // 12600, 0x30 + n // 1260 % 10, 0x81 + n // 10 % 126, 0x30 + n % 10])
    return bytes([code]) if code < 0x100 else bytes([code >> 8, code & 0xFF])


def bytes_code(raw):
    """The code of 1, 2 or 4 bytes."""
    if len(raw) == 4:
        return FOUR + (((raw[0] - 0x81) * 10 + raw[1] - 0x30) * 126 + raw[2] - 0x81) * 10 + raw[3] - 0x30
    return int.from_bytes(raw, "big")


def structure(kind):
    """Every code that the structure of a page of this kind allows."""
    codes = [c for c in range(256) if not (kind == "mixed" and c in (0x0E, 0x0F))]
    if kind == "mixed":
        codes += [lead << 8 | trail for lead in range(0x40, 0xFF) for trail in range(0x40, 0xFF)]
    if kind in ("gbk", "gb18030"):
        codes += [lead << 8 | trail for lead in range(0x81, 0xFF) for trail in range(0x40, 0xFF) if trail != 0x7F]
    if kind == "gb18030":
        codes += range(FOUR, FOUR + BMP_FOURS)
    return codes


def run(args, data):
    """What a program writes for this input."""
    return subprocess.run(args, input=data, stdout=subprocess.PIPE, check=True).stdout


def icu(converter, kind):
    """(decode, encode) of an ICU converter: a line for each code, a line for each scalar."""
    newline = b"\x25" if kind in ("mixed", "single") else b"\n"
    codes = [c for c in structure(kind) if code_bytes(c) != newline]
    so, si = (b"\x0e", b"\x0f") if kind == "mixed" else (b"", b"")
    data = b"".join((so + code_bytes(c) + si if c > 0xFF else code_bytes(c)) + newline for c in codes)
    text = run(["uconv", "-f", converter, "-t", "utf-8", "--from-callback", "substitute"], data).decode()
    lines = text.split("\n")
    assert len(lines) == len(codes) + 1, (converter, len(lines), len(codes))
    decode = {bytes_code(newline): 0x0A}
    # U+001A is also what ICU substitutes: it counts only for the byte that means it.
    substitute_of = 0x3F if kind in ("mixed", "single") else 0x7F if converter == "ibm-1386" else 0x1A
    for code, line in zip(codes, lines):
        if len(line) == 1 and not (line == "\ufffd" and code < FOUR) and not (line == "\x1a" and code != substitute_of):
            decode[code] = ord(line)
    scalars = [s for s in SCALARS if s != 0x0A]
    data = "".join(chr(s) + "\n" for s in scalars).encode()
    raw = run(["uconv", "-f", "utf-8", "-t", converter, "--to-callback", "skip"], data).split(newline)
    assert len(raw) == len(scalars) + 1, (converter, len(raw))
    encode = {0x0A: bytes_code(newline)}
    for scalar, item in zip(scalars, raw):
        item = item.strip(b"\x0e\x0f") if kind == "mixed" else item
        if item:
            encode[scalar] = bytes_code(item)
    return decode, encode


def java(jar):
    """{converter: (decode, encode)} from Dump.java."""
    listing = run(["java", "-cp", str(jar), str(HERE / "Dump.java")], b"").decode()
    found = {}
    for line in listing.splitlines():
        name, direction, code, scalar = line.split("\t")
        decode, encode = found.setdefault(name, ({}, {}))
        code, scalar = bytes_code(bytes.fromhex(code)), int(scalar, 16)
        if direction == "d":
            decode[code] = scalar
        elif scalar < 0x10000 or code < FOUR + BMP_FOURS:
            encode[scalar] = code
    return found


def both_ways(tables):
    """The mappings of (decode, encode) that agree."""
    decode, encode = tables
    return {c: s for c, s in decode.items() if encode.get(s) == c}


def varint(value):
    """LEB128."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def pack_list(mapping):
    """One list of a table file."""
    stretches = []
    for code in sorted(mapping):
        if stretches and stretches[-1][-1] == code - 1:
            stretches[-1].append(code)
        else:
            stretches.append([code])
    out, end, last = varint(len(stretches)), 0, 0
    for stretch in stretches:
        out += varint(stretch[0] - end) + varint(len(stretch))
        end = stretch[-1] + 1
        zeros = 0
        for code in stretch + [None]:
            step = None if code is None else mapping[code] - last - 1
            if step == 0:
                zeros += 1
            elif zeros:
                out += b"\0" + varint(zeros - 1)
                zeros = 0
            if step:
                out += varint(step * 2 if step > 0 else -step * 2 - 1)
            last = last if code is None else mapping[code]
    return out


def pack(mapping, encode_only):
    """A table file."""
    return b"FPT1" + pack_list(mapping) + pack_list({c: s for s, c in encode_only.items()})


def private(scalar):
    """Whether Unicode leaves the character to private agreement."""
    return scalar is not None and (0xE000 <= scalar <= 0xF8FF or scalar >= 0xF0000)


def compare(page, mapping, name, other, allowed):
    """Stops unless `mapping` and `other` differ only where allowed(code, ours, theirs) says so."""
    keys = [c for c in mapping.keys() | other.keys() if mapping.get(c) != other.get(c)]
    wrong = [c for c in keys if not allowed(c, mapping.get(c), other.get(c))]
    if wrong:
        listing = ", ".join(f"{c:04X}:{mapping.get(c)}/{other.get(c)}" for c in sorted(wrong)[:20])
        sys.exit(f"{page} differs from {name} in {len(wrong)} unexpected codes: {listing}")
    return f"{name}: {len(keys)} differ"


def nowhere(_code, _ours, _theirs):
    """No difference is allowed."""
    return False


def line_ends(code, _ours, _theirs):
    """The JDK takes 15 for the line feed in EBCDIC, or exchanges 15 and 25."""
    return code in (0x15, 0x25)


def only_new(_code, ours, theirs):
    """A newer table adds codes and gives private-use codes their characters."""
    return ours is not None and (theirs is None or private(theirs))


def only_old(code, ours, theirs):
    """The same, seen from the older table."""
    return only_new(code, theirs, ours)


def private_or_missing(code, ours, theirs):
    """JDK GBK has A892 as U+2641, fewer characters at FE50.., and no euro byte."""
    return code == 0xA892 or None in (ours, theirs) or private(ours) or private(theirs)


def exchanged(_code, ours, theirs):
    """The 18 pairs of GB 18030-2022."""
    return (ours in CHANGED_2022.values() and private(theirs)) or (theirs in CHANGED_2022.values() and private(ours))


def edition_2022(edition_2005):
    """GB18030-2022 from the mapping of 2005."""
    table = dict(edition_2005)
    code_of = {scalar: code for code, scalar in table.items()}
    for code, scalar in CHANGED_2022.items():
        four, moved = code_of[scalar], table[code]
        assert four >= FOUR and private(moved), (code, scalar)
        table[code], table[four] = scalar, moved
    assert all(table[code] == scalar for code, scalar in PRIVATE_2022.items())
    return table


def icu_tables():
    """The mappings of ICU that go both ways; says what is left out."""
    tables = {}
    kinds = {"ibm-37": "single", "ibm-935": "mixed", "ibm-1388": "mixed", "ibm-1386": "gbk", "windows-936": "gbk",
             "gb18030": "gb18030"}
    for name, kind in kinds.items():
        decode, encode = icu(name, kind)
        tables[name] = both_ways((decode, encode))
        one_way = [f"{c:X}>{s:X}" for c, s in decode.items() if encode.get(s) != c]
        one_way += [f"{c:X}<{s:X}" for s, c in encode.items() if decode.get(c) != s and s < 0x10000]
        print(f"{name}: {len(tables[name])} mappings, one-way and left out: {one_way or 'none'}")
    return tables


def build(jar):
    """{table: (mapping, encode only, edition, source, [(name, other mapping, what may differ)])}."""
    java_tables = {name: both_ways(tables) for name, tables in java(jar).items()}
    icu72 = icu_tables()
    ibmi = java_tables["jt400-1388"]
    assert ibmi == java_tables["jt400-935"], "935 and 1388 of the toolbox are no longer one table"
    half = {c: s for c, s in java_tables["jt400-836"].items() if c not in (0x0E, 0x0F)}
    classic_half = {c: s for c, s in icu72["ibm-935"].items() if c < 0x100}
    gbk = icu72["ibm-1386"] | {0x1A: 0x1A, 0x1C: 0x1C, 0x7F: 0x7F}
    jdk_gbk, jdk_gb18030 = java_tables["jdk-GBK"], java_tables["jdk-GB18030"]
    toolbox, from_icu = "IBM i 7.4 (jt400 21.0.6)", "(ICU 72.1)"
    return {
        "37": (java_tables["jt400-37"], {}, toolbox, "jt400 37",
               [("ICU ibm-37", icu72["ibm-37"], nowhere), ("JDK IBM037", java_tables["jdk-IBM037"], line_ends)]),
        "836": (half, {}, toolbox, "jt400 836 without 0E and 0F", [("ICU ibm-935", classic_half, nowhere)]),
        "935-1388": (ibmi, ENCODE_ONLY, toolbox, "jt400 1388, equal to jt400 935",
                     [("ICU ibm-1388", icu72["ibm-1388"], only_new)]),
        "935-classic": (icu72["ibm-935"], {}, "P110-1999 " + from_icu, "ICU ibm-935_P110-1999",
                        [("JDK x-IBM935", java_tables["jdk-x-IBM935"], line_ends)]),
        "1388-2001": (icu72["ibm-1388"], {}, "P103-2001 " + from_icu, "ICU ibm-1388_P103-2001",
                      [("jt400 1388", ibmi, only_old)]),
        "gbk": (gbk, {}, "P100-2001 with plain controls " + from_icu,
                "ICU ibm-1386_P100-2001 with 1A, 1C, 7F as themselves", [("JDK GBK", jdk_gbk, private_or_missing)]),
        "gbk-936": (icu72["windows-936"], {}, "windows-936-2000 " + from_icu, "ICU windows-936-2000",
                    [("JDK GBK", jdk_gbk, private_or_missing)]),
        "gb18030-2005": (icu72["gb18030"], {}, from_icu, "ICU gb18030", [("JDK GB18030", jdk_gb18030, exchanged)]),
        "gb18030-2022": (edition_2022(icu72["gb18030"]), {}, "(ICU 72.1 with 18 pairs exchanged)",
                         "ICU gb18030 with the 18 pairs of GB 18030-2022 exchanged",
                         [("JDK GB18030", jdk_gb18030, nowhere)]),
    }


def row_of(name, page, packed):
    """The line of a table in PROVENANCE.tsv; compares first."""
    mapping, one_way, edition, source, others = page
    notes = "; ".join(compare(name, mapping, *other) for other in others)
    sizes = [sum(low <= c < high for c in mapping) for low, high in ((0, 0x100), (0x100, FOUR), (FOUR, 1 << 21))]
    digest = hashlib.sha256(packed).hexdigest()
    privates = sum(map(private, mapping.values()))
    return "\t".join(map(str, [name, edition, digest, len(packed), *sizes, privates, len(one_way), source, notes]))


def main():
    jar = pathlib.Path(sys.argv[1])
    icu_version = run(["uconv", "--version"], b"").decode().split()[-1]
    jar_digest = hashlib.sha256(jar.read_bytes()).hexdigest()
    java_version = run(["java", "--version"], b"").decode().split()[1]
    assert icu_version == "72.1", f"the editions name ICU 72.1, this is {icu_version}"
    pages = build(jar)
    packed = {name: pack(page[0], page[1]) for name, page in pages.items()}
    rows = ["# Written by generate.py. sha256 is that of the table file; edition() quotes its first 16 digits.",
            f"# ICU {icu_version}, JDK {java_version}, {jar.name} sha256 {jar_digest}",
            "table\tedition\tsha256\tbytes\tone_byte\ttwo_byte\tfour_byte\tprivate_use\tencode_only\tsource\tcompared"]
    rows += [row_of(name, page, packed[name]) for name, page in pages.items()]
    editions = ["# Written by generate.py: page, table file, what edition() says."]
    for page in PAGES:
        name = "935-1388" if page in ("935", "1388") else page
        digest = hashlib.sha256(packed[name]).hexdigest()[:16]
        editions.append(f"{page}\t{name}.bin\t{page} {pages[name][2]} sha256:{digest}")
    editions.append("1208\t-\t1208 UTF-8 (RFC 3629)")
    for name, content in packed.items():
        (HERE / f"{name}.bin").write_bytes(content)
    (HERE / "PROVENANCE.tsv").write_text("\n".join(rows) + "\n")
    (HERE / "editions.tsv").write_text("\n".join(editions) + "\n")
    print(f"{len(packed)} tables, {sum(map(len, packed.values()))} bytes")


if __name__ == "__main__":
    main()
