#!/usr/bin/env python3
"""Writes the code page tables (*.bin) and PROVENANCE.tsv and editions.tsv beside this program.

Needs uconv (ICU 72.1, package icu-devtools), java 17 and the jar of net.sf.jt400:jt400:21.0.6:

    mvn dependency:copy -Dartifact=net.sf.jt400:jt400:21.0.6 -DoutputDirectory=DIR
    python3 generate.py DIR/jt400-21.0.6.jar

Sources (D18): jt400 for what a current IBM i does, ICU for the rest, and GB18030-2022 as ICU's 2005 table with the
18 pairs that the 2022 edition exchanges. A mapping enters a table only when its source has it in both directions; the
one exception is ENCODE_ONLY. Every table is compared with a second source before anything is written, and a
difference that is not in EXPECTED stops the program.

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
    return subprocess.run(args, input=data, capture_output=True, check=False).stdout


def icu(converter, kind):
    """(decode, encode) of an ICU converter: a line for each code, a line for each scalar."""
    newline = b"\x25" if kind in ("mixed", "single") else b"\n"
    codes = [c for c in structure(kind) if code_bytes(c) != newline]
    shift = (lambda c: b"\x0e" + code_bytes(c) + b"\x0f") if kind == "mixed" else code_bytes
    data = b"".join((shift(c) if c > 0xFF else code_bytes(c)) + newline for c in codes)
    text = run(["uconv", "-f", converter, "-t", "utf-8", "--from-callback", "substitute"], data).decode()
    lines = text.split("\n")
    assert len(lines) == len(codes) + 1, (converter, len(lines), len(codes))
    decode = {bytes_code(newline): 0x0A}
    substitute_of = 0x3F if kind in ("mixed", "single") else 0x1A
    if converter == "ibm-1386":
        substitute_of = 0x7F
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
    decode, encode = tables
    return {c: s for c, s in decode.items() if encode.get(s) == c}


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def pack_list(mapping):
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
    return b"FPT1" + pack_list(mapping) + pack_list({c: s for s, c in encode_only.items()})


def private(scalar):
    return 0xE000 <= scalar <= 0xF8FF or scalar >= 0xF0000


def compare(page, mapping, name, other, expected):
    """Stops unless `mapping` and `other` differ in exactly `expected` codes (a set, or a test of code and scalars)."""
    keys = [c for c in mapping.keys() | other.keys() if mapping.get(c) != other.get(c)]
    wrong = [c for c in keys if not expected(c, mapping.get(c), other.get(c))]
    if wrong:
        listing = ", ".join(f"{c:04X}:{mapping.get(c)}/{other.get(c)}" for c in sorted(wrong)[:20])
        sys.exit(f"{page} differs from {name} in {len(wrong)} unexpected codes: {listing}")
    return f"{name}: {len(keys)} differ"


def build(jar):
    """{page file: (mapping, encode only, edition, source, comparisons)}."""
    jvm = java(jar)
    single = icu("ibm-37", "single")
    classic, of2001 = icu("ibm-935", "mixed"), icu("ibm-1388", "mixed")
    pc, windows, gb2005 = icu("ibm-1386", "gbk"), icu("windows-936", "gbk"), icu("gb18030", "gb18030")
    none = lambda c, a, b: False

    ibmi = both_ways(jvm["jt400-1388"])
    assert ibmi == both_ways(jvm["jt400-935"]), "935 and 1388 of the toolbox are no longer one table"
    half = {c: s for c, s in both_ways(jvm["jt400-836"]).items() if c not in (0x0E, 0x0F)}
    gbk = both_ways(pc) | {0x1A: 0x1A, 0x1C: 0x1C, 0x7F: 0x7F}
    gb2022 = dict(both_ways(gb2005))
    old = {s: c for c, s in gb2022.items()}
    for code, scalar in CHANGED_2022.items():
        four, moved = old[scalar], gb2022[code]
        assert four >= FOUR and private(moved), (code, scalar)
        gb2022[code], gb2022[four] = scalar, moved
    assert all(gb2022[c] == s for c, s in PRIVATE_2022.items())

    jdk = {n: both_ways(t) for n, t in jvm.items()}
    icu72 = lambda name: f"ICU 72.1 {name}"
    pages = {
        "37": (jdk["jt400-37"], {}, "IBM i 7.4 (jt400 21.0.6)", "jt400 21.0.6 ConvTable37",
               [("ICU ibm-37", both_ways(single), none), ("JDK IBM037", jdk["jdk-IBM037"], lambda c, a, b: c in (0x15, 0x25))]),
        "836": (half, {}, "IBM i 7.4 (jt400 21.0.6)", "jt400 21.0.6 ConvTable836 without 0E and 0F",
                [("ICU ibm-935", {c: s for c, s in both_ways(classic).items() if c < 256}, none)]),
        "935-1388": (ibmi, ENCODE_ONLY, "IBM i 7.4 (jt400 21.0.6)", "jt400 21.0.6 ConvTable1388 = ConvTable935",
                     [("ICU ibm-1388", both_ways(of2001),
                       lambda c, a, b: b is None or private(b))]),
        "935-classic": (both_ways(classic), {}, "P110-1999 (ICU 72.1)", icu72("ibm-935_P110-1999"),
                        [("JDK x-IBM935", jdk["jdk-x-IBM935"], lambda c, a, b: c in (0x15, 0x25))]),
        "1388-2001": (both_ways(of2001), {}, "P103-2001 (ICU 72.1)", icu72("ibm-1388_P103-2001"),
                      [("jt400 1388", ibmi, lambda c, a, b: a is None or private(a))]),
        "gbk": (gbk, {}, "P100-2001, plain controls (ICU 72.1)", icu72("ibm-1386_P100-2001 with 1A, 1C, 7F as themselves"),
                [("JDK GBK", jdk["jdk-GBK"], lambda c, a, b: c == 0xA892 or private(a or 0) or private(b or 0) or a is None or b is None)]),
        "gbk-936": (both_ways(windows), {}, "windows-936-2000 (ICU 72.1)", icu72("windows-936-2000"),
                    [("JDK GBK", jdk["jdk-GBK"], lambda c, a, b: c in (0x80, 0xFF, 0xA892) or private(a or 0) or private(b or 0) or a is None or b is None)]),
        "gb18030-2005": (both_ways(gb2005), {}, "(ICU 72.1)", icu72("gb18030"),
                         [("JDK GB18030", jdk["jdk-GB18030"], lambda c, a, b: c in CHANGED_2022 or a in CHANGED_2022.values() or b in CHANGED_2022.values() or b == a or private(b or 0))]),
        "gb18030-2022": (gb2022, {}, "(ICU 72.1, 18 pairs exchanged)",
                         icu72("gb18030 with the 18 pairs of GB 18030-2022 exchanged"),
                         [("JDK GB18030", jdk["jdk-GB18030"], none)]),
    }
    for name, tables in {"ibm-37": single, "ibm-935": classic, "ibm-1388": of2001, "ibm-1386": pc,
                         "windows-936": windows, "gb18030": gb2005}.items():
        decode, encode = tables
        ways = [(f"{c:X}", f"{s:X}") for c, s in decode.items() if encode.get(s) != c]
        back = [(f"{s:X}", f"{c:X}") for s, c in encode.items() if decode.get(c) != s and s < 0x10000]
        print(f"{name}: left out {len(ways)} of decoding only {ways[:8]}, {len(back)} of encoding only {back[:8]}")
    return pages


def main():
    pages = build(pathlib.Path(sys.argv[1]))
    rows = ["# Written by generate.py. sha256 is that of the table file; edition() quotes its first 16 digits.",
            "table\tedition\tsha256\tbytes\tone_byte\ttwo_byte\tfour_byte\tprivate_use\tencode_only\tsource\tcompared"]
    total, digests = 0, {}
    for name, (mapping, one_way, edition, source, others) in pages.items():
        notes = "; ".join(compare(name, mapping, n, t, e) for n, t, e in others)
        packed = pack(mapping, one_way)
        (HERE / f"{name}.bin").write_bytes(packed)
        total += len(packed)
        count = lambda low, high: sum(low <= c < high for c in mapping)
        rows.append("\t".join(map(str, (
            name, edition, hashlib.sha256(packed).hexdigest(), len(packed), count(0, 0x100), count(0x100, FOUR),
            count(FOUR, 1 << 21), sum(map(private, mapping.values())), len(one_way), source, notes))))
        digests[name] = (edition, hashlib.sha256(packed).hexdigest()[:16])
    (HERE / "PROVENANCE.tsv").write_text("\n".join(rows) + "\n")
    editions = ["# Written by generate.py: page, table file, what edition() says."]
    for page in ("37", "836", "935", "935-classic", "1388", "1388-2001", "gbk", "gbk-936", "gb18030-2005", "gb18030-2022"):
        name = "935-1388" if page in ("935", "1388") else page
        edition, digest = digests[name]
        editions.append(f"{page}\t{name}.bin\t{page} {edition} sha256:{digest}")
    editions.append("1208\t-\t1208 UTF-8 (RFC 3629)")
    (HERE / "editions.tsv").write_text("\n".join(editions) + "\n")
    print(f"{len(pages)} tables, {total} bytes")


if __name__ == "__main__":
    main()
