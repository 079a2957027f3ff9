//! Random record formats, made of the fuzzer's bytes.

use crate::bytes::Bytes;
use fpp_codecs::date::{DateForm, NoDates, Sentinel, TimeForm};
use fpp_codecs::format::{Format, RecordFormat, Role, Selector};
use fpp_codecs::framing::Framing;
use fpp_codecs::layout::build::{Counter, Part, build};
use fpp_codecs::layout::{Dirty, Field, Kind, Layout, Node, NumericMoment, Rules, SignPlace};
use fpp_codecs::number::Signs;
use fpp_codecs::number::display::Encoding;
use fpp_codecs::record::Nulls;
use fpp_codecs::text::Page;

const DEPTH: usize = 4;
/// The picture of every edited number: seven digits in ten bytes.
const PICTURE: &str = "ZZ,ZZ9.99-";

/// A record format, if the parts fit together.
pub fn random_layout(bytes: &mut Bytes<'_>) -> Option<RecordFormat> {
    let page = bytes.of(Page::ALL);
    let nulls = bytes.of(&[Nulls::None, Nulls::None, Nulls::Blank, Nulls::Map, Nulls::Flag]);
    random_record(bytes, page, nulls)
}

/// The same in this page, with nulls of this kind where the layout is flat.
pub fn random_record(bytes: &mut Bytes<'_>, page: Page, nulls: Nulls) -> Option<RecordFormat> {
    let parts = (0..1 + bytes.below(6)).map(|n| part(bytes, page, n, 0)).collect();
    let layout: Layout = build("R".into(), String::new(), parts).ok()?;
    let nulls = if layout.is_flat() { nulls } else { Nulls::None };
    Some(RecordFormat::new(layout, Role::Detail, Selector::default(), nulls, page))
}

/// A file of such records.
pub fn format_of(record: RecordFormat) -> Format {
    Format {
        name: "R".into(),
        text: String::new(),
        framing: Framing::Fixed { length: record.layout.length },
        page: Page::Cp1388,
        records: vec![record],
        order: None,
        controls: None,
        version: String::new(),
        nulls: Nulls::None,
        sources: Vec::new(),
    }
}

/// Whether there are alternatives: of those only the ones that decode are shown, and what none of them covers does not
/// come back.
pub fn shows_alternatives(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| match node {
        Node::Leaf { .. } => false,
        Node::Group { nodes, .. } => shows_alternatives(nodes),
        Node::Array(array) => shows_alternatives(std::slice::from_ref(&array.item)),
        Node::Redefines(_) => true,
    })
}

fn part(bytes: &mut Bytes<'_>, page: Page, n: usize, depth: usize) -> Part {
    let children = |bytes: &mut Bytes<'_>| (0..1 + bytes.below(3)).map(|k| part(bytes, page, k, depth + 1)).collect();
    match bytes.below(8) {
        0 if depth < DEPTH => Part::Group { name: format!("G{depth}{n}"), parts: children(bytes) },
        1 if depth < DEPTH => {
            let counter = Counter { field: "F0".into(), least: 0, map: Vec::new() };
            let depending = bytes.flag().then_some(counter);
            let part = Part::Group { name: format!("A{depth}{n}"), parts: children(bytes) };
            Part::Array { part: Box::new(part), count: 1 + bytes.below(4), depending }
        }
        2 if depth < DEPTH => Part::Redefines { alternatives: children(bytes), choice: None },
        _ => Part::Field(Box::new(field(bytes, page, n))),
    }
}

