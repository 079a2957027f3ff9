//! What decode says of a file that it can decode, and that may be meant otherwise: another framing, another code page.

use super::{folder, run};

const CARD: &str = "       01  CARD.\n           05  NAME  PIC X(30).\n           05  TEXT1 PIC X(50).\n";

#[test]
fn lines_that_are_read_as_fixed_records_are_told() {
    let here = folder();
    let write = |name: &str, bytes: &[u8]| std::fs::write(here.path().join(name), bytes).unwrap();
    write("x.cpy", CARD.as_bytes());
    let lines: String = (0..80).map(|n| format!("{:<80}\n", format!("NAME {n}"))).collect();
    write("x.txt", lines.as_bytes());
    let decode = |more: &[&str]| {
        let (code, _, notes) = run(here.path(), &[&["decode", "x.cpy", "x.txt", "--ccsid", "utf-8"], more].concat());
        (code, notes)
    };
    let (code, notes) = decode(&[]);
    assert_eq!(code, 0, "{notes}");
    assert!(notes.contains("warning: the records do not lie as the layout says"), "{notes}");
    assert!(notes.contains("--framing lines,lf,length=80"), "{notes}");
    let (code, notes) = decode(&["--framing", "lines,lf,length=80"]);
    assert!(code == 0 && !notes.contains("warning") && notes.contains("decoded 80 records"), "{notes}");

    // Numbers that are none because the lines end elsewhere: no fault of cutting, and the framing is named all the same.
    write("n.cpy", b"       01  R.\n           05  N  PIC 9(5).\n");
    write("n.txt", b"000001\n".repeat(50).as_slice());
    let (code, _, notes) = run(here.path(), &["decode", "n.cpy", "n.txt", "--ccsid", "utf-8", "--format", "csv"]);
    assert_eq!(code, 3, "{notes}");
    assert!(notes.contains("note: most records are bad") && notes.contains("length=6"), "{notes}");
}

#[test]
fn a_page_that_nobody_named_is_told() {
    let here = folder();
    let write = |name: &str, bytes: &[u8]| std::fs::write(here.path().join(name), bytes).unwrap();
    write("a.cpy", b"       01  A.\n           05  NAME  PIC X(3).\n");
    write("a.dat", &[0x5B, 0xF1, 0xF2]);
    let (code, out, notes) = run(here.path(), &["decode", "a.cpy", "a.dat"]);
    assert_eq!(code, 0, "{notes}");
    assert!(notes.contains("no code page is named; text is read in CCSID 1388; --ccsid names another"), "{notes}");
    write("a.jsonl", out.as_bytes());
    let (_, _, notes) = run(here.path(), &["encode", "a.cpy", "a.jsonl", "-o", "b.dat"]);
    assert!(notes.contains("no code page is named"), "{notes}");
    let (_, out, notes) = run(here.path(), &["decode", "a.cpy", "a.dat", "--ccsid", "37"]);
    assert!(out.contains("$12") && !notes.contains("no code page"), "{out}{notes}");
    write("n.cpy", b"       01  A.\n           05  N  PIC 9(3).\n");
    assert!(!run(here.path(), &["decode", "n.cpy", "a.dat"]).2.contains("no code page"));
    write("d.pf", b"     A          R R                         CCSID(37)\n     A            A              3A\n");
    assert!(!run(here.path(), &["decode", "d.pf", "a.dat"]).2.contains("no code page"));
    // A byte that the page lacks is told with the page.
    write("b.dat", b"a\xFFb");
    let (_, _, notes) = run(here.path(), &["decode", "a.cpy", "b.dat", "--ccsid", "950"]);
    assert!(notes.contains("FPP2007") && notes.contains("(it was read in code page 950)"), "{notes}");
}
