//! The code pages by name, CCSID and edition.
//!
//! A page is one fixed table: two editions of "the same" CCSID are two pages, so that lineage and the frozen plan can
//! say which one was used (D18). A bare number is what a current IBM i does; an edition that other systems have is
//! named after its year, `935-classic` excepted. The list itself is [`crate::text::list`], which the table generator
//! writes. Nothing here guesses a page from data.

pub use crate::text::list::Page;

use crate::text::list::{TOLD, Told};
use crate::text::structure::{Pool, Structure};

impl Page {
    /// The page of a configured name or alias; letters in either case.
    ///
    /// Other programs' spellings of a number (`cp037`, `IBM-037`, `x-IBM1047`) are taken where the number has one table
    /// only. Of `Cp1388` Java means another table than IBM i does of 1388 (D18): there [`Page::unknown`] names both.
    pub fn parse(name: &str) -> Option<Page> {
        let lower = name.to_ascii_lowercase();
        Page::named(&lower).or_else(|| {
            let number = number(&lower)?;
            Page::named(number).filter(|page| number == lower.trim_start_matches('0') || page.editions().is_empty())
        })
    }

    /// The page of a name or alias, exactly as it is listed.
    fn named(name: &str) -> Option<Page> {
        let find = |fits: &dyn Fn(&Told) -> bool| Page::ALL.iter().copied().find(|page| fits(page.told()));
        find(&|told| told.name == name).or_else(|| find(&|told| told.also.contains(&name)))
    }

    /// Other tables of the same CCSID. That z/OS UNIX exchanges two controls makes no other table of a page here: it has
    /// names of its own wherever it is meant.
    fn editions(self) -> Vec<Page> {
        let same = |page: &Page| *page != self && self.ccsid() != 0 && page.ccsid() == self.ccsid();
        Page::ALL.iter().copied().filter(same).filter(|page| !page.name().ends_with("-s390")).collect()
    }

    /// The page of a CCSID as DDS and file attributes give it.
    ///
    /// The double-byte halves (300, 834, 835, 837, 4930, 4933, 9027, 16684) give a page whose table holds them, because
    /// a graphic field is tagged with its double-byte half. 65535 means that bytes are not converted, and has no page.
    pub fn from_ccsid(ccsid: u32) -> Option<Page> {
        Page::parse(&ccsid.to_string())
    }

    /// What to tell somebody who wrote a name that [`Page::parse`] does not know.
    pub fn unknown(name: &str) -> String {
        if name == "65535" {
            return "65535 means no conversion: it is no code page; declare the field as hex, or name its code page"
                .to_owned();
        }
        let lower = name.to_ascii_lowercase();
        if let Some(page) = number(&lower).and_then(Page::named) {
            let others: Vec<_> = page.editions().into_iter().map(Page::name).collect();
            let (own, others) = (page.name(), others.join(", "));
            return match page.is_ebcdic() {
                true => format!(
                    "`{name}` means one of several tables: {own} is what a current IBM i does, {others} what Java, ICU \
                     and others have; say which"
                ),
                false => format!("`{name}` means one of several tables, {own} and {others}; say which"),
            };
        }
        if ["ascii", "us-ascii", "latin1", "windows-1252", "cp1252"].contains(&lower.as_str())
            || lower.starts_with("iso-8859")
            || lower.starts_with("iso8859")
        {
            return format!("`{name}` is not a code page that fpp reads; text that is all ASCII is 1208 (UTF-8), too");
        }
        let start = lower.trim_start_matches("x-").trim_start_matches("ibm").trim_start_matches("cp");
        let start = start.trim_start_matches(['-', '0']).split(['-', '_']).next().unwrap_or_default();
        let near: Vec<_> = Page::ALL
            .iter()
            .map(|page| page.name())
            .filter(|known| !start.is_empty() && known.starts_with(start))
            .take(8)
            .collect();
        if near.is_empty() {
            return format!(
                "`{name}` is not a code page; they are listed in docs/layouts.md, such as 37, 935, 1388, gbk, 1208"
            );
        }
        format!("`{name}` is not a code page; there are {}", near.join(", "))
    }

