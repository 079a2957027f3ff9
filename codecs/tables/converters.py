"""What other converters do: ICU through uconv, IBM's toolbox (jt400) and the JDK through Dump.java.

A converter is a pair (decode, encode): code to text, text to code, where a text is a tuple of scalars. Codes are
numbers: 00..FF one byte, 0100..FFFF two bytes, 10000 + n the n-th four-byte code of GB18030; shift bytes are no part of
them. What a converter replaces or refuses is not in the dictionaries.
"""

import pathlib
import subprocess

HERE = pathlib.Path(__file__).parent
FOUR = 0x10000
BMP_FOURS = 39420
EBCDIC = ("single", "mixed")


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


def structure_codes(structure):
    """Every code that the structure of a page allows."""
    singles = range(256) if structure in EBCDIC else [*range(0x81), 0xFF]
    codes = [c for c in singles if not (structure == "mixed" and c in (0x0E, 0x0F))]
    if structure == "mixed":
        codes += [lead << 8 | trail for lead in range(0x40, 0xFF) for trail in range(0x40, 0xFF)]
    if structure in ("gbk", "gb18030", "big5"):
        codes += [lead << 8 | trail for lead in range(0x81, 0xFF) for trail in range(0x40, 0xFF) if trail != 0x7F]
    if structure == "gb18030":
        codes += range(FOUR, FOUR + BMP_FOURS)
    return codes


def run(args, data):
    """What a program writes for this input."""
    return subprocess.run(args, input=data, stdout=subprocess.PIPE, check=True).stdout


def icu(name, structure):
    """(decode, encode) of an ICU converter: a line for each code, a line for each text."""
    newline = run(["uconv", "-f", "utf-8", "-t", name], b"\n")
    codes = [c for c in structure_codes(structure) if code_bytes(c) != newline]
    so, si = (b"\x0e", b"\x0f") if structure == "mixed" else (b"", b"")
    data = b"".join((so + code_bytes(c) + si if c > 0xFF else code_bytes(c)) + newline for c in codes)
    if structure == "single":
        codes, data = range(256), bytes(range(256))
    text = run(["uconv", "-f", name, "-t", "utf-8", "--from-callback", "substitute"], data).decode()
    lines = [*text, ""] if structure == "single" else text.split("\n")
    assert len(lines) == len(codes) + 1, (name, len(lines), len(codes))
    decode = {bytes_code(newline): (0x0A,)}
    # U+001A is also what ICU substitutes: it counts only for the byte that means it.
    substitute_of = 0x3F if structure in EBCDIC else 0x7F if name == "ibm-1386" else 0x1A
    for code, line in zip(codes, lines):
        replaced = "\ufffd" in line and code < FOUR or line == "\x1a" and code != substitute_of
        apart = len(line) > 1 and structure != "mixed"
        if line and not replaced and not apart:
            decode[code] = tuple(map(ord, line))
    top = 0x10000 if structure == "single" else 0x40000
    texts = [(s,) for s in range(top) if s != 0x0A and not 0xD800 <= s <= 0xDFFF]
    texts += [text for text in decode.values() if len(text) > 1]
    data = "".join("".join(map(chr, text)) + "\n" for text in texts).encode()
    raw = run(["uconv", "-f", "utf-8", "-t", name, "--to-callback", "skip"], data).split(newline)
    assert len(raw) == len(texts) + 1, (name, len(raw))
    encode = {(0x0A,): bytes_code(newline)}
    for text, item in zip(texts, raw):
        item = item.strip(b"\x0e\x0f") if structure == "mixed" else item
        if item and len(item) <= (2 if structure == "mixed" else 4):
            encode[text] = bytes_code(item)
    return decode, encode


def java(jar, wanted):
    """{converter: (decode, encode)} from Dump.java for [(converter, structure)]."""
    args = [f"{name}:{structure}" for name, structure in wanted]
    listing = run(["java", "-cp", str(jar), str(HERE / "Dump.java"), *args], b"").decode()
    found = {}
    for line in listing.splitlines():
        name, direction, code, scalars = line.split("\t")
        decode, encode = found.setdefault(name, ({}, {}))
        code, text = bytes_code(bytes.fromhex(code)), tuple(int(s, 16) for s in scalars.split("+"))
        if direction == "d":
            decode[code] = text
        elif text[0] < 0x10000 or code < FOUR + BMP_FOURS:
            encode[text] = code
    return found


def both_ways(tables):
    """The mappings of (decode, encode) that agree."""
    decode, encode = tables
    return {code: text for code, text in decode.items() if encode.get(text) == code}
