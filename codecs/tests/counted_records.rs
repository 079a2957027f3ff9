//! Records that end where their own counters say: cut, refused, written again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail as tests do")]

mod cutting;

use cutting::{Cuts, Trickle, cut_all};
use fpp_codecs::Code;
use fpp_codecs::format::Format;
use fpp_codecs::framing::{CutError, Cutter, Framer, Indexer, Place, Wrong};
use fpp_codecs::json;
use fpp_codecs::record::Row;
use fpp_codecs::text::Page;
use proptest::prelude::*;

/// Cobrix' example of `variable_size_occurs`, with packed, binary and nested counters.
const ORDER: &str = "\
01 ORDER.
   05 ID     PIC X(4).
   05 N-ITEM PIC S9(3) COMP-3.
   05 N-NOTE PIC 9(4) COMP.
   05 ITEM OCCURS 0 TO 5 DEPENDING ON N-ITEM.
      10 SKU   PIC X(3).
      10 N-LOT PIC 9.
      10 LOT   PIC 9(2) OCCURS 0 TO 4 DEPENDING ON N-LOT.
   05 NOTE PIC X(5) OCCURS 1 TO 3 DEPENDING ON N-NOTE.
   05 TAIL PIC X(2).
";

fn by_layout(copybook: &str) -> Format {
    let (mut format, _) = Format::parse("order.cpy", copybook, &mut |_| Err(String::new()), Some(Page::Cp37))
        .unwrap_or_else(|faults| panic!("{faults:#?}"));
    format.reframe("by-layout").unwrap();
    format
}

