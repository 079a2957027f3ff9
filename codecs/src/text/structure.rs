//! How the codes of a page are built, and where its table lies.

/// How the bytes of a page are built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Structure {
    /// EBCDIC, one byte a character.
    Single,
    /// EBCDIC with double-byte runs between SO and SI.
    Mixed,
    /// ASCII and two-byte codes with lead bytes 81..FE.
    Gbk,
    /// The same and four-byte codes.
    Gb18030,
    /// ASCII and two-byte codes; trail bytes are 40..7E and A1..FE.
    Big5,
    /// UTF-8.
    Utf8,
    /// UTF-16, big-endian.
    Utf16,
    /// UTF-16 without surrogates.
    Ucs2,
}

/// The file that holds a page's table.
#[derive(Clone, Copy)]
pub(super) enum Pool {
    /// `single.bin`.
    Single,
    /// `ebcdic.bin`.
    Ebcdic,
    /// `ascii.bin`.
    Ascii,
    /// None: the page is made by rule.
    Nothing,
}
