//! Inputs that are wrong as a whole, or come again.

use super::book::{Book, made, spec, spoiled};
use super::{Input, one, several};
use fpp::demo::generate::{Harm, Series, Spec, Spoil};
use fpp_codecs::date::Date;

pub(crate) fn inputs() -> Vec<Input> {
    [harmed(), framed(), empty(), series()].concat()
}

/// What happens to a whole file on the way or at the core's end of batch.
fn harmed() -> Vec<Input> {
    fn harm(harm: Harm) -> Vec<u8> {
        spoiled(Series::Ebcdic, 4, &[Spoil::File(harm)])
    }
    vec![
        one("wrong-count", || harm(Harm::LyingCount)),
        one("wrong-sum", || harm(Harm::LyingAmount)),
        one("wrong-hash", || harm(Harm::LyingHash)),
        one("wrong-sum-gbk", || spoiled(Series::Gbk, 4, &[Spoil::File(Harm::LyingAmount)])),
        one("no-trailer", || harm(Harm::NoTrailer)),
        one("no-header", || harm(Harm::NoHeader)),
        one("other-date", || harm(Harm::OtherDate)),
        one("cut-last-record", || harm(Harm::CutLastRecord)),
        one("cut-last-line", || spoiled(Series::Gbk, 4, &[Spoil::File(Harm::CutLastRecord)])),
        one("text-mode", || harm(Harm::TextMode)),
    ]
}

/// Records that stand where they must not, or say what they must not.
fn framed() -> Vec<Input> {
    vec![
        one("no-layout", || {
            let mut book = Book::ebcdic(4);
            book.details[2][0] = 0xE7; // X
            book.bytes()
        }),
        one("after-trailer", || {
            let book = Book::ebcdic(3);
            let records = [&book.header, &book.details[0], &book.trailer, &book.details[1], &book.details[2]];
            book.of_records(records)
        }),
        one("bad-trailer", || Book::ebcdic(3).put_tail("TOTAMT", 2, &[0xFF]).bytes()),
        one("other-file-id", || Book::ebcdic(3).head("FILEID", "PMREC").bytes()),
        one("impossible-date", || {
            let mut book = Book::ebcdic(3);
            book.header[26 + 6..26 + 8].copy_from_slice(&[0xF3, 0xF1]); // the 31st of June
            book.bytes()
        }),
        one("marker-other-digest", || Book::ebcdic(2).bytes()),
        one("marker-other-size", || Book::ebcdic(2).bytes()),
        one("marker-fits", || Book::ebcdic(2).bytes()),
        one("control-fits", || Book::ebcdic(2).bytes()),
        one("control-other-count", || Book::ebcdic(2).bytes()),
        one("control-other-amount", || Book::ebcdic(2).bytes()),
        one("index-fits", || Book::ebcdic(2).bytes()),
        one("marker-missing", || Book::ebcdic(2).bytes()),
        one("long-name", || Book::ebcdic(2).bytes()),
        one("relay", || Book::ebcdic(3).bytes()),
        one("relay-back", || Book::gbk(3).bytes()),
        one("transcode-misfit", || Book::ebcdic(2).set(2, "CUSTNM", "㐂").summed().bytes()),
        several("transcode-utf8", || {
            // 16 characters of three bytes each, one of which GBK lacks; two more bytes fill the field, three do not fit.
            let name = |more: &str| format!("{}㐂{more}", "司徒浩".repeat(5));
            let second = Book::of(&Spec { batch: 2, ..spec(Series::Ebcdic, 2) });
            vec![Book::ebcdic(3).set(2, "CUSTNM", &name("AB")).bytes(), second.set(2, "CUSTNM", &name("ABC")).bytes()]
        }),
        several("transcode-gb18030", || {
            // 22 characters of two bytes and one of four; two more bytes fill the field, three do not fit.
            let name = |more: &str| format!("{}㐂{more}", "司徒".repeat(11));
            let second = Book::of(&Spec { batch: 2, ..spec(Series::Ebcdic, 2) });
            vec![Book::ebcdic(3).set(2, "CUSTNM", &name("AB")).bytes(), second.set(2, "CUSTNM", &name("ABC")).bytes()]
        }),
        one("table", || Book::ebcdic(3).put(2, "FEE", 1, &[0x3F]).bytes()),
    ]
}

fn empty() -> Vec<Input> {
    vec![
        one("empty-reject", Vec::new),
        one("empty-accept", Vec::new),
        one("empty-accept-no-identity", Vec::new),
        one("no-trades", || Book::ebcdic(0).bytes()),
    ]
}

/// Files of one series: again, in another run, on another day.
fn series() -> Vec<Input> {
    fn usual() -> Vec<u8> {
        Book::ebcdic(3).put(2, "FEE", 1, &[0x3F]).bytes()
    }
    fn changed() -> Vec<u8> {
        Book::ebcdic(3).set(1, "CHNL", "XXX").set(3, "FEE", "0.01").bytes()
    }
    fn run(run: u8) -> Vec<u8> {
        made(&Spec { run, ..spec(Series::Ebcdic, 3) })
    }
    vec![
        one("duplicate", usual),
        several("other-bytes", || vec![usual(), changed()]),
        several("other-bytes-rejected", || vec![usual(), changed()]),
        several("other-bytes-released", || vec![Book::ebcdic(3).bytes(), changed()]),
        several("same-name-next-day", || {
            let next = Date { year: 2025, month: 6, day: 23 };
            vec![Book::ebcdic(2).bytes(), made(&Spec { date: next, ..spec(Series::Ebcdic, 2) })]
        }),
        several("higher-run", || vec![run(0), run(1)]),
        several("higher-run-after-rejected", || {
            vec![spoiled(Series::Ebcdic, 3, &[Spoil::File(Harm::LyingAmount)]), run(1)]
        }),
        several("higher-run-mended", || vec![usual(), run(1)]),
        several("higher-run-changed", || {
            vec![run(0), Book::of(&Spec { run: 1, ..spec(Series::Ebcdic, 3) }).set(1, "CHNL", "XXX").bytes()]
        }),
        several("lower-run", || vec![run(1), run(0)]),
        one("rejected-again", || spoiled(Series::Ebcdic, 3, &[Spoil::File(Harm::LyingAmount)])),
        one("retry-agreed", || spoiled(Series::Ebcdic, 3, &[Spoil::File(Harm::LyingAmount)])),
        one("day-closed", || Book::ebcdic(2).bytes()),
        one("day-opened", || Book::ebcdic(2).bytes()),
        several("batch-gap", || {
            let batch = |batch| made(&Spec { batch, ..spec(Series::Ebcdic, 2) });
            vec![batch(3), batch(2)]
        }),
        several("supplement", || {
            let mut first = Book::ebcdic(5);
            let forgotten = first.details.pop().unwrap();
            let mut missed = Book::of(&Spec { batch: 2, ..spec(Series::Ebcdic, 2) });
            missed.details = vec![first.details[1].clone(), forgotten];
            let missed = missed.set(1, "SEQNO", "1").set(2, "SEQNO", "2").summed();
            vec![first.summed().put(2, "FEE", 1, &[0x3F]).bytes(), missed.bytes()]
        }),
        one("identity-from-name", || Book::ebcdic(2).bytes()),
        several("counted-batches", || vec![Book::ebcdic(2).bytes(), changed()]),
    ]
}
