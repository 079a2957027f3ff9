//! Named ways to spoil a file, each with the code that a bridge must answer.
//!
//! A flaw of a record is what a core's fault or a bad conversion leaves behind; a harm of a file is what happens on the
//! way or at the core's end of batch. Each can be told from every other by its code and field.

use super::series::Series;
use super::trade::{Batch, Trade};
use fpp_codecs::Code;
use fpp_codecs::layout::{Field, Layout};

/// One thing wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoil {
    /// One bad record.
    Record {
        /// Which trade, from 1: its SEQNO.
        trade: u64,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// The file as a whole.
    File(Harm),
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// FEE holds something that is no digit.
    FeeDigit,
    /// AMT holds something that is no digit: the totals can no longer be proven (FPP1015 for the file).
    AmountDigit,
    /// PNL ends in a sign that is none.
    PnlSign,
    /// CUSTNM opens a double-byte run and does not close it; in GBK it ends in half a character.
    NameRun,
    /// VALDAT is the 30th of February.
    ValueDate,
    /// INSTID names nothing that is traded.
    Instrument,
    /// BSFLG is neither buy nor sell.
    Side,
    /// TRDNO is blank.
    NoNumber,
    /// TRDNO is that of the trade before it, with other data: not for the first trade.
    RepeatedTrade,
    /// SEQNO is that of the record before it.
    RepeatedSequence,
    /// AMT is one yuan more than price times quantity; the totals go along with it.
    Amount,
    /// LOTS is one more than the weight says.
    Lots,
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// The trailer promises one trade too many.
    LyingCount,
    /// The trailer promises one fen too much.
    LyingAmount,
    /// The trailer's hash total is off by one.
    LyingHash,
    /// The header names the day after the business date of the file's name.
    OtherDate,
    /// The file ends in the middle of its last record.
    CutLastRecord,
    /// There is no trailer.
    NoTrailer,
    /// There is no header.
    NoHeader,
    /// Transferred as text: EBCDIC turned into ASCII byte by byte, blanks at line ends dropped, CR LF added.
    TextMode,
}

impl Flaw {
    /// Every flaw.
    pub const ALL: &[Flaw] = &[
        Flaw::FeeDigit,
        Flaw::AmountDigit,
        Flaw::PnlSign,
        Flaw::NameRun,
        Flaw::ValueDate,
        Flaw::Instrument,
        Flaw::Side,
        Flaw::NoNumber,
        Flaw::RepeatedTrade,
        Flaw::RepeatedSequence,
        Flaw::Amount,
        Flaw::Lots,
    ];

    /// The record's code.
    pub fn code(self, series: Series) -> Code {
        match (self, series) {
            (Flaw::FeeDigit | Flaw::AmountDigit, Series::Ebcdic) => Code::PACKED_DIGIT,
            (Flaw::FeeDigit | Flaw::AmountDigit, Series::Gbk) => Code::ZONE,
            (Flaw::PnlSign, _) => Code::SIGN,
            (Flaw::NameRun, Series::Ebcdic) => Code::OPEN_RUN,
            (Flaw::NameRun, Series::Gbk) => Code::HALF_CHARACTER,
            (Flaw::ValueDate, _) => Code::DATE,
            (Flaw::Instrument, _) => Code::INSTRUMENT,
            (Flaw::Side, _) => Code::RANGE,
            (Flaw::NoNumber, _) => Code::MANDATORY,
            (Flaw::RepeatedTrade, _) => Code::TRADE_REPEATED,
            (Flaw::RepeatedSequence, _) => Code::SEQUENCE_REPEATED,
            (Flaw::Amount, _) => Code::AMOUNT,
            (Flaw::Lots, _) => Code::LOTS,
        }
    }

    /// The code of the whole file, when one such record spoils it also where bad records alone are refused.
    pub fn file_code(self) -> Option<Code> {
        (self == Flaw::AmountDigit).then_some(Code::UNPROVEN)
    }

