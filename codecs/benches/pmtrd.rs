//! PMTRD records (480 bytes, mixed 1388 text, packed, zoned, float) to JSON lines, in memory, one thread.
//!
//! Beside it the same work by a straight loop written for this one layout, which is what the decoder is measured
//! against. Both print good records beside the speed, and both outputs are compared byte for byte before the clock
//! starts. Speed is MiB of input in a second of processor time.
//!
//! `cargo bench -p fpp-codecs --bench pmtrd`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement prints, and stops at the first surprise")]

use fpp_codecs::format::{Format, Role};
use fpp_codecs::json;
use fpp_codecs::record::Row;
use fpp_codecs::text::{self, Page};
use std::hint::black_box;
use std::io::Write;

const RECORD: usize = 480;
const RECORDS: usize = 20_000;
const RUNS: usize = 7;

fn main() {
    let format = format();
    let file = data(&format);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    assert_eq!((decode(&format, &file, &mut ours), by_hand(&file, &mut theirs)), (RECORDS, RECORDS));
    assert!(ours == theirs, "the two outputs differ");
    let mib = file.len() as f64 / 1_048_576.0;
    println!("{RECORDS} records, {mib:.1} MiB in, {:.1} MiB out, best of {RUNS} runs", ours.len() as f64 / 1_048_576.0);
    let mut row = Row::default();
    let record = format.record(Role::Detail).unwrap();
    report("decode to rows", mib, || {
        file.chunks_exact(RECORD)
            .filter(|bytes| {
                record.decode(bytes, &mut row);
                black_box(&row).faults.is_empty()
            })
            .count()
    });
    report("decode to JSON lines", mib, || decode(&format, &file, &mut ours));
    report("the loop by hand to JSON lines", mib, || by_hand(&file, &mut theirs));
}

fn report(name: &str, mib: f64, mut run: impl FnMut() -> usize) {
    let mut best = f64::MAX;
    let mut good = 0;
    for _ in 0..RUNS {
        // The processor clock ticks in hundredths of a second, so each run repeats the file.
        let repeats = 10;
        let before = processor_seconds();
        for _ in 0..repeats {
            good = run();
        }
        best = best.min((processor_seconds() - before) / f64::from(repeats));
    }
    println!("{name}: {:.0} MiB/s, {good} good of {RECORDS}", mib / best);
}

/// User and system time of this process, from the kernel's own account.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap();
    let nanoseconds: f64 = stat.split(' ').next().unwrap().parse().unwrap();
    nanoseconds / 1e9
}

fn format() -> Format {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/layouts/");
    let mut read = |name: &str| std::fs::read_to_string(format!("{folder}{name}")).map_err(|e| e.to_string());
    let text = read("pmtrd.toml").unwrap();
    Format::parse("pmtrd.toml", &text, &mut read, None).unwrap().0
}

fn data(format: &Format) -> Vec<u8> {
    let record = format.record(Role::Detail).unwrap();
    let mut file = Vec::with_capacity(RECORD * RECORDS);
    let mut row = Row::default();
    for n in 1..=RECORDS {
        row.clear();
        for field in &record.layout.fields {
            row.push_text(&value(&field.name, n));
        }
        record.encode(&row, &mut file).unwrap();
    }
    file
}

fn value(name: &str, n: usize) -> String {
    let products = ["黄金延期 Au(T+D)", "白银延期 Ag(T+D)", "迷你黄金延期 mAu(T+D)", "铂金 Pt99.95"];
    let names = ["王小明", "中国工商银行股份有限公司上海市分行营业部", "欧阳·买买提", "ABC贸易(深圳)有限公司", "李娜"];
    match name {
        "RECTYP" => "D".into(),
        "SEQNO" => n.to_string(),
        "TRDNO" => format!("BK20250620{n:010}"),
        "MATNO" => format!("M{:012}", n * 7919),
        "ORDNO" => format!("O2025{:09}", n * 31),
        "TRDDAT" => "20250620".into(),
        "ACTDAT" => "1250620".into(),
        "TRDTS" => format!("2025-06-20-{:02}.{:02}.{:02}.{:06}", n % 24, n % 60, n * 7 % 60, n * 37 % 1_000_000),
        "MKTID" => "10".into(),
        "INSTID" => ["Au(T+D)", "Ag(T+D)", "mAu(T+D)", "Pt99.95"][n % 4].into(),
        "INSTNM" => products[n % 4].into(),
        "BSFLG" | "OFFFLG" => (n % 2).to_string(),
        "LOTS" => (n % 500).to_string(),
        "QTY" => format!("{}.{:04}", n % 100_000, n % 10_000),
        "UNIT" => "G".into(),
        "PRICE" => format!("{}.{:02}", 700 + n % 90, n % 100),
        "AMT" => format!("{}.{:02}", n * 7_901_234 % 1_000_000_000, n % 100),
        "FEE" => format!("{}.{:02}", n % 1000, n % 100),
        "PNL" => format!("-{}.{:02}", n % 10_000, n % 100),
        "CCY" => "CNY".into(),
        "CUSTNO" => format!("C{:09}", n * 13),
        "CUSTNM" => names[n % 5].into(),
        "ACCTNO" => format!("622202{:013}", n * 104_729),
        "BRNO" => format!("{:06}", n % 999_999),
        "CHNL" => "MOB".into(),
        "CPTY" => "SGE0001".into(),
        "STAT" => "00".into(),
        "VALDAT" => "2025-06-23".into(),
        "EXRATE" => "7.1875".into(),
        "FLAGS" => format!("{:04X}", n % 65_536),
        _ => String::new(),
    }
}