fn field(bytes: &mut Bytes<'_>, page: Page, n: usize) -> Field {
    let digits = 1 + bytes.below(63) as u8;
    let decimals = bytes.below(usize::from(digits) + 1) as u8;
    let rules = if bytes.flag() { rules(bytes) } else { Rules::PLAIN };
    let kind = match bytes.below(15) {
        0 => Kind::Char,
        1 => Kind::Open,
        2 => Kind::Only,
        3 => Kind::Either,
        4 => Kind::Graphic,
        5 => Kind::Hex,
        6 | 7 => Kind::Packed { digits, decimals },
        8 | 9 => Kind::Zoned { digits, decimals },
        10 => Kind::Binary { digits: digits.min(18), decimals: decimals.min(18) },
        11 => Kind::Float { double: bytes.flag() },
        12 => bytes.of(&[
            Kind::Date(DateForm::ISO),
            Kind::Date(DateForm::JUL),
            Kind::Date(DateForm::named("*CYMD").unwrap_or(DateForm::ISO)),
            Kind::Time(TimeForm::USA),
            Kind::Timestamp { fraction: 6 },
            Kind::DecFloat { digits: 16 },
            Kind::DecFloat { digits: 34 },
        ]),
        14 => Kind::Edited { digits: 7, decimals: 2 },
        _ => bytes.of(&[
            Kind::Number { digits, decimals, signed: true },
            Kind::Number { digits, decimals, signed: false },
            Kind::Comp6 { digits, decimals },
            Kind::NumberText { decimals: decimals.min(9) },
        ]),
    };
    let separate = matches!(rules.sign, SignPlace::LeadingSeparate | SignPlace::TrailingSeparate) && !rules.unsigned;
    let size = match (kind, kind.own_bytes()) {
        (Kind::Zoned { .. }, Some(own)) => own + usize::from(separate),
        (Kind::Binary { .. }, Some(own)) => {
            if bytes.flag() {
                1 + bytes.below(16)
            } else {
                own
            }
        }
        (_, Some(own)) => own,
        (Kind::Edited { .. }, None) => PICTURE.len(),
        (Kind::Graphic, None) => 2 * (1 + bytes.below(20)),
        (_, None) => 4 + bytes.below(60),
    };
    let varlen = kind.may_vary() && bytes.below(4) == 0;
    let size = size + if varlen { 2 } else { 0 };
    let moment = rules.moment.filter(|_| may_be_moment(kind));
    // No day and no time is zero, and text has no such policy.
    let dated = moment.is_some() || matches!(kind, Kind::Date(_) | Kind::Time(_) | Kind::Timestamp { .. });
    let policy = |policy: Dirty| match policy {
        _ if kind.is_text() || kind == Kind::Hex => Dirty::Reject,
        Dirty::Zero if dated => Dirty::Reject,
        policy => policy,
    };
    Field {
        page: kind.has_page().then_some(page),
        varlen,
        nullable: bytes.flag(),
        rules: Rules {
            picture: matches!(kind, Kind::Edited { .. }).then(|| PICTURE.into()),
            moment,
            blank: rules.blank.map(policy),
            dirty: policy(rules.dirty),
            blank_when_zero: rules.blank_when_zero && is_shown(kind),
            ..rules
        },
        ..Field::new(format!("F{n}"), kind, size)
    }
}

/// No layout has a date or time in any other number.
fn may_be_moment(kind: Kind) -> bool {
    match kind {
        Kind::Packed { digits, decimals }
        | Kind::Zoned { digits, decimals }
        | Kind::Binary { digits, decimals }
        | Kind::Comp6 { digits, decimals }
        | Kind::Number { digits, decimals, .. } => digits >= 8 && decimals == 0,
        _ => false,
    }
}

/// Only what is written in characters may be blank when it is zero.
fn is_shown(kind: Kind) -> bool {
    matches!(kind, Kind::Zoned { .. } | Kind::Number { .. } | Kind::Edited { .. })
}

fn rules(bytes: &mut Bytes<'_>) -> Rules {
    let places = [SignPlace::Trailing, SignPlace::Leading, SignPlace::TrailingSeparate, SignPlace::LeadingSeparate];
    let moments = [
        None,
        None,
        Some(NumericMoment::Hms6),
        DateForm::named("*YYMD0").map(NumericMoment::Date),
        DateForm::named("*CYMD0").map(NumericMoment::Date),
    ];
    Rules {
        sign: bytes.of(&places),
        encoding: bytes.of(&[Encoding::Ebcdic, Encoding::Ascii, Encoding::Translated]),
        signs: bytes.of(&[Signs::Ibmi, Signs::Zos]),
        unsigned: bytes.flag(),
        little_endian: bytes.flag(),
        native: bytes.flag(),
        blank_when_zero: bytes.below(4) == 0,
        justified: bytes.below(4) == 0,
        trim_ideographic: bytes.below(4) == 0,
        moment: bytes.of(&moments),
        no_date: if bytes.flag() {
            NoDates::STRICT.null(Sentinel::Zero).null(Sentinel::Nines)
        } else {
            NoDates::STRICT
        },
        hex_float: bytes.flag(),
        scale_up: [0, 0, 0, 2][bytes.below(4)],
        blank: bytes.of(&[None, None, Some(Dirty::Null), Some(Dirty::Zero)]),
        dirty: bytes.of(&[Dirty::Reject, Dirty::Reject, Dirty::Null, Dirty::Zero, Dirty::Keep]),
        fixnbr: bytes.below(4) == 0,
        ..Rules::PLAIN
    }
}
