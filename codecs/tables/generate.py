#!/usr/bin/env python3
"""Writes the code page tables (*.bin), PROVENANCE.tsv and ../src/text/list.rs from pages.tsv.

Needs uconv (ICU 72.1, package icu-devtools), java 17 and the jar of net.sf.jt400:jt400:21.0.6:

    mvn dependency:copy -Dartifact=net.sf.jt400:jt400:21.0.6 -DoutputDirectory=DIR
    python3 generate.py DIR/jt400-21.0.6.jar

Sources (D18): jt400 for what a current IBM i does, ICU for the rest, the JDK for its own GBK, and GB18030-2022 as ICU's
2005 table with the 18 pairs that the 2022 edition exchanges. A mapping enters a table only when its source has it in
both directions; the one exception is ENCODE_ONLY. tests/oracle.rs compares every table with every converter.

Where a bare CCSID does not follow jt400, its source column says so, for these reasons: 420, jt400 gives the base letter
of a shaped form and cannot write it back; 1132, jt400 has the letter k for the kip sign; 937 and 1371, jt400 takes 37
and 1140 for the single-byte half, whose Latin letters hide nine double-byte ones; 1390, jt400 has none, its halves are
those of jt400's 1399 and 930.
"""

import hashlib
import pathlib
import sys

from converters import FOUR, both_ways, icu, java, run
from pack import digest, pool

HERE = pathlib.Path(__file__).parent
ENCODE_ONLY = {"935": {0x30FB: 0x4345}, "1388": {0x30FB: 0x4345}}
POOLS = {"single": "single", "mixed": "ebcdic", "gbk": "ascii", "gb18030": "ascii", "big5": "ascii"}
PLAIN_CONTROLS = {0x1A: (0x1A,), 0x1C: (0x1C,), 0x7F: (0x7F,)}

# GB18030-2022: these two-byte codes leave the private-use area; their four-byte codes take its characters over.
CHANGED_2022 = {
    0xA6D9: 0xFE10, 0xA6DA: 0xFE12, 0xA6DB: 0xFE11, 0xA6DC: 0xFE13, 0xA6DD: 0xFE14, 0xA6DE: 0xFE15, 0xA6DF: 0xFE16,
    0xA6EC: 0xFE17, 0xA6ED: 0xFE18, 0xA6F3: 0xFE19, 0xFE59: 0x9FB4, 0xFE61: 0x9FB5, 0xFE66: 0x9FB6, 0xFE67: 0x9FB7,
    0xFE6D: 0x9FB8, 0xFE7E: 0x9FB9, 0xFE90: 0x9FBA, 0xFEA0: 0x9FBB,
}
# The codes that are still private use in the 2022 edition.
PRIVATE_2022 = {0xFE51: 0xE816, 0xFE52: 0xE817, 0xFE53: 0xE818, 0xFE6C: 0xE831, 0xFE76: 0xE83B, 0xFE91: 0xE855}


class Page:
    """A line of pages.tsv, and the mapping that is found for it."""

    def __init__(self, line):
        (self.variant, self.name, self.ccsid, self.structure, also, self.source, self.edition,
         self.title) = line.split("\t")
        self.also = [] if also == "-" else also.split(",")
        self.pool = POOLS.get(self.structure)
        self.converter = self.source.split(" ")[0]
        self.mapping, self.encode_only = {}, ENCODE_ONLY.get(self.name, {})

    def full_edition(self):
        """What Page::edition() says."""
        told = f"{self.name} {self.edition}"
        return f"{told} sha256:{self.digest()[:16]}" if self.pool else told

    def digest(self):
        """The digest of the mapping."""
        return digest(self.mapping, self.encode_only)


def private(scalar):
    """Whether Unicode leaves the character to private agreement."""
    return 0xE000 <= scalar <= 0xF8FF or scalar >= 0xF0000


def edition_2022(edition_2005):
    """GB18030-2022 from the mapping of 2005."""
    table = dict(edition_2005)
    code_of = {text[0]: code for code, text in table.items()}
    for code, scalar in CHANGED_2022.items():
        four, moved = code_of[scalar], table[code]
        assert four >= FOUR and private(moved[0]), (code, scalar)
        table[code], table[four] = (scalar,), moved
    assert all(table[code] == (scalar,) for code, scalar in PRIVATE_2022.items())
    return table


def half(mapping, double):
    """The double-byte or the single-byte half of a mapping, shifts left out."""
    return {c: t for c, t in mapping.items() if (c > 0xFF) == double and c not in (0x0E, 0x0F)}


def double_1371(tables, icu_1371):
    """The double-byte half of jt400's 1371, with the codes that its single-byte half hides."""
    decode, _ = tables
    hidden = {c: t for c, t in half(icu_1371, True).items() if decode.get(c) == t}
    mapping = half(both_ways(tables), True)
    known = set(mapping.values())
    return mapping | {c: t for c, t in hidden.items() if t not in known}


