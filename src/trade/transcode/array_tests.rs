//! Records with groups, arrays and alternatives, from a mainframe's form to lines in GB 18030 and back.

use super::*;
use fpp_codecs::format::Format;
use fpp_codecs::json;

const CORE: &str = "
       01  POSITION.
           05  ACCT                PIC X(10).
           05  KIND                PIC X.
           05  PERSON.
               10  NAME            PIC X(12).
               10  BORN            PIC 9(8).
           05  COMPANY             REDEFINES PERSON.
               10  TAX-NO          PIC S9(9) COMP-3.
               10  FILLER          PIC X(15).
           05  RATE                PIC S9(3)V99 COMP-3 OCCURS 2 TIMES.
           05  LEG-COUNT           PIC 9(2) COMP.
           05  LEGS                OCCURS 0 TO 3 TIMES DEPENDING ON LEG-COUNT.
               10  AMT             PIC S9(9)V99 COMP-3.
               10  DAY             PIC 9(3) OCCURS 2 TIMES.
";

/// The same names; texts are longer, numbers are digits, a filler stands elsewhere, and each leg has a currency.
const SERVICE: &str = "
       01  POSITION.
           05  ACCT                PIC X(10).
           05  KIND                PIC X.
           05  PERSON.
               10  NAME            PIC X(24).
               10  BORN            PIC 9(8).
           05  COMPANY             REDEFINES PERSON.
               10  TAX-NO          PIC S9(9) SIGN LEADING SEPARATE.
               10  FILLER          PIC X(22).
           05  FILLER              PIC X(3).
           05  RATE                PIC S9(3)V99 SIGN LEADING SEPARATE OCCURS 2 TIMES.
           05  LEG-COUNT           PIC 9(2).
           05  LEGS                OCCURS 0 TO 3 TIMES DEPENDING ON LEG-COUNT.
               10  FILLER          PIC X(1).
               10  CCY             PIC X(3).
               10  AMT             PIC S9(9)V99 SIGN LEADING SEPARATE.
               10  DAY             PIC 9(3) OCCURS 2 TIMES.
";

const CHOICE: &str = r#"[record.fields.PERSON]
choice = { field = "KIND", cases = { P = "PERSON", C = "COMPANY" } }"#;

fn format(copybook: &str, page: &str, fields: &str) -> Format {
    let text = format!(
        "name = \"P\"\ntext = \"p\"\nframing = \"by-layout\"\nccsid = \"{page}\"\nversion = \"1\"\n\
         [[record]]\nrole = \"detail\"\nlayout = \"p.cpy\"\n{fields}\n"
    );
    let mut read = |_: &str| Ok(copybook.to_owned());
    Format::parse("p.toml", &text, &mut read, None).unwrap_or_else(|faults| panic!("{faults:?}")).0
}

fn core() -> Format {
    format(CORE, "1388", CHOICE)
}

fn service() -> Format {
    format(SERVICE, "gb18030-2022", CHOICE)
}

fn currency() -> Rules {
    Rules { set: [("CCY".to_owned(), "CNY".to_owned())].into(), ..Rules::default() }
}

/// A record as `fpp decode` tells it.
fn record(format: &Format, line: &str) -> Vec<u8> {
    let (mut row, mut bytes) = (Row::default(), Vec::new());
    let index = json::read(format, line, &mut row).unwrap();
    format.records[index].encode(&row, &mut bytes).unwrap_or_else(|fault| panic!("{fault:?}"));
    bytes
}

fn over(with: &Transcoder, from: &Format, bytes: &[u8]) -> Result<Vec<u8>, Misfit> {
    let (mut row, mut out) = (Row::default(), Vec::new());
    from.records[0].decode(bytes, &mut row);
    assert!(row.faults.is_empty(), "{:?}", row.faults);
    with.write(0, &row, &mut Row::default(), &mut out).map(|()| out)
}