fn format(toml: &str) -> Result<Format, String> {
    let parsed = Format::parse("f.toml", toml, &mut |_| Err(String::new()), None);
    parsed.map(|(format, _)| format).map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

/// What is cut of a file that comes in pieces, and the error.
fn cut(format: &Format, file: &[u8], step: usize) -> (Cuts, Option<CutError>) {
    cut_all(&mut Cutter::new(format.framing.clone(), Trickle(file, step)))
}

fn line(format: &Format, record: &[u8]) -> String {
    let (mut row, mut out) = (Row::default(), Vec::new());
    let record_format = &format.records[format.select(record).unwrap()];
    record_format.decode(record, &mut row);
    assert_eq!(row.faults, []);
    json::write(record_format, 1, 0, &row, &mut out);
    let line = String::from_utf8(out).unwrap();
    line[line.find("\"fields\":").unwrap() + 9..].trim_end().strip_suffix('}').unwrap().to_owned()
}

/// `A001`, two items of one and no lot, one note; then `A002` without items, with two notes.
fn two_orders() -> (Vec<u8>, [usize; 2]) {
    let one = b"\xC1\xF0\xF0\xF1\x00\x2C\x00\x01\xC1\xC1\xC1\xF1\xF0\xF7\xC2\xC2\xC2\xF0\x95\x96\x40\x40\x40\xE9\xE9";
    let two = b"\xC1\xF0\xF0\xF2\x00\x0C\x00\x02\x95\x96\x40\x40\x40\x94\x85\x40\x40\x40\xE8\xE8";
    ([&one[..], two].concat(), [one.len(), two.len()])
}

#[test]
fn records_end_where_their_counters_say() {
    let format = by_layout(ORDER);
    assert_eq!(format.framing.to_string(), "records as long as their layouts and counters say");
    let (file, lengths) = two_orders();
    for step in [1, 3, 7, 1000] {
        let (cuts, error) = cut(&format, &file, step);
        assert!(error.is_none(), "{error:?}");
        assert_eq!(cuts.iter().map(|(_, _, record)| record.len()).collect::<Vec<_>>(), lengths);
        assert_eq!(
            line(&format, &cuts[0].2),
            r#"{"ID":"A001","N-ITEM":"2","N-NOTE":1,"ITEM":[{"SKU":"AAA","N-LOT":"1","LOT":["7"]},{"SKU":"BBB","N-LOT":"0","LOT":[]}],"NOTE":["no"],"TAIL":"ZZ"}"#
        );
        assert_eq!(
            line(&format, &cuts[1].2),
            r#"{"ID":"A002","N-ITEM":"0","N-NOTE":2,"ITEM":[],"NOTE":["no","me"],"TAIL":"YY"}"#
        );
    }
    // The mirror writes them without anything between, and refuses what would not be cut so.
    let (mut framer, mut out) = (Framer::new(format.framing.clone()), Vec::new());
    framer.put(&file[..lengths[0]], &mut out).unwrap();
    let long = framer.put(&file, &mut out).unwrap_err();
    assert_eq!((long.code, long.n), (Code::LENGTH, 2));
    framer.put(&file[lengths[0]..], &mut out).unwrap();
    framer.finish(&mut out);
    assert_eq!(out, file);
}

#[test]
fn a_counter_that_says_no_length_ends_the_file_there() {
    let format = by_layout(ORDER);
    let (good, [first, _]) = two_orders();
    let cases: [(usize, &[u8], &str); 4] = [
        (
            first + 4,
            b"\x00\x7C",
            "FPP1020: record 2 at byte 25 of ORDER has the counter N-ITEM (007C) at its byte 5: FPP2015 the counter is not",
        ),
        (
            first + 4,
            b"\x00\x1D",
            "FPP1020: record 2 at byte 25 of ORDER has the counter N-ITEM (001D) at its byte 5: FPP2015",
        ),
        (
            first + 4,
            b"\x0A\x0C",
            "FPP1020: record 2 at byte 25 of ORDER has the counter N-ITEM (0A0C) at its byte 5: FPP2001",
        ),
        (
            first + 6,
            b"\x00\x00",
            "FPP1020: record 2 at byte 25 of ORDER has the counter N-NOTE (0000) at its byte 7: FPP2015",
        ),
    ];
    for (at, bytes, told) in cases {
        let mut file = good.clone();
        file.splice(at..at + bytes.len(), bytes.iter().copied());
        // Good records behind it are not looked for.
        file.extend(&good);
        for step in [1, 1000] {
            let (cuts, error) = cut(&format, &file, step);
            let error = error.unwrap();
            assert_eq!(cuts.len(), 1);
            assert!(error.to_string().starts_with(told), "{error}");
            let CutError::Frame(frame) = error else { panic!("{error}") };
            assert_eq!((frame.code, frame.n, frame.offset), (Code::COUNTER, 2, first as u64));
            let Wrong::Counter(bad) = frame.wrong else { panic!("{:?}", frame.wrong) };
            assert_eq!(bad.start, at - first);
        }
        let refused = Framer::new(format.framing.clone()).put(&file[first..first + 20], &mut Vec::new()).unwrap_err();
        assert_eq!(refused.code, Code::COUNTER);
    }
    let (cuts, error) = cut(&format, &good[..good.len() - 1], 4);
    assert_eq!((cuts.len(), error.unwrap().code()), (1, Code::LENGTH), "the file ends within a record");
}

#[test]
fn what_may_follow_the_last_record_follows_it() {
    let format = by_layout(ORDER);
    for tail in [&[0x1A][..], &[0x1A; 300], &[0; 5], &[0; 7]] {
        let file = [two_orders().0, tail.to_vec()].concat();
        let (cuts, error) = cut(&format, &file, 5);
        assert!(error.is_none(), "{error:?} after {tail:?}");
        assert_eq!(cuts.len(), 2);
    }
}

#[test]
fn letters_count_and_line_ends_are_checked() {
    let toml = r#"
name = "F"
version = "1"
ccsid = "utf-8"
framing = "by-layout"
line_end = "lf"
[[record]]
role = "detail"
name = "H"
select = { at = 1, equals = "H" }
field = [{ name = "K", type = "char", length = 3 }]
[[record]]
role = "detail"
name = "D"
field = [
  { name = "SIZE", type = "char", length = 1 },
  { name = "SUM", type = "number", digits = 2, signed = true, occurs = { least = 0, most = 9, depending = "SIZE", map = { A = 0, B = 2, Z = 9 } } },
]
"#;
    let format = format(toml).unwrap();
    let file = b"H12\nB+01-02\nA\nH34\n";
    let (cuts, error) = cut(&format, file, 2);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(cuts.iter().map(|(_, at, _)| *at).collect::<Vec<_>>(), [0, 4, 12, 14]);
    assert_eq!(line(&format, &cuts[1].2), r#"{"SIZE":"B","SUM":["1","-2"]}"#);
    let (cuts, error) = cut(&format, b"A\nQ\nA\n", 2);
    let error = error.unwrap();
    assert_eq!((cuts.len(), error.code()), (1, Code::COUNTER));
    // The text of a layout without sensitive fields is not for messages.
    assert!(error.to_string().contains("counter SIZE (***) at its byte 1"), "{error}");
    let (_, error) = cut(&format, b"B+01-02x\n", 2);
    assert_eq!(error.unwrap().code(), Code::LENGTH, "no line end where the counter says");
}

#[test]
fn select_never_looks_into_the_next_record() {
    let toml = |at: usize| {
        format!(
            "name = \"F\"\nversion = \"1\"\nccsid = \"37\"\nframing = \"by-layout\"\n\
             [[record]]\nrole = \"detail\"\nname = \"LONG\"\nselect = {{ at = {at}, equals = \"X\" }}\n\
             field = [{{ name = \"A\", type = \"char\", length = 9 }}]\n\
             [[record]]\nrole = \"detail\"\nname = \"SHORT\"\nfield = [{{ name = \"B\", type = \"char\", length = 4 }}]\n"
        )
    };
    assert!(format(&toml(4)).is_ok());
    let told = format(&toml(5)).unwrap_err();
    assert!(
        told.contains("LONG: select looks at byte 5, but SHORT, which it is tried before, may end after 4"),
        "{told}"
    );
}

#[test]
fn a_name_for_the_index_tells_layouts_apart() {
    let names =
        [ORDER.to_owned(), ORDER.replace("1 TO 3", "0 TO 3"), ORDER.replace("PIC S9(3) COMP-3", "PIC 9(3) COMP-3")]
            .map(|copybook| by_layout(&copybook).framing.name());
    assert!(names[0] != names[1] && names[1] != names[2] && names[0] != names[2], "{names:?}");
    assert_eq!(names[0], by_layout(ORDER).framing.name());
}

/// A copybook of random counters and arrays, and what its records hold.
#[derive(Clone, Debug)]
struct Varying {
    usage: &'static str,
    digits: usize,
    most: usize,
    least: usize,
    nested: Option<(&'static str, usize)>,
    width: usize,
}

fn varying() -> impl Strategy<Value = Varying> {
    let usage = || prop::sample::select(vec!["", " COMP", " COMP-3", " COMP-5", " SIGN LEADING SEPARATE", " COMP-6"]);
    (usage(), 1usize..4, 1usize..7, 0usize..3, prop::option::of((usage(), 1usize..4)), 1usize..9).prop_map(
        |(usage, digits, most, least, nested, width)| Varying {
            usage,
            digits,
            most,
            least: least.min(most),
            nested,
            width,
        },
    )
}

fn pic(usage: &str, digits: usize) -> String {
    let sign = if usage.contains("SIGN") { "S" } else { "" };
    format!("PIC {sign}9({digits}){usage}")
}

fn copybook(parts: &[Varying]) -> String {
    let mut text = "01 R.\n 05 HEAD PIC X(2).\n".to_owned();
    for (at, part) in parts.iter().enumerate() {
        text += &format!(" 05 N{at} {}.\n", pic(part.usage, part.digits));
    }
    for (at, part) in parts.iter().enumerate() {
        let Varying { most, least, width, .. } = part;
        text += &format!(" 05 G{at} OCCURS {least} TO {most} DEPENDING ON N{at}.\n  10 V{at} PIC X({width}).\n");
        if let Some((usage, most)) = part.nested {
            text +=
                &format!("  10 M{at} {}.\n  10 W{at} PIC 9(2) OCCURS 0 TO {most} DEPENDING ON M{at}.\n", pic(usage, 1));
        }
    }
    text + " 05 TAIL PIC X(1).\n"
}

/// The line of a record whose counters are what `picks` says.
fn record_line(parts: &[Varying], picks: &mut impl Iterator<Item = usize>) -> String {
    let mut pick = |from: usize, to: usize| from + picks.next().unwrap_or(0) % (to - from + 1);
    let number =
        |usage: &str, n: usize| match usage.starts_with(" COMP") && !usage.contains("-3") && !usage.contains("-6") {
            true => n.to_string(),
            false => format!("\"{n}\""),
        };
    let counts: Vec<usize> = parts.iter().map(|part| pick(part.least, part.most)).collect();
    let mut fields = vec!["\"HEAD\":\"R\"".to_owned()];
    fields.extend(
        parts.iter().zip(&counts).enumerate().map(|(at, (part, n))| format!("\"N{at}\":{}", number(part.usage, *n))),
    );
    for (at, (part, count)) in parts.iter().zip(counts).enumerate() {
        let items: Vec<String> = (0..count)
            .map(|n| {
                let value = format!("\"V{at}\":\"{}\"", n % 10);
                let Some((usage, most)) = part.nested else { return format!("{{{value}}}") };
                let inner = pick(0, most);
                let all: Vec<String> = (0..inner).map(|n| format!("\"{n}\"")).collect();
                format!("{{{value},\"M{at}\":{},\"W{at}\":[{}]}}", number(usage, inner), all.join(","))
            })
            .collect();
        fields.push(format!("\"G{at}\":[{}]", items.join(",")));
    }
    fields.push("\"TAIL\":\"T\"".to_owned());
    format!("{{\"type\":\"R\",\"fields\":{{{}}}}}", fields.join(","))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn random_layouts_are_cut_as_they_were_written(
        parts in prop::collection::vec(varying(), 1..4),
        picks in prop::collection::vec(0usize..50, 0..120),
        step in 1usize..40,
    ) {
        let format = by_layout(&copybook(&parts));
        let mut picks = picks.into_iter();
        let (mut framer, mut file) = (Framer::new(format.framing.clone()), Vec::new());
        let (mut lines, mut records) = (Vec::new(), Vec::new());
        while picks.len() > 0 {
            let line = record_line(&parts, &mut picks);
            let (mut row, mut record) = (Row::default(), Vec::new());
            let index = json::read(&format, &line, &mut row).map_err(|e| TestCaseError::fail(format!("{e}: {line}")))?;
            format.records[index].encode(&row, &mut record).map_err(|e| TestCaseError::fail(format!("{e}: {line}")))?;
            prop_assert!(framer.put(&record, &mut file).is_ok());
            lines.push(line);
            records.push(record);
        }
        framer.finish(&mut file);
        let (cuts, error) = cut(&format, &file, step);
        prop_assert!(error.is_none(), "{:?}", error);
        prop_assert_eq!(cuts.iter().map(|(_, _, record)| record.clone()).collect::<Vec<_>>(), records);
        for ((_, _, record), written) in cuts.iter().zip(&lines) {
            let fields = format!("{{\"type\":\"R\",\"fields\":{}}}", line(&format, record));
            prop_assert_eq!(&fields, written);
        }
        let mut indexer = Indexer::new(&format.framing, 1);
        file.chunks(step).for_each(|piece| indexer.feed(piece));
        prop_assert_eq!(indexer.finish(), cuts.iter().map(|(_, at, _)| *at).collect::<Vec<_>>());
    }

    #[test]
    fn broken_bytes_cut_alike_however_they_come(
        parts in prop::collection::vec(varying(), 1..4),
        file in prop::collection::vec(prop_oneof![Just(0xF0u8), Just(0xF1), Just(0), Just(0x1C), Just(0x0C), Just(0x1A), any::<u8>()], 0..300),
        step in 1usize..40,
    ) {
        let format = by_layout(&copybook(&parts));
        let whole = cut(&format, &file, file.len().max(1));
        let pieces = cut(&format, &file, step);
        prop_assert_eq!(&whole.0, &pieces.0);
        prop_assert_eq!(whole.1.as_ref().map(ToString::to_string), pieces.1.as_ref().map(ToString::to_string));
        // What was cut is what the decoder takes for the whole record: no byte is missing, none is too many.
        let mut row = Row::default();
        for (_, _, record) in &whole.0 {
            format.records[0].decode(record, &mut row);
            prop_assert!(row.faults.iter().all(|fault| fault.code != Code::LENGTH), "{:?}", row.faults);
            let mut out = Vec::new();
            prop_assert!(Framer::new(format.framing.clone()).put(record, &mut out).is_ok());
            prop_assert_eq!(&out, record);
        }
        if let Some((_, at, _)) = whole.0.last() {
            let start = Place { n: whole.0.len() as u64, offset: *at, left: 0 };
            let mut cutter = Cutter::new(format.framing.clone(), &file[*at as usize..]).starting(start);
            prop_assert_eq!(cutter.next().unwrap().map(|cut| cut.bytes.to_vec()), whole.0.last().map(|(_, _, record)| record.clone()));
        }
    }
}
