//! The text of a layout's source: DDS, copybooks, TOML, CSV.
//!
//! A source is UTF-8, because a guess at another encoding would change names and texts without a word. A comment is read
//! by nobody: one in another encoding is let pass, so that a copybook with a note in GBK needs no conversion. What else
//! is no UTF-8 is a fault with its byte, and with what it looks like.

use fpp_codecs::source::SourceFault;
use std::io::ErrorKind;
use std::path::Path;

/// Why a source was not read.
pub(super) struct Unread {
    /// The fault.
    pub(super) fault: SourceFault,
    /// Whether there is a file of this name.
    pub(super) is_there: bool,
}

/// Reads a source.
pub(super) fn read(path: &Path) -> Result<String, Unread> {
    let fault = |line, column, message| SourceFault { file: path.display().to_string(), line, column, message };
    let bytes = std::fs::read(path).map_err(|error| {
        // A folder of this name is no source, and none that is damaged.
        let is_there =
            !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory);
        Unread { fault: fault(1, 1, format!("cannot read it: {error}")), is_there }
    })?;
    decoded(bytes).map_err(|(line, column, message)| Unread { fault: fault(line, column, message), is_there: true })
}

/// The text, or line, column and message of the first byte that cannot be.
fn decoded(bytes: Vec<u8>) -> Result<String, (usize, usize, String)> {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(error) => error.into_bytes(),
    };
    if let Some(message) = other_encoding(&bytes) {
        return Err((1, 1, message.to_owned()));
    }
    let mut text = String::with_capacity(bytes.len());
    let mut before = 0;
    for (number, line) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
        match std::str::from_utf8(line) {
            Ok(line) => text.push_str(line),
            Err(error) if is_comment(line, error.valid_up_to()) => text.push_str(&String::from_utf8_lossy(line)),
            Err(error) => {
                let good = error.valid_up_to();
                let column = String::from_utf8_lossy(line.get(..good).unwrap_or_default()).chars().count() + 1;
                let message = format!(
                    "byte {:02X}, at byte {} of the file, is not UTF-8. Written on a Chinese PC it is perhaps \
                     GB18030, elsewhere WINDOWS-1252: `iconv -f GB18030 -t UTF-8` changes it",
                    line.get(good).copied().unwrap_or_default(),
                    before + good + 1
                );
                return Err((number, column, message));
            }
        }
        before += line.len();
    }
    Ok(text)
}

/// What a file is that is text in no part.
fn other_encoding(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Some("it is UTF-16; `iconv -f UTF-16 -t UTF-8` changes it");
    }
    let count = |blank: u8| bytes.iter().filter(|byte| **byte == blank).count();
    let (ebcdic, ascii) = (count(0x40), count(b' '));
    (ebcdic > 4 * ascii && ebcdic * 10 > bytes.len()).then_some(
        "it is EBCDIC, as it stands on the host; download it as text, or change it with `iconv -f IBM037 -t UTF-8`",
    )
}

/// Whether the bytes from a place in a line on are a comment's: `*` or `/` in column 7 of DDS and COBOL, `*` before any
/// text, `*>` anywhere.
fn is_comment(line: &[u8], at: usize) -> bool {
    let before = line.get(..at).unwrap_or_default();
    matches!(before.get(6), Some(b'*' | b'/'))
        || before.trim_ascii_start().starts_with(b"*")
        || before.windows(2).any(|pair| pair == b"*>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_may_be_in_any_encoding_and_nothing_else() {
        // \xBB\xA7\xC3\xFB: a name in GBK.
        let comments: [&[u8]; 4] = [
            b"      * \xBB\xA7\xC3\xFB\n       01 R PIC X.\n",
            b"000100/ \xBB\xA7\xC3\xFB\n",
            b"     A* \xBB\xA7\xC3\xFB\n",
            b"       01 R PIC X. *> \xBB\xA7\xC3\xFB\n",
        ];
        for comment in comments {
            let text = decoded(comment.to_vec()).unwrap();
            assert_eq!(text.lines().count(), comment.split(|b| *b == b'\n').count() - 1);
        }
        let text = b"     A* \xBB\xA7\xC3\xFB\n     A            NAME          10A         TEXT('\xBB\xA7')\n";
        let (line, column, message) = decoded(text.to_vec()).unwrap_err();
        assert_eq!((line, column), (2, 51));
        assert!(message.starts_with("byte BB, at byte 64 of the file, is not UTF-8"), "{message}");
    }

    #[test]
    fn a_source_that_is_no_text_is_named() {
        let ebcdic = [0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0xF0, 0xF1, 0x40, 0xD9, 0x4B, 0x25];
        assert!(decoded(ebcdic.to_vec()).unwrap_err().2.contains("EBCDIC"));
        assert!(decoded(b"\xFF\xFE0\x001\x00".to_vec()).unwrap_err().2.contains("UTF-16"));
    }
}
