"""The table files, used in place by ../src/text/table.rs, and the digest of a mapping.

A file holds the tables of several pages and shares equal parts among them. All numbers are little-endian.

    FPT2, then u32: pages, singles, leads, rows, beyond, seconds, index, blocks, sequences, fours (how many of each)
    directory  pages of 8 u32: single, lead, first and number of index, of sequences, of fours
    singles    u16 for each byte: its character, FFFF for none
    ascii      for each single a byte for each byte: its ASCII character, 80 for none
    leads      u16 for each lead byte: the row of its codes; row 0 has no code
    rows       u16 for each trail byte 40..FF: its character, 0 for none; D800 + n: the n-th of `beyond` from the base
    bases      u16 for each row
    beyond     u32: a character beyond FFFF, or the first of two and the place of the second in the upper eight bits
    seconds    u16: the second characters, from place 1 on
    index      u16 for each 64 characters from 0 on: their block; block 0 has no character
    blocks     u16 for each of 64 characters: its code, 0 for none (U+0000 is always 00)
    sequences  u32 for two characters as in `beyond`, u32 for their code, sorted
    fours      stretches of GB18030's four-byte codes: number of the first code, its character, length, u16 each; all
               sorted by number, then all again sorted by character

Encode-only characters are in the blocks, and their codes in the rows are other characters.
"""

import hashlib
import struct

FOUR = 0x10000
NONE = 0xFFFF
BLOCK = 64
FIRST_TRAIL = 0x40
SURROGATE = 0xD800


def varint(value):
    """LEB128."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def listing(mapping):
    """A mapping of codes to scalars in one form only, for the digest.

    Number of stretches; for each stretch of consecutive codes its gap from the one before, its length, and tokens. A
    token is the zigzag of (scalar - previous scalar - 1); a token 0 is followed by how many more zeros it stands for.
    All numbers are LEB128.
    """
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


def digest(mapping, encode_only):
    """SHA-256 of FPT1 and two listings: of both directions, of encoding only.

    Where codes stand for two characters, two more listings follow: of the first ones, of the second ones.
    """
    content = b"FPT1" + listing({c: t[0] for c, t in mapping.items() if len(t) == 1})
    content += listing({c: s for s, c in encode_only.items()})
    pairs = {c: t for c, t in mapping.items() if len(t) == 2}
    if pairs:
        content += listing({c: t[0] for c, t in pairs.items()}) + listing({c: t[1] for c, t in pairs.items()})
    return hashlib.sha256(content).hexdigest()


class Shared:
    """Parts that are kept once."""

    def __init__(self, *parts):
        self.parts, self.places = [], {}
        for part in parts:
            self.place(part)

    def place(self, part):
        """The number of a part."""
        if part not in self.places:
            self.places[part] = len(self.parts)
            self.parts.append(part)
        return self.places[part]


def words(values):
    """u16 each."""
    return struct.pack(f"<{len(values)}H", *values)


class Pool:
    """One file that is being made."""

    def __init__(self):
        self.singles = Shared()
        self.leads = Shared((0,) * 256)
        self.rows = Shared(((0,) * 192, ()))
        self.blocks = Shared((0,) * BLOCK)
        self.seconds = Shared(0)
        self.index, self.sequences, self.fours, self.directory = [], [], [], []

    def pair(self, text):
        """One or two characters as one number."""
        return text[0] | (self.seconds.place(text[1]) << 24 if len(text) > 1 else 0)

    def row(self, mapping, lead):
        """The row of a lead byte, and the characters that are more than 16 bits."""
        row, beyond = [], []
        for trail in range(FIRST_TRAIL, 0x100):
            text = mapping.get(lead << 8 | trail, (0,))
            if len(text) == 1 and text[0] < FOUR:
                row.append(text[0])
            else:
                row.append(SURROGATE + len(beyond))
                beyond.append(self.pair(text))
        return tuple(row), tuple(beyond)

    def add(self, page):
        """Adds a page."""
        mapping = page.mapping
        single = self.singles.place(tuple(mapping.get(code, (NONE,))[0] for code in range(256)))
        lead = self.leads.place(tuple(self.rows.place(self.row(mapping, lead)) for lead in range(256)))
        codes = {text[0]: code for code, text in mapping.items() if len(text) == 1 and code < FOUR} | page.encode_only
        assert codes[0] == 0, page.name
        assert max((len(text) for text in mapping.values())) <= 2, page.name
        index = [
            self.blocks.place(tuple(codes.get(scalar, 0) for scalar in range(start, start + BLOCK)))
            for start in range(0, max(codes) + 1, BLOCK)
        ]
        sequences = sorted((self.pair(text), code) for code, text in mapping.items() if len(text) == 2)
        fours = []
        for code in sorted(c for c in mapping if c >= FOUR):
            number, scalar = code - FOUR, mapping[code][0]
            if fours and fours[-1][0] + fours[-1][2] == number and fours[-1][1] + fours[-1][2] == scalar:
                fours[-1][2] += 1
            else:
                fours.append([number, scalar, 1])
        self.directory.append((single, lead, len(self.index), len(index), len(self.sequences), len(sequences),
                               len(self.fours), len(fours)))
        self.index += index
        self.sequences += sequences
        self.fours += fours + sorted(fours, key=lambda stretch: stretch[1])

    def content(self):
        """The file."""
        beyond, bases = [], []
        for _, extra in self.rows.parts:
            bases.append(len(beyond) if extra else 0)
            beyond += extra
        ascii_of = lambda single: bytes(scalar if scalar < 0x80 else 0x80 for scalar in single)
        counts = (len(self.directory), len(self.singles.parts), len(self.leads.parts), len(self.rows.parts), len(beyond),
                  len(self.seconds.parts), len(self.index), len(self.blocks.parts), len(self.sequences), len(self.fours))
        parts = [b"FPT2", struct.pack("<10I", *counts)]
        parts += [struct.pack("<8I", *entry) for entry in self.directory]
        parts += map(words, self.singles.parts)
        parts += map(ascii_of, self.singles.parts)
        parts += map(words, self.leads.parts)
        parts += [words(row) for row, _ in self.rows.parts]
        parts += [words(bases), struct.pack(f"<{len(beyond)}I", *beyond)]
        parts += [words(self.seconds.parts), words(self.index)]
        parts += map(words, self.blocks.parts)
        parts += [struct.pack("<2I", *entry) for entry in self.sequences]
        parts += [words(entry) for entry in self.fours]
        return b"".join(parts)


def pool(pages):
    """The file of these pages."""
    made = Pool()
    for page in pages:
        made.add(page)
    return made.content()
