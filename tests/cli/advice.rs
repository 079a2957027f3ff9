//! What the program advises when something is bad: it fits the case, and its commands run as they stand.

use super::{folder, run};
use std::path::Path;
use std::process::Command;

#[test]
fn what_to_do_next_fits_the_case() {
    let here = folder();
    let write = |name: &str, bytes: &[u8]| std::fs::write(here.path().join(name), bytes).unwrap();
    let two = "       01 R.\n           05 N OCCURS 2.\n             10 A PIC 9(4).\n             10 B REDEFINES A PIC S9(7) COMP-3.\n";
    let edited = "       01 R.\n           05 A PIC ZZ9.99.\n";
    let fields = "name = \"D\"\nversion = \"1\"\nccsid = \"utf-8\"\nframing = \"delimited\"\nline_end = \"lf\"\n[[record]]\n\
                  role = \"detail\"\nname = \"D\"\nfield = [{ name = \"A\", type = \"char\", length = 2 }, \
                  { name = \"B\", type = \"char\", length = 2 }]\n";
    for (layout, text, file, has, lacks) in [
        ("two.cpy", two, "0001axxx", "None of the 2 readings of these bytes (REDEFINES) fits", "encoding"),
        ("edited.cpy", edited, "axx.xx", "an edited picture has them", "without its zone"),
        ("d.toml", fields, "a,b\na\n", "Count the fields between the delimiters", "rdw"),
    ] {
        write(layout, text.as_bytes());
        write("x.dat", file.as_bytes());
        let page = if layout.ends_with("toml") { &[][..] } else { &["--ccsid", "utf-8"] };
        let (code, _, told) =
            run(here.path(), &[&["decode", layout, "x.dat", "--rejects", "bad.jsonl"], page].concat());
        assert!(code == 3 && told.contains(has) && !told.contains(lacks), "{layout}: {told}");
        let bad = std::fs::read_to_string(here.path().join("bad.jsonl")).unwrap();
        assert!(bad.contains(has), "{bad}");
    }
    let odo = "       01 O.\n           05 N PIC X.\n           05 T OCCURS 1 TO 3\n               DEPENDING ON N PIC X(2).\n";
    write("o.cpy", odo.as_bytes());
    let (code, _, told) = run(here.path(), &["decode", "o.cpy", "x.dat", "--ccsid", "utf-8"]);
    assert!(code == 2 && told.starts_with("o.cpy:4:16: T depends on N, which is no whole number"), "{told}");
}

#[test]
fn an_advised_command_runs_as_it_stands() {
    let here = folder();
    let write = |name: &str, bytes: &[u8]| std::fs::write(here.path().join(name), bytes).unwrap();
    write("a layout.cpy", b"       01 R.\n           05 ID PIC X(4).\n       01 S.\n           05 ID PIC X(9).\n");
    write("it's data", b"\0\x08\0\0abcd\0\x03\0\0");
    let arguments = ["decode", "a layout.cpy", "it's data", "--ccsid", "utf-8", "--framing", "rdw", "--type", "R"];
    let (code, _, told) = run(here.path(), &arguments);
    let command = told.rsplit('`').nth(1).unwrap();
    assert!(code == 4 && command.starts_with("fpp inspect 'a layout.cpy' 'it'\\''s data' --ccsid utf-8"), "{told}");
    let program = Path::new(env!("CARGO_BIN_EXE_fpp")).parent().unwrap().display().to_string();
    let path = format!("{program}:{}", std::env::var("PATH").unwrap());
    let run = |command: &str| {
        super::told(
            &Command::new("sh").args(["-c", command]).current_dir(here.path()).env("PATH", &path).output().unwrap(),
        )
    };
    let (code, shown, notes) = run(command);
    assert!(code == 4 && shown.contains("record 2 cannot be cut; from byte 9 on:"), "{shown}{notes}");
    assert!(notes.contains("masked; --clear shows it"), "{notes}");
    let (_, shown, notes) = run(&format!("{command} --clear"));
    assert!(shown.contains("00 03 00 00") && !notes.contains("masked"), "{shown}{notes}");
}
