//! (c) PMTRD: 480 bytes, mixed text of CCSID 1388, packed, zoned, a float, a timestamp and a date.

use super::hand::{self, Sink};
use super::shape::{Hand, Shape, sample};
use fpp_codecs::text::Page;
use std::hint::black_box;
use std::io::Write;
use std::sync::LazyLock;

const RECORD: usize = 480;
pub const HAND: Hand = Hand { name: "pmtrd", record: RECORD, lines, typed };

pub fn shape() -> Shape {
    Shape::new(&HAND, sample("pmtrd.toml"), 20_000, value)
}

/// A field's value in a record; the same for the twin.
pub fn value(name: &str, n: usize) -> String {
    let products = ["黄金延期 Au(T+D)", "白银延期 Ag(T+D)", "迷你黄金延期mAu", "铂金 Pt99.95"];
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

struct Tables {
    single: [u8; 256],
    double: Vec<u16>,
}

static TABLES: LazyLock<Tables> =
    LazyLock::new(|| Tables { single: hand::ascii_table(Page::Cp1388), double: hand::double_table(Page::Cp1388) });

struct Line<'a> {
    out: &'a mut Vec<u8>,
    tables: &'a Tables,
    good: bool,
}

impl Line<'_> {
    fn text(&mut self, key: &str, field: &[u8]) {
        self.out.extend_from_slice(key.as_bytes());
        self.good &= hand::text(self.out, &self.tables.single, field);
    }

    fn open(&mut self, key: &str, field: &[u8]) {
        self.out.extend_from_slice(key.as_bytes());
        self.good &= hand::mixed(self.out, &self.tables.single, &self.tables.double, field);
    }

    fn packed(&mut self, key: &str, field: &[u8], decimals: usize) {
        self.out.extend_from_slice(key.as_bytes());
        self.good &= hand::packed(self.out, field, decimals);
    }

    fn zoned(&mut self, key: &str, field: &[u8]) {
        self.out.extend_from_slice(key.as_bytes());
        self.good &= hand::digits(self.out, field, 0xF0, 0, false);
    }
}

fn lines(file: &[u8], sink: &mut Sink) -> usize {
    let tables: &Tables = &TABLES;
    let mut good = 0;
    for (index, r) in file.chunks_exact(RECORD).enumerate() {
        let mut line = Line { out: &mut sink.out, tables, good: r[383..].iter().all(|b| *b == 0x40) };
        hand::head(line.out, index + 1, index * RECORD, ",\"type\":\"PMTRDD\",\"fields\":{");
        record(&mut line, r);
        good += usize::from(line.good);
        sink.end_line();
    }
    good
}

fn record(line: &mut Line<'_>, r: &[u8]) {
    line.text("\"RECTYP\":", &r[0..1]);
    line.zoned(",\"SEQNO\":", &r[1..10]);
    line.text(",\"TRDNO\":", &r[10..30]);
    line.text(",\"MATNO\":", &r[30..50]);
    line.text(",\"ORDNO\":", &r[50..70]);
    line.zoned(",\"TRDDAT\":", &r[70..78]);
    line.packed(",\"ACTDAT\":", &r[78..82], 0);
    line.text(",\"TRDTS\":", &r[82..108]);
    line.text(",\"MKTID\":", &r[108..110]);
    line.text(",\"INSTID\":", &r[110..122]);
    line.open(",\"INSTNM\":", &r[122..156]);
    line.text(",\"BSFLG\":", &r[156..157]);
    line.text(",\"OFFFLG\":", &r[157..158]);
    line.packed(",\"LOTS\":", &r[158..163], 0);
    line.packed(",\"QTY\":", &r[163..170], 4);
    line.text(",\"UNIT\":", &r[170..172]);
    line.packed(",\"PRICE\":", &r[172..178], 4);
    line.packed(",\"AMT\":", &r[178..187], 2);
    line.packed(",\"FEE\":", &r[187..193], 2);
    line.packed(",\"PNL\":", &r[193..201], 2);
    line.text(",\"CCY\":", &r[201..204]);
    line.text(",\"CUSTNO\":", &r[204..220]);
    line.open(",\"CUSTNM\":", &r[220..304]);
    line.text(",\"ACCTNO\":", &r[304..328]);
    line.text(",\"BRNO\":", &r[328..334]);
    line.text(",\"CHNL\":", &r[334..337]);
    line.text(",\"CPTY\":", &r[337..345]);
    line.text(",\"STAT\":", &r[345..347]);
    line.text(",\"ORGNO\":", &r[347..367]);
    line.text(",\"VALDAT\":", &r[367..377]);
    let rate = f32::from_be_bytes([r[377], r[378], r[379], r[380]]);
    writeln!(line.out, ",\"EXRATE\":{rate},\"FLAGS\":\"{:02X}{:02X}\"}}}}", r[381], r[382]).unwrap();
}

/// A trade as a program of its own would hold it.
#[derive(Default)]
struct Trade {
    texts: [String; 21],
    names: [String; 2],
    zoned: [i64; 2],
    packed: [i64; 7],
    rate: f32,
    flags: u16,
}

const TEXTS: [(usize, usize); 21] = [
    (0, 1),
    (10, 30),
    (30, 50),
    (50, 70),
    (82, 108),
    (108, 110),
    (110, 122),
    (156, 157),
    (157, 158),
    (170, 172),
    (201, 204),
    (204, 220),
    (304, 328),
    (328, 334),
    (334, 337),
    (337, 345),
    (345, 347),
    (347, 367),
    (367, 377),
    (383, 383),
    (383, 480),
];
const PACKED: [(usize, usize); 7] = [(78, 82), (158, 163), (163, 170), (172, 178), (178, 187), (187, 193), (193, 201)];

fn typed(file: &[u8]) -> usize {
    let tables: &Tables = &TABLES;
    let (mut trade, mut scratch, mut good) = (Trade::default(), Vec::new(), 0);
    for r in file.chunks_exact(RECORD) {
        let mut fine = true;
        for (text, (from, to)) in trade.texts.iter_mut().zip(TEXTS) {
            hand::text_value(text, &tables.single, &r[from..to], &mut fine);
        }
        for (text, (from, to)) in trade.names.iter_mut().zip([(122, 156), (220, 304)]) {
            scratch.clear();
            fine &= hand::mixed(&mut scratch, &tables.single, &tables.double, &r[from..to]);
            text.clear();
            text.push_str(std::str::from_utf8(&scratch).unwrap());
        }
        for (value, (from, to)) in trade.zoned.iter_mut().zip([(1, 10), (70, 78)]) {
            *value = hand::digits_value(&r[from..to], 0xF0, &mut fine);
        }
        for (value, (from, to)) in trade.packed.iter_mut().zip(PACKED) {
            *value = hand::packed_value(&r[from..to], &mut fine);
        }
        trade.rate = f32::from_be_bytes([r[377], r[378], r[379], r[380]]);
        trade.flags = u16::from_be_bytes([r[381], r[382]]);
        black_box(&trade);
        good += usize::from(fine);
    }
    good
}
