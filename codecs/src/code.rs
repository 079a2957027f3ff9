//! Return codes FPPnnnn, their texts in both languages, and what to do next.
//!
//! The list is `codes.tsv` beside this file; it may grow, but a code never changes its meaning, because answer files
//! that carry it are kept for years. Texts have at most 41 characters, so that they fit the answer's message field.

use std::fmt;

/// One return code, the number after `FPP`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub u16);

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        impl Code {
            $($(#[$doc])* pub const $name: Code = Code($number);)*
        }
    };
}

codes! {
    /// Accepted.
    OK = 0;
    /// The file is not ready: its marker is missing, older than the data, or names another size.
    NOT_READY = 1001;
    /// The digest differs from the one sent.
    DIGEST = 1002;
    /// The length does not fit the layout, or the file is empty.
    LENGTH = 1003;
    /// The header is missing, unreadable or contradicts the file name.
    HEADER = 1004;
    /// The trailer is missing or its record count differs.
    TRAILER = 1005;
    /// A control total differs.
    TOTAL = 1006;
    /// A duplicate of an accepted file.
    DUPLICATE = 1007;
    /// The batch or run can never fit the series.
    SERIES = 1008;
    /// An impossible business date.
    BUSINESS_DATE = 1009;
    /// Damaged by a text-mode transfer.
    TEXT_MODE = 1010;
    /// Same identity, other bytes.
    OTHER_BYTES = 1011;
    /// The business date is not open.
    DAY_CLOSED = 1012;
    /// Record numbers do not run 1..n.
    SEQUENCE = 1013;
    /// Too many bad records.
    TOO_MANY = 1014;
    /// A control total cannot be proven because a summed field is unreadable.
    UNPROVEN = 1015;
    /// The file is refused as unsafe.
    UNSAFE = 1016;
    /// No layout fits the records.
    NO_LAYOUT = 1017;
    /// Another record of this file was bad; nothing of it was posted.
    NOT_POSTED = 1018;
    /// Records follow each other in an order that the format does not have.
    ORDER = 1019;
    /// A counter that says how long a record is says no length.
    COUNTER = 1020;
    /// Compressed data is damaged or cut short.
    PACKED_FILE = 1021;
    /// A batch before it did not come until the cut-off.
    GAP = 1022;
    /// An expected batch is not there in time.
    LATE = 1023;
    /// A file is not answered in time.
    UNANSWERED = 1024;
    /// A person stopped it.
    STOPPED = 1030;
    /// Bad packed digit.
    PACKED_DIGIT = 2001;
    /// Bad sign.
    SIGN = 2002;
    /// Bad zone or non-digit.
    ZONE = 2003;
    /// A double-byte run is not closed.
    OPEN_RUN = 2004;
    /// Half a double-byte character.
    HALF_CHARACTER = 2005;
    /// A stray or doubled shift character.
    STRAY_SHIFT = 2006;
    /// A character that is not in the code page.
    UNMAPPED = 2007;
    /// Invalid date or time.
    DATE = 2008;
    /// A mandatory field is empty.
    MANDATORY = 2009;
    /// The value is too long for its field.
    TOO_LONG = 2010;
    /// A private-use character that is not in the list.
    PRIVATE_USE = 2011;
    /// The record number is repeated.
    SEQUENCE_REPEATED = 2012;
    /// The value is not in its code list or range.
    RANGE = 2013;
    /// A number or date that nobody filled: blanks, low-values or high-values.
    UNFILLED = 2014;
    /// The counter of an array is out of range.
    OCCURRENCES = 2015;
    /// A null indicator that says neither, or null of what cannot be.
    NULL_MARK = 2016;
    /// A substitute character: the original was lost before.
    SUBSTITUTE = 2017;
    /// Unknown instrument.
    INSTRUMENT = 3001;
    /// The amount does not agree with price and quantity.
    AMOUNT = 3002;
    /// The session is closed.
    SESSION = 3003;
    /// Duplicate trade.
    TRADE_REPEATED = 3004;
    /// The original trade is missing.
    ORIGINAL_MISSING = 3005;
    /// Lots do not agree with weight.
    LOTS = 3006;
    /// The id of an event of an earlier file, with other data.
    ID_AGAIN = 3007;
    /// The host key differs from the pinned one.
    HOST_KEY = 4001;
    /// The login was refused.
    LOGIN = 4002;
    /// The partner cannot be reached or does not answer in time.
    UNREACHABLE = 4003;
    /// The target name already exists with other content.
    TARGET_EXISTS = 4004;
    /// What was read back differs from what was sent.
    READ_BACK = 4005;
    /// The folder cannot be listed, written or renamed in.
    FOLDER = 4006;
    /// No space at the partner or here.
    NO_SPACE = 4007;
    /// Nobody can tell whether a delivered file was collected or lost.
    UNSURE = 4008;
    /// What was delivered is not taken in time.
    UNTAKEN = 4009;
    /// A command at the partner failed.
    COMMAND = 4010;
    /// Nobody knows whether a command at the partner ran.
    COMMAND_UNSURE = 4011;
    /// An outlet does not take events now.
    OUTLET = 4012;
    /// An outlet will not take an event.
    EVENT_REFUSED = 4013;
    /// An outlet has an event's id with other data.
    EVENT_CONFLICT = 4014;
    /// A line to be encoded cannot be read.
    LINE = 5001;
    /// There is no such record format.
    RECORD_FORMAT = 5002;
    /// The record has no such field.
    NO_FIELD = 5003;
    /// A field or a part of the line is missing.
    MISSING = 5004;
    /// A name is given twice.
    TWICE = 5005;
    /// A value has the wrong shape.
    SHAPE = 5006;
    /// Two readings of the same bytes say different things.
    CONTRADICTS = 5007;
    /// The record would be read as another one than it is.
    OTHER_FORMAT = 5008;
    /// A field holds a delimiter where nothing can quote it.
    NO_QUOTE = 5009;
    /// The ledger cannot be reached or refused the write.
    LEDGER = 9001;
    /// Vault content is missing or damaged.
    VAULT = 9002;
    /// A stale epoch: another node took over.
    STALE_EPOCH = 9003;
    /// The frozen plan cannot be reproduced on this node.
    PLAN = 9004;
    /// As much is under way as may be.
    BUSY = 9005;
    /// A request that is no request: a parameter, a name or a body that cannot be read.
    REQUEST = 9006;
    /// What a request names is not there.
    UNKNOWN = 9007;
    /// What a request asks for is not possible as things stand.
    REFUSED = 9008;
    /// The node's folder for temporary files cannot be used.
    SCRATCH = 9009;
    /// Internal error.
    INTERNAL = 9999;
}

