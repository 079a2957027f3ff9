//! Names as DDS qualifies them: `FILE`, `LIB/FILE`, and `FORMAT/FIELD`.

/// A database file as a source names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileName {
    /// The library, unless it is that of the job (`*LIBL`, `*CURLIB`).
    pub library: Option<String>,
    /// The file.
    pub file: String,
}

impl FileName {
    /// Reads a name in upper case; nothing for what cannot be one on IBM i, so that a name is never a way into another
    /// folder.
    pub fn parse(text: &str) -> Option<FileName> {
        let (library, file) = match text.split_once('/') {
            Some((library, file)) => (Some(library).filter(|name| !matches!(*name, "*LIBL" | "*CURLIB")), file),
            None => (None, text),
        };
        let good = is_name(file) && library.is_none_or(is_name);
        good.then(|| FileName { library: library.map(str::to_owned), file: file.to_owned() })
    }
}

impl std::fmt::Display for FileName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.library {
            Some(library) => write!(f, "{library}/{}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

/// Whether an object can have this name.
pub(super) fn is_name(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || matches!(c, '$' | '#' | '@');
    name.len() <= 10
        && name.starts_with(first)
        && name.chars().all(|c| first(c) || c.is_ascii_digit() || matches!(c, '_' | '.'))
}

/// `FORMAT/FIELD` or `FIELD`.
pub(super) fn qualified(text: &str) -> (Option<&str>, &str) {
    text.split_once('/').map_or((None, text), |(format, field)| (Some(format), field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_into_no_other_folder() {
        let name = FileName::parse("MYLIB/CUST").unwrap();
        assert_eq!(
            (name.library.as_deref(), name.file.as_str(), name.to_string().as_str()),
            (Some("MYLIB"), "CUST", "MYLIB/CUST")
        );
        assert_eq!(FileName::parse("*LIBL/CUST").map(|name| name.library), Some(None));
        for bad in ["../CUST", "A/B/C", "", "/CUST", "CUST/", "..", "9A", "TOOLONGNAME", "A B", "*SRC"] {
            assert_eq!(FileName::parse(bad), None, "{bad}");
        }
    }
}
