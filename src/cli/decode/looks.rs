//! What a file's beginning looks like, told to people: text that was converted on its way, records that are framed in
//! another way than the layout says. Nothing is done about it.

use crate::cli::output::note;
use fpp_codecs::Code;
use fpp_codecs::format::Format;
use fpp_codecs::framing::damage::HEAD;
use fpp_codecs::framing::{TextMode, likely_framing, misframed, text_mode};

/// The look at one file.
pub(super) struct Looks {
    size: u64,
    told: bool,
}

impl Looks {
    /// Looks at the beginning of a file, of so many bytes if anybody knows, and warns.
    pub(super) fn at(format: &Format, head: &[u8], size: Option<u64>) -> Looks {
        let seen = head.len() as u64;
        let (code, means) = (Code::TEXT_MODE, Code::TEXT_MODE.english());
        match text_mode(format, head, size.unwrap_or(seen)) {
            TextMode::Damaged(signs) => {
                let never = match format.page.is_ebcdic() {
                    true => "; if it was never EBCDIC, name its page: --ccsid utf-8, gbk ...",
                    false => "",
                };
                note(format_args!("warning: {code} {means}: {signs}{never}"));
            }
            TextMode::Doubtful(signs) => note(format_args!("warning: perhaps {code} {means}: {signs}")),
            TextMode::Untouched => {}
        }
        let size = size.unwrap_or(if head.len() < HEAD { seen } else { u64::MAX });
        let framed = misframed(format, head, size);
        if let Some(looks) = &framed {
            note(format_args!("warning: the records do not lie as the layout says: {looks}"));
        }
        Looks { size, told: framed.is_some() }
    }

    /// Most of the records were bad: perhaps they were cut in the wrong places.
    pub(super) fn of_bad_records(&self, format: &Format, head: &[u8]) {
        if let Some(looks) = likely_framing(format, head, self.size).filter(|_| !self.told) {
            note(format_args!("note: most records are bad; perhaps they were cut in the wrong places: {looks}"));
        }
    }
}