const LINES: [&str; 3] = [
    r#"{"fields":{"ACCT":"A1","KIND":"P","PERSON":{"NAME":"张三丰","BORN":"19800102"},"RATE":["1.25","-3.50"],
        "LEG-COUNT":2,"LEGS":[{"AMT":"-12.34","DAY":["001","002"]},{"AMT":"999999999.99","DAY":["003","004"]}]}}"#,
    r#"{"fields":{"ACCT":"A2","KIND":"C","COMPANY":{"TAX-NO":"-12345"},"RATE":["0.00","0.01"],"LEG-COUNT":0,"LEGS":[]}}"#,
    r#"{"fields":{"ACCT":"A3","KIND":"P","PERSON":{"NAME":"LEE","BORN":"19991231"},"RATE":["999.99","-999.99"],
        "LEG-COUNT":3,"LEGS":[{"AMT":"0.00","DAY":["0","7"]},{"AMT":"0.01","DAY":["8","9"]},{"AMT":"1.00","DAY":["10","11"]}]}}"#,
];

#[test]
fn elements_go_to_elements_and_back_byte_for_byte() {
    let (core, service) = (core(), service());
    let there = Transcoder::compile(&core, service.clone(), &currency()).unwrap();
    let drop = Rules { drop: vec!["CCY".to_owned()], ..Rules::default() };
    let back = Transcoder::compile(&service, core.clone(), &drop).unwrap();
    for line in LINES {
        let bytes = record(&core, &line.replace('\n', ""));
        let other = over(&there, &core, &bytes).unwrap_or_else(|misfit| panic!("{misfit:?}"));
        assert_eq!(over(&back, &service, &other).unwrap(), bytes, "{line}");
        let legs = other.windows(4).filter(|piece| piece == b" CNY").count();
        let given = line.matches("\"AMT\"").count();
        assert_eq!(legs, given, "a currency for each leg that is there: {line}");
    }
    let first = over(&there, &core, &record(&core, &LINES[0].replace('\n', ""))).unwrap();
    let (text, end) = ("+00125-00350".as_bytes(), " CNY-00000001234001002 CNY+99999999999003004".as_bytes());
    assert!(first.windows(text.len()).any(|piece| piece == text) && first.ends_with(end), "{first:?}");
}

#[test]
fn other_arrays_and_alternatives_are_faults_each_said_once() {
    let faults = |to: &str, fields: &str, rules: &Rules| {
        Transcoder::compile(&core(), format(to, "gb18030-2022", fields), rules).map(drop).unwrap_err()
    };
    let changed = |from: &str, to: &str| {
        assert!(SERVICE.contains(from), "{from}");
        faults(&SERVICE.replace(from, to), CHOICE, &currency())
    };
    let more = changed("SEPARATE OCCURS 2 TIMES", "SEPARATE OCCURS 3 TIMES");
    assert_eq!(more.len(), 2, "{more:?}");
    assert!(more[0].contains("RATE stands in RATE[2] in POSITION and in RATE[3] in POSITION"), "{more:?}");
    assert_eq!(more[1], "RATE comes from nowhere; name it in `set`");
    let fixed = changed("OCCURS 0 TO 3 TIMES DEPENDING ON LEG-COUNT", "OCCURS 3 TIMES");
    assert!(
        fixed.iter().any(|fault| fault.starts_with("AMT stands in LEGS[3 at most, 0 at least, by LEG-COUNT]")),
        "{fixed:?}"
    );
    let flat = changed("10  DAY             PIC 9(3) OCCURS 2 TIMES", "10  DAY             PIC 9(3)");
    assert!(flat.contains(&"DAY goes nowhere; name it in `drop`".replace("DAY", "POSITION.DAY")), "{flat:?}");
    let unchosen = faults(SERVICE, "", &currency());
    assert_eq!(unchosen.iter().filter(|fault| fault.contains("no `choice` says")).count(), 1, "{unchosen:?}");
    let other = faults(SERVICE, &CHOICE.replace("C = ", "K = "), &currency());
    assert!(
        other.iter().any(|fault| fault.starts_with("TAX-NO stands in alternative 1 of PERSON by KIND P=0 C=1")),
        "{other:?}"
    );
    let nothing = faults(SERVICE, CHOICE, &Rules::default());
    assert_eq!(nothing, ["CCY comes from nowhere; name it in `set`"], "once for three legs");
}