def fill(pages, jar):
    """Finds the mapping of every page."""
    known = {"jt400-1371": "mixed"}
    known |= {page.converter: page.structure for page in pages if page.converter.startswith(("jt400-", "jdk-"))}
    raw = java(jar, known.items())
    found = {name: both_ways(tables) for name, tables in raw.items()}
    for page in pages:
        if page.converter.startswith("icu-") and page.converter not in found:
            structure = "mixed" if "half" in page.source else page.structure
            found[page.converter] = both_ways(icu(page.converter[4:], structure))
    assert found["jt400-935"] == found["jt400-1388"], "935 and 1388 of the toolbox are no longer one table"
    for page in pages:
        mapping = found.get(page.converter, {})
        match page.source.split(" ", 1)[1:]:
            case []:
                page.mapping = mapping
            case ["without shifts" | "single half"]:
                page.mapping = half(mapping, False)
            case ["with plain controls"]:
                page.mapping = mapping | PLAIN_CONTROLS
            case ["double half with 8482"]:
                page.mapping = half(mapping, True) | half(found["icu-ibm-8482"], False)
            case ["double half with 1159"]:
                other = found["icu-ibm-1371"]
                page.mapping = double_1371(raw["jt400-1371"], other) | half(other, False)
            case ["with the 18 pairs of GB 18030-2022 exchanged"]:
                page.mapping = edition_2022(mapping)
            case unknown:
                sys.exit(f"{page.name}: unknown source {unknown}")
        assert len(set(page.mapping.values())) == len(page.mapping), f"{page.name} has a character twice"


def provenance(page):
    """The line of a table in PROVENANCE.tsv."""
    sizes = [sum(low <= c < high for c in page.mapping) for low, high in ((0, 0x100), (0x100, FOUR), (FOUR, 1 << 21))]
    privates = sum(len(text) == 1 and private(text[0]) for text in page.mapping.values())
    sequences = sum(len(text) > 1 for text in page.mapping.values())
    columns = [page.name, f"{page.pool}.bin", page.edition, page.digest(), *sizes, privates, sequences,
               len(page.encode_only), page.source]
    return "\t".join(map(str, columns))


RUST = """//! The list of all code pages. Written by `tables/generate.py` from `tables/pages.tsv`; do not edit.
//!
//! A page is told by variant, name, CCSID (0: none), structure, pool and place of its table, other names and CCSIDs,
//! edition, and title.

use crate::text::structure::{Pool, Structure};

/// What the list tells about a page.
pub(super) struct Told {
    pub(super) name: &'static str,
    pub(super) ccsid: u16,
    pub(super) structure: Structure,
    pub(super) pool: Pool,
    pub(super) place: usize,
    pub(super) also: &'static [&'static str],
    pub(super) edition: &'static str,
    pub(super) title: &'static str,
}

macro_rules! pages {
    ($($variant:ident = $name:literal, $ccsid:literal, $structure:ident, $pool:ident $place:literal, [$($also:literal),*],
        $edition:literal, $title:literal;)*) => {
        /// A code page by the name used in configuration and lineage (D18).
        ///
        /// A closed set is an enum: the decode plan dispatches on it once a field, never through a trait object.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Page {
            $(#[doc = concat!("`", $name, "`: ", $title, ".")] $variant,)*
        }

        impl Page {
            /// Every page, in the order of the reference.
            pub const ALL: &'static [Page] = &[$(Page::$variant),*];
        }

        /// What is told about the pages, in their order.
        pub(super) static TOLD: &[Told] = &[$(Told {
            name: $name,
            ccsid: $ccsid,
            structure: Structure::$structure,
            pool: Pool::$pool,
            place: $place,
            also: &[$($also),*],
            edition: $edition,
            title: $title,
        }),*];
    };
}

pages! {
"""


def rust(pages):
    """The list of pages as Rust source."""
    lines, places = [], {}
    for page in pages:
        place = places.get(page.pool, 0)
        places[page.pool] = place + 1
        pool_name = (page.pool or "nothing").capitalize()
        also = ", ".join(f'"{name}"' for name in page.also)
        lines += [
            f'    {page.variant} = "{page.name}", {page.ccsid}, {page.structure.capitalize()}, {pool_name} {place}, [{also}],',
            f'        "{page.full_edition()}",',
            f'        "{page.title}";',
        ]
    return RUST + "\n".join(lines + ["}"]) + "\n"


def main():
    jar = pathlib.Path(sys.argv[1])
    icu_version = run(["uconv", "--version"], b"").decode().split()[-1]
    jar_digest = hashlib.sha256(jar.read_bytes()).hexdigest()
    java_version = run(["java", "--version"], b"").decode().split()[1]
    assert icu_version == "72.1", f"the editions name ICU 72.1, this is {icu_version}"
    listing = (HERE / "pages.tsv").read_text().splitlines()
    pages = [Page(line) for line in listing if not line.startswith(("#", "variant"))]
    fill(pages, jar)
    rows = ["# Written by generate.py. sha256 is that of the mapping, in the form that pack.py describes; edition() quotes",
            "# its first 16 digits. Before `source`: mappings of one, two, four bytes; to private use; to several",
            "# characters; of encoding only.",
            f"# ICU {icu_version}, JDK {java_version}, {jar.name} sha256 {jar_digest}",
            "table\tfile\tedition\tsha256\tone_byte\ttwo_byte\tfour_byte\tprivate_use\tsequences\tencode_only\tsource"]
    rows += [provenance(page) for page in pages if page.pool]
    for name in dict.fromkeys(POOLS.values()):
        content = pool([page for page in pages if page.pool == name])
        (HERE / f"{name}.bin").write_bytes(content)
        print(f"{name}.bin: {len(content)} bytes")
    (HERE / "PROVENANCE.tsv").write_text("\n".join(rows) + "\n")
    (HERE.parent / "src/text/list.rs").write_text(rust(pages))


if __name__ == "__main__":
    main()