/// The list as it is shipped: code, class, English, Chinese, hint.
pub const LIST: &str = include_str!("codes.tsv");

impl Code {
    /// The text in English.
    pub fn english(self) -> &'static str {
        self.column(2)
    }

    /// The text in Chinese, for answer files.
    pub fn chinese(self) -> &'static str {
        self.column(3)
    }

    /// What to do next, for people.
    pub fn hint(self) -> &'static str {
        self.column(4)
    }

    /// Reads `FPPnnnn`.
    pub fn parse(text: &str) -> Option<Code> {
        let digits = text.strip_prefix("FPP")?;
        if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        digits.parse().ok().map(Code)
    }

    fn column(self, index: usize) -> &'static str {
        LIST.lines()
            .filter(|line| Code::parse(line.get(..7).unwrap_or("")) == Some(self))
            .find_map(|line| line.split('\t').nth(index))
            .unwrap_or("")
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FPP{:04}", self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_code_has_two_texts_that_fit_the_answer() {
        for line in LIST.lines().filter(|l| l.starts_with("FPP")) {
            let columns: Vec<_> = line.split('\t').collect();
            assert_eq!(columns.len(), 5, "{line}");
            let code = Code::parse(columns[0]).unwrap();
            assert_eq!(code.english(), columns[2]);
            assert_eq!(code.chinese(), columns[3]);
            assert_eq!(code.hint(), columns[4]);
            assert!(!code.hint().is_empty(), "{line}: what is to be done?");
            assert!(columns[3].chars().count() <= 41, "{line}");
        }
    }

    #[test]
    fn every_constant_is_listed() {
        for code in [Code::OK, Code::NOT_POSTED, Code::RANGE, Code::LOTS, Code::NO_SPACE, Code::PLAN, Code::INTERNAL] {
            assert!(!code.english().is_empty(), "{code}");
        }
    }
}