    /// The field that is wrong.
    pub fn field(self) -> &'static str {
        match self {
            Flaw::FeeDigit => "FEE",
            Flaw::AmountDigit | Flaw::Amount => "AMT",
            Flaw::PnlSign => "PNL",
            Flaw::NameRun => "CUSTNM",
            Flaw::ValueDate => "VALDAT",
            Flaw::Instrument => "INSTID",
            Flaw::Side => "BSFLG",
            Flaw::NoNumber | Flaw::RepeatedTrade => "TRDNO",
            Flaw::RepeatedSequence => "SEQNO",
            Flaw::Lots => "LOTS",
        }
    }

    /// Spoils what can be said in values; totals are taken afterwards.
    pub(super) fn change(self, trade: &mut Trade, batch: &Batch) {
        match self {
            Flaw::Instrument => trade.instrument = "Au88.88",
            Flaw::Side => trade.side = "7",
            Flaw::NoNumber => trade.number.clear(),
            Flaw::RepeatedTrade => trade.number = batch.number(trade.sequence.saturating_sub(1)),
            Flaw::RepeatedSequence => trade.sequence = trade.sequence.saturating_sub(1),
            Flaw::Amount => trade.amount_fen += 100,
            Flaw::Lots => trade.lots += 1,
            Flaw::FeeDigit | Flaw::AmountDigit | Flaw::PnlSign | Flaw::NameRun | Flaw::ValueDate => {}
        }
    }

    /// Spoils what only bytes can say; totals are as the core meant them.
    pub(super) fn damage(self, record: &mut [u8], layout: &Layout, series: Series) {
        let Some(field) = layout.fields.iter().find(|field| field.name == self.field()) else { return };
        let bytes = &mut record[field.offset..field.offset + field.bytes];
        match (self, series) {
            (Flaw::FeeDigit | Flaw::AmountDigit, Series::Ebcdic) => bytes[1] = 0x3F,
            (Flaw::FeeDigit | Flaw::AmountDigit, Series::Gbk) => bytes[2] = b'?',
            (Flaw::PnlSign, Series::Ebcdic) => bytes[field.bytes - 1] = bytes[field.bytes - 1] & 0xF0 | 5,
            (Flaw::PnlSign, Series::Gbk) => bytes[0] = b'*',
            (Flaw::NameRun, Series::Ebcdic) => open_run(bytes),
            (Flaw::NameRun, Series::Gbk) => bytes[field.bytes - 1] = 0xBD,
            (Flaw::ValueDate, _) => thirtieth_of_february(bytes, field, series),
            _ => {}
        }
    }
}

/// A blank, then one double-byte run to the last byte: an even number of bytes, all of them characters, and no SI.
fn open_run(bytes: &mut [u8]) {
    let (gold, blank) = ([0x4A, 0x62], 0x40);
    bytes.fill(blank);
    bytes[1] = 0x0E;
    bytes[2..6].copy_from_slice(&[gold, gold].concat());
}

fn thirtieth_of_february(bytes: &mut [u8], field: &Field, series: Series) {
    let zero = if series == Series::Ebcdic { 0xF0 } else { b'0' };
    debug_assert_eq!(field.bytes, 10);
    bytes[5..7].copy_from_slice(&[zero, zero + 2]);
    bytes[8..10].copy_from_slice(&[zero + 3, zero]);
}

impl Harm {
    /// Every harm.
    pub const ALL: &[Harm] = &[
        Harm::LyingCount,
        Harm::LyingAmount,
        Harm::LyingHash,
        Harm::OtherDate,
        Harm::CutLastRecord,
        Harm::NoTrailer,
        Harm::NoHeader,
        Harm::TextMode,
    ];

    /// The file's code.
    pub fn code(self) -> Code {
        match self {
            Harm::LyingCount | Harm::NoTrailer => Code::TRAILER,
            Harm::LyingAmount | Harm::LyingHash => Code::TOTAL,
            Harm::OtherDate | Harm::NoHeader => Code::HEADER,
            Harm::CutLastRecord => Code::LENGTH,
            Harm::TextMode => Code::TEXT_MODE,
        }
    }
}
