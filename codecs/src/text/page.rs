//! The code pages by name, CCSID and edition.
//!
//! A page is one fixed table: two editions of "the same" CCSID are two pages, so that lineage and the frozen plan can
//! say which one was used (D18). What the names mean is told by [`Page`]; the tables themselves are in
//! [`crate::text::table`]. Nothing here guesses a page from data.

/// A code page by the name used in configuration and lineage (D18).
///
/// A closed set is an enum: the decode plan dispatches on it once a field, never through a trait object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Page {
    /// `37`: EBCDIC Latin-1, US.
    Cp37,
    /// `836`: the single-byte half of 935 and 1388.
    Cp836,
    /// `935` as a current IBM i has it (the superset; 4345 is U+00B7).
    Cp935,
    /// `935-classic`: the 1999 table of ICU, glibc and Java.
    Cp935Classic,
    /// `1388` as a current IBM i has it.
    Cp1388,
    /// `1388-2001`.
    Cp1388Of2001,
    /// `gbk`: ICU's 1386 with ordinary controls.
    Gbk,
    /// `gbk-936`: windows-936.
    Gbk936,
    /// `gb18030-2005`.
    Gb18030Of2005,
    /// `gb18030-2022`.
    Gb18030Of2022,
    /// `1208`: UTF-8.
    Utf8,
}

/// Written by the table generator: page, table file, edition.
const EDITIONS: &str = include_str!("../../tables/editions.tsv");

impl Page {
    /// Every page, in the order of the reference.
    pub const ALL: &'static [Page] = &[
        Page::Cp37,
        Page::Cp836,
        Page::Cp935,
        Page::Cp935Classic,
        Page::Cp1388,
        Page::Cp1388Of2001,
        Page::Gbk,
        Page::Gbk936,
        Page::Gb18030Of2005,
        Page::Gb18030Of2022,
        Page::Utf8,
    ];

    /// The page of a configured name or alias; letters in either case.
    pub fn parse(name: &str) -> Option<Page> {
        let lower = name.to_ascii_lowercase();
        let alias = match lower.as_str() {
            "1386" => "gbk",
            "936" => "gbk-936",
            "gb18030" | "54936" => "gb18030-2022",
            "utf-8" => "1208",
            other => other,
        };
        Page::ALL.iter().copied().find(|page| page.name() == alias)
    }

    /// The page of a CCSID as DDS and file attributes give it.
    ///
    /// The halves of a mixed page (837, 4933, 13124) give a page whose table holds them, because a graphic field is
    /// tagged with its double-byte half.
    pub fn from_ccsid(ccsid: u32) -> Option<Page> {
        match ccsid {
            37 => Some(Page::Cp37),
            836 | 13124 => Some(Page::Cp836),
            935 | 837 => Some(Page::Cp935),
            1388 | 9580 | 4933 => Some(Page::Cp1388),
            1386 => Some(Page::Gbk),
            936 => Some(Page::Gbk936),
            54936 | 5488 | 1392 => Some(Page::Gb18030Of2022),
            1208 => Some(Page::Utf8),
            _ => None,
        }
    }

    /// The name for configuration and lineage.
    pub fn name(self) -> &'static str {
        match self {
            Page::Cp37 => "37",
            Page::Cp836 => "836",
            Page::Cp935 => "935",
            Page::Cp935Classic => "935-classic",
            Page::Cp1388 => "1388",
            Page::Cp1388Of2001 => "1388-2001",
            Page::Gbk => "gbk",
            Page::Gbk936 => "gbk-936",
            Page::Gb18030Of2005 => "gb18030-2005",
            Page::Gb18030Of2022 => "gb18030-2022",
            Page::Utf8 => "1208",
        }
    }

    /// The CCSID; editions of one page share it.
    pub fn ccsid(self) -> u16 {
        match self {
            Page::Cp37 => 37,
            Page::Cp836 => 836,
            Page::Cp935 | Page::Cp935Classic => 935,
            Page::Cp1388 | Page::Cp1388Of2001 => 1388,
            Page::Gbk => 1386,
            Page::Gbk936 => 936,
            Page::Gb18030Of2005 | Page::Gb18030Of2022 => 54936,
            Page::Utf8 => 1208,
        }
    }

    /// Which table this is: name, source and the start of the table's digest.
    pub fn edition(self) -> &'static str {
        EDITIONS
            .lines()
            .map(|line| line.split('\t'))
            .find_map(|mut columns| (columns.next() == Some(self.name())).then(|| columns.nth(1)))
            .flatten()
            .unwrap_or("")
    }

    /// Whether letters and digits are EBCDIC.
    pub fn is_ebcdic(self) -> bool {
        self.is_mixed() || matches!(self, Page::Cp37 | Page::Cp836)
    }

    /// Whether double-byte runs stand between SO and SI.
    pub fn is_mixed(self) -> bool {
        matches!(self, Page::Cp935 | Page::Cp935Classic | Page::Cp1388 | Page::Cp1388Of2001)
    }

    /// The byte that pads a field.
    pub fn blank(self) -> u8 {
        if self.is_ebcdic() { 0x40 } else { 0x20 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_aliases_find_their_page() {
        for &page in Page::ALL {
            assert_eq!(Page::parse(page.name()), Some(page));
            assert!(Page::from_ccsid(page.ccsid().into()).is_some(), "{page:?}");
        }
        for (alias, page) in [
            ("1386", Page::Gbk),
            ("936", Page::Gbk936),
            ("GB18030", Page::Gb18030Of2022),
            ("54936", Page::Gb18030Of2022),
            ("UTF-8", Page::Utf8),
        ] {
            assert_eq!(Page::parse(alias), Some(page), "{alias}");
        }
        assert_eq!(Page::parse("1381"), None);
        assert_eq!(Page::from_ccsid(65535), None);
    }

    #[test]
    fn a_bare_ccsid_means_what_a_current_ibm_i_does() {
        assert_eq!(Page::from_ccsid(935), Some(Page::Cp935));
        assert_eq!(Page::from_ccsid(1388), Some(Page::Cp1388));
        assert_eq!(Page::from_ccsid(54936), Some(Page::Gb18030Of2022));
    }

    #[test]
    fn every_page_has_an_edition_that_starts_with_its_name() {
        for &page in Page::ALL {
            let edition = page.edition();
            assert!(edition.starts_with(&format!("{} ", page.name())), "{page:?}: {edition}");
            assert_eq!(edition.contains(" sha256:"), page != Page::Utf8, "{edition}");
        }
    }
}
