//! The product file as a mainframe writes it: a copybook, records with an RDW, as many remarks as there are; and the same
//! records with nothing between them, or of one length, behind a byte-order mark or with ? for its characters. And
//! positions with alternatives, an array, and legs that are counted.

use super::{Input, one};
use fpp_codecs::format::Format;
use fpp_codecs::framing::Framer;
use fpp_codecs::json;
use fpp_codecs::record::Row;

pub(crate) fn inputs() -> Vec<Input> {
    vec![
        one("copybook-rdw", || made("copybook-rdw", PRODUCTS)),
        one("copybook-counters", || made("copybook-counters", PRODUCTS)),
        one("byte-order-mark", || [b"\xEF\xBB\xBF".to_vec(), made("byte-order-mark", TEXTS)].concat()),
        one("lost-characters", || made("lost-characters", LOST)),
        one("transcode-arrays", || made("transcode-arrays", POSITIONS)),
    ]
}

/// As the lines that `fpp decode` would give.
const PRODUCTS: &[&str] = &[
    r#"{"fields":{"INST-ID":"Au99.99","INST-NAME":"黄金9999","METAL":"AU","LOT-GRAMS":"10.0000","TICK":"0.0100",
        "FINENESS":"999.900","EFF-DATE":"2014-01-02","END-DATE":null,"REMARK-COUNT":2,
        "REMARKS":[{"REMARK":"一手十克"},{"REMARK":"SPOT"}]}}"#,
    r#"{"fields":{"INST-ID":"Ag(T+D)","INST-NAME":"白银延期","METAL":"AG","LOT-GRAMS":"1000.0000","TICK":{"raw":"4040404040"},
        "FINENESS":"999.000","EFF-DATE":"2006-10-30","END-DATE":null,"REMARK-COUNT":0,"REMARKS":[]}}"#,
    r#"{"fields":{"INST-ID":"Au50g","INST-NAME":"50克金条","METAL":"AU","LOT-GRAMS":"50.0000","TICK":"0.0100",
        "FINENESS":"999.900","EFF-DATE":"2008-01-09","END-DATE":"2019-12-31","REMARK-COUNT":1,
        "REMARKS":[{"REMARK":"已停止"}]}}"#,
];

const TEXTS: &[&str] = &[
    r#"{"fields":{"INST-ID":"Au99.99","INST-NAME":"黄金9999","METAL":"AU","LOT-GRAMS":"10.0000","TICK":"0.0100",
        "FINENESS":"999.900","EFF-DATE":"2014-01-02","END-DATE":null,"REMARK":"一手十克"}}"#,
    r#"{"fields":{"INST-ID":"Ag(T+D)","INST-NAME":"白银延期","METAL":"AG","LOT-GRAMS":"1000.0000","TICK":"1.0000",
        "FINENESS":"999.000","EFF-DATE":"2006-10-30","END-DATE":null,"REMARK":""}}"#,
];

const LOST: &[&str] = &[
    r#"{"fields":{"INST-ID":"Au99.99","INST-NAME":"????9999","METAL":"AU","LOT-GRAMS":"10.0000","TICK":"0.0100",
        "FINENESS":"999.900","EFF-DATE":"2014-01-02","END-DATE":null,"REMARK":"????????"}}"#,
    r#"{"fields":{"INST-ID":"Ag(T+D)","INST-NAME":"????????","METAL":"AG","LOT-GRAMS":"1000.0000","TICK":"1.0000",
        "FINENESS":"999.000","EFF-DATE":"2006-10-30","END-DATE":null,"REMARK":""}}"#,
];

const POSITIONS: &[&str] = &[
    r#"{"fields":{"ACCT":"A1","POS-DATE":"20250620","KIND":"P","PERSON":{"NAME":"张三丰","BORN":"19800102"},
        "RATE":["1.25","-3.50"],"LEG-COUNT":2,
        "LEGS":[{"AMT":"-12.34","DAYS":["001","002"]},{"AMT":"999999999.99","DAYS":["003","004"]}]}}"#,
    r#"{"fields":{"ACCT":"A2","POS-DATE":"20250620","KIND":"C","COMPANY":{"TAX-NO":"-12345"},
        "RATE":["0.00","0.01"],"LEG-COUNT":0,"LEGS":[]}}"#,
    r#"{"fields":{"ACCT":"A3","POS-DATE":"20250620","KIND":"P","PERSON":{"NAME":"LEE","BORN":"19991231"},
        "RATE":["999.99","-999.99"],"LEG-COUNT":1,"LEGS":[{"AMT":"0.01","DAYS":["030","180"]}]}}"#,
];

fn made(case: &str, lines: &[&str]) -> Vec<u8> {
    let folder = super::case::all().join(case);
    let mut read = |name: &str| std::fs::read_to_string(folder.join(name)).map_err(|e| e.to_string());
    // The blanks of the second record are dirt on purpose, which only a field that keeps dirt can write.
    let text = read("format.toml").unwrap().replace("dirty = \"null\"", "dirty = \"keep\"");
    let format = Format::parse("format.toml", &text, &mut read, None).unwrap_or_else(|f| panic!("{f:?}")).0;
    let (mut framer, mut file) = (Framer::new(format.framing.clone()), Vec::new());
    for line in lines {
        let (mut row, mut record) = (Row::default(), Vec::new());
        let index = json::read(&format, &line.replace('\n', ""), &mut row).unwrap();
        format.records[index].encode(&row, &mut record).unwrap_or_else(|fault| panic!("{fault:?}"));
        framer.put(&record, &mut file).unwrap();
    }
    framer.finish(&mut file);
    file
}