fn decode(format: &Format, file: &[u8], out: &mut Vec<u8>) -> usize {
    out.clear();
    let mut row = Row::default();
    let mut good = 0;
    for (index, bytes) in file.chunks_exact(RECORD).enumerate() {
        let Some(record) = format.select(bytes).and_then(|at| format.records.get(at)) else { continue };
        record.decode(bytes, &mut row);
        good += usize::from(row.faults.is_empty());
        json::write(record, index as u64 + 1, (index * RECORD) as u64, &row, out);
    }
    good
}

/// The same lines by a loop that knows the layout: offsets, types and names are written into the code.
fn by_hand(file: &[u8], out: &mut Vec<u8>) -> usize {
    out.clear();
    let mut hand = Hand { scratch: String::new(), good: true };
    let mut good = 0;
    for (index, r) in file.chunks_exact(RECORD).enumerate() {
        hand.good = true;
        write!(out, "{{\"n\":{},\"offset\":{},\"type\":\"PMTRDD\",\"fields\":{{", index + 1, index * RECORD).unwrap();
        hand.text(out, "\"RECTYP\":", &r[0..1]);
        hand.zoned(out, ",\"SEQNO\":", &r[1..10]);
        hand.text(out, ",\"TRDNO\":", &r[10..30]);
        hand.text(out, ",\"MATNO\":", &r[30..50]);
        hand.text(out, ",\"ORDNO\":", &r[50..70]);
        hand.zoned(out, ",\"TRDDAT\":", &r[70..78]);
        hand.packed(out, ",\"ACTDAT\":", &r[78..82], 0);
        hand.text(out, ",\"TRDTS\":", &r[82..108]);
        hand.text(out, ",\"MKTID\":", &r[108..110]);
        hand.text(out, ",\"INSTID\":", &r[110..122]);
        hand.text(out, ",\"INSTNM\":", &r[122..156]);
        hand.text(out, ",\"BSFLG\":", &r[156..157]);
        hand.text(out, ",\"OFFFLG\":", &r[157..158]);
        hand.packed(out, ",\"LOTS\":", &r[158..163], 0);
        hand.packed(out, ",\"QTY\":", &r[163..170], 4);
        hand.text(out, ",\"UNIT\":", &r[170..172]);
        hand.packed(out, ",\"PRICE\":", &r[172..178], 4);
        hand.packed(out, ",\"AMT\":", &r[178..187], 2);
        hand.packed(out, ",\"FEE\":", &r[187..193], 2);
        hand.packed(out, ",\"PNL\":", &r[193..201], 2);
        hand.text(out, ",\"CCY\":", &r[201..204]);
        hand.text(out, ",\"CUSTNO\":", &r[204..220]);
        hand.text(out, ",\"CUSTNM\":", &r[220..304]);
        hand.text(out, ",\"ACCTNO\":", &r[304..328]);
        hand.text(out, ",\"BRNO\":", &r[328..334]);
        hand.text(out, ",\"CHNL\":", &r[334..337]);
        hand.text(out, ",\"CPTY\":", &r[337..345]);
        hand.text(out, ",\"STAT\":", &r[345..347]);
        hand.text(out, ",\"ORGNO\":", &r[347..367]);
        hand.text(out, ",\"VALDAT\":", &r[367..377]);
        let rate = f32::from_be_bytes([r[377], r[378], r[379], r[380]]);
        write!(out, ",\"EXRATE\":{rate},\"FLAGS\":\"{:02X}{:02X}\"}}}}", r[381], r[382]).unwrap();
        out.push(b'\n');
        good += usize::from(hand.good && r[383..].iter().all(|b| *b == 0x40));
    }
    good
}

struct Hand {
    scratch: String,
    good: bool,
}

impl Hand {
    fn text(&mut self, out: &mut Vec<u8>, key: &str, bytes: &[u8]) {
        let end = bytes.iter().rposition(|b| *b != 0x40).map_or(0, |at| at + 1);
        self.scratch.clear();
        self.good &= text::decode(Page::Cp1388, &bytes[..end], &mut self.scratch).is_ok();
        out.extend_from_slice(key.as_bytes());
        out.push(b'"');
        for byte in self.scratch.bytes() {
            match byte {
                b'"' | b'\\' => out.extend([b'\\', byte]),
                byte => out.push(byte),
            }
        }
        out.push(b'"');
    }

    fn zoned(&mut self, out: &mut Vec<u8>, key: &str, bytes: &[u8]) {
        let mut value = 0u64;
        for byte in bytes {
            self.good &= (0xF0..=0xF9).contains(byte);
            value = value * 10 + u64::from(byte & 15);
        }
        write!(out, "{key}\"{value}\"").unwrap();
    }

    fn packed(&mut self, out: &mut Vec<u8>, key: &str, bytes: &[u8], decimals: u32) {
        let mut value = 0i64;
        let (last, front) = bytes.split_last().unwrap();
        for byte in front {
            self.good &= byte >> 4 <= 9 && byte & 15 <= 9;
            value = value * 100 + i64::from((byte >> 4) * 10 + (byte & 15));
        }
        self.good &= last >> 4 <= 9 && last & 15 > 9;
        value = value * 10 + i64::from(last >> 4);
        let minus = if matches!(last & 15, 0x0B | 0x0D) && value != 0 { "-" } else { "" };
        if decimals == 0 {
            write!(out, "{key}\"{minus}{value}\"").unwrap();
        } else {
            let power = 10i64.pow(decimals);
            let width = decimals as usize;
            write!(out, "{key}\"{minus}{}.{:0width$}\"", value / power, value % power).unwrap();
        }
    }
}