    /// The name for configuration and lineage.
    pub fn name(self) -> &'static str {
        self.told().name
    }

    /// The other names, and the CCSIDs that mean this page too.
    pub fn also(self) -> &'static [&'static str] {
        self.told().also
    }

    /// Whose text it is, in words.
    pub fn title(self) -> &'static str {
        self.told().title
    }

    /// The CCSID, shared by editions of one page; 0 where IBM has given none.
    pub fn ccsid(self) -> u16 {
        self.told().ccsid
    }

    /// Which table this is: name, source and the start of the table's digest.
    pub fn edition(self) -> &'static str {
        self.told().edition
    }

    /// Whether letters and digits are EBCDIC.
    pub fn is_ebcdic(self) -> bool {
        matches!(self.structure(), Structure::Single | Structure::Mixed)
    }

    /// Whether double-byte runs stand between SO and SI.
    pub fn is_mixed(self) -> bool {
        self.structure() == Structure::Mixed
    }

    /// Whether every character is one byte: there is no room for Chinese.
    pub fn is_single(self) -> bool {
        self.structure() == Structure::Single
    }

    /// Whether every character is made of units of two bytes (UTF-16).
    pub fn is_wide(self) -> bool {
        matches!(self.structure(), Structure::Utf16 | Structure::Ucs2)
    }

    /// The last byte of the blank that pads a field; in wide pages 00 stands before it.
    pub fn blank(self) -> u8 {
        if self.is_ebcdic() { 0x40 } else { 0x20 }
    }

    pub(super) fn structure(self) -> Structure {
        self.told().structure
    }

    pub(super) fn place(self) -> (Pool, usize) {
        (self.told().pool, self.told().place)
    }

    fn told(self) -> &'static Told {
        &TOLD[self as usize]
    }
}

/// The number in another program's spelling of a page; in small letters.
fn number(lower: &str) -> Option<&str> {
    const BEFORE: &[&str] = &["x-ibm-", "x-ibm", "ibm-", "ibm", "ccsid-", "ccsid", "cp-", "cp", ""];
    let number =
        BEFORE.iter().find_map(|before| lower.strip_prefix(before)).map(|rest| rest.trim_start_matches('0'))?;
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_aliases_find_their_page() {
        for &page in Page::ALL {
            assert_eq!(Page::parse(page.name()), Some(page));
            for name in page.also() {
                assert_eq!(Page::parse(name), Some(page), "{name}");
            }
            assert!(page.ccsid() == 0 || Page::from_ccsid(page.ccsid().into()).is_some(), "{page:?}");
        }
        for (alias, page) in [
            ("1386", Page::Gbk),
            ("936", Page::Gbk936),
            ("GB18030", Page::Gb18030Of2022),
            ("54936", Page::Gb18030Of2022),
            ("UTF-8", Page::Utf8),
            ("5035", Page::Cp939),
        ] {
            assert_eq!(Page::parse(alias), Some(page), "{alias}");
        }
        assert_eq!(Page::parse("1381"), None);
        for (alias, page) in [
            ("cp037", Page::Cp37),
            ("037", Page::Cp37),
            ("IBM-037", Page::Cp37),
            ("IBM037", Page::Cp37),
            ("Cp1047", Page::Cp1047),
            ("x-IBM937", Page::Cp937),
            ("ibm-1364", Page::Cp1364),
            ("ccsid1140", Page::Cp1140),
            ("utf8", Page::Utf8),
            ("01388", Page::Cp1388),
        ] {
            assert_eq!(Page::parse(alias), Some(page), "{alias}");
        }
        for name in ["Cp1388", "ibm1388", "x-IBM1388", "Cp935", "IBM-935", "cp", "ibm-", "cp65535", "cp037x", "0"] {
            assert_eq!(Page::parse(name), None, "{name}");
        }
        assert_eq!(Page::from_ccsid(65535), None);
    }

    #[test]
    fn no_name_means_two_pages() {
        let mut names: Vec<_> =
            Page::ALL.iter().flat_map(|page| page.also().iter().copied().chain([page.name()])).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn a_bare_ccsid_means_what_a_current_ibm_i_does() {
        assert_eq!(Page::from_ccsid(935), Some(Page::Cp935));
        assert_eq!(Page::from_ccsid(1388), Some(Page::Cp1388));
        assert_eq!(Page::from_ccsid(54936), Some(Page::Gb18030Of2022));
        assert_eq!(Page::from_ccsid(835), Some(Page::Cp937));
    }

    #[test]
    fn an_unknown_name_is_answered_with_what_is_near() {
        assert!(Page::unknown("65535").contains("hex"));
        assert!(Page::unknown("935-2001").contains("935, 935-classic"));
        assert!(Page::unknown("cp0930x").contains("layouts.md"));
        assert!(Page::unknown("ibm-1388_P103").contains("1388-2001"));
        assert!(Page::unknown("x-IBM1388").contains("1388 is what a current IBM i does, 1388-2001 what Java"));
        assert!(Page::unknown("Cp935").contains("935-classic"));
        assert!(Page::unknown("cp936").contains("gbk-936 and gbk-jdk"));
        assert!(Page::unknown("latin1").contains("UTF-8"));
        assert!(Page::unknown("").contains("1208"));
    }

    #[test]
    fn every_page_has_an_edition_that_starts_with_its_name() {
        for &page in Page::ALL {
            let edition = page.edition();
            assert!(edition.starts_with(&format!("{} ", page.name())), "{page:?}: {edition}");
            let by_rule = matches!(page, Page::Utf8 | Page::Utf16 | Page::Ucs2);
            assert_eq!(edition.contains(" sha256:"), !by_rule, "{edition}");
        }
    }
}
