//! The same file through an Apache Camel route (`camel/Walk.java`) and, for the same result, through `fpp decode`: JSON
//! lines of all records that can be decoded, the file moved, one line of acknowledgement.

use crate::process;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What one took, JVM start and all.
pub(crate) struct Took {
    pub(crate) seconds: f64,
    pub(crate) processor_seconds: f64,
    pub(crate) lines: u64,
}

/// Through Camel; `program` is the folder that `./dev reliability` fills.
pub(crate) fn camel(program: &Path, source: &Path, record_bytes: u64) -> Took {
    let spool = Spool::new(source);
    let name = source.file_name().unwrap().to_string_lossy().into_owned();
    spool.drop_file(source, &name);
    let mut java = Command::new("java");
    java.arg("-cp").arg(format!("{0}/classes:{0}/lib/*", program.display())).arg("Walk").arg(&spool.0);
    let took = timed(java.arg(record_bytes.to_string()).stdout(Stdio::null()));
    assert!(spool.0.join("done").join(&name).is_file(), "Camel did not move the file");
    assert!(spool.0.join(format!("out/{name}.ack")).is_file(), "Camel did not acknowledge");
    Took { lines: lines(&spool.0.join(format!("out/{name}.jsonl"))), ..took }
}

/// Through `fpp decode`, a move and a line.
pub(crate) fn decode(source: &Path) -> Took {
    let spool = Spool::new(source);
    let layout = concat!(env!("CARGO_MANIFEST_DIR"), "/config/layouts/pmtrd.toml");
    let script = r#"fpp=$1; layout=$2; spool=$3
"$fpp" decode "$layout" "$spool/in/file" -o "$spool/out/file.jsonl" --rejects "$spool/out/rejects" 2>/dev/null
mv "$spool/in/file" "$spool/done/file" && echo done > "$spool/out/ack""#;
    spool.drop_file(source, "file");
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh", env!("CARGO_BIN_EXE_fpp"), layout]).arg(&spool.0);
    let took = timed(&mut shell);
    assert!(spool.0.join("out/ack").is_file(), "the file was not moved");
    Took { lines: lines(&spool.0.join("out/file.jsonl")), ..took }
}

fn timed(program: &mut Command) -> Took {
    let begun = Instant::now();
    let processor_seconds = process::run(program);
    Took { seconds: begun.elapsed().as_secs_f64(), processor_seconds, lines: 0 }
}

/// Details only: what the decoder says of header and trailer is not what Camel was asked for.
fn lines(file: &Path) -> u64 {
    use std::io::{BufRead, BufReader};
    let mut file = BufReader::with_capacity(1 << 20, fs::File::open(file).unwrap());
    let (mut line, mut details) = (Vec::new(), 0);
    while file.read_until(b'\n', &mut line).unwrap() > 0 {
        details += u64::from(line.windows(12).any(|part| part == br#""RECTYP":"D""#));
        line.clear();
    }
    details
}

/// Folders beside the source, so that a link is enough; gone with it.
struct Spool(PathBuf);

impl Spool {
    fn new(source: &Path) -> Spool {
        let root = source.with_file_name("camel");
        for part in ["in", "out", "done"] {
            fs::create_dir_all(root.join(part)).unwrap();
        }
        Spool(root)
    }

    fn drop_file(&self, source: &Path, name: &str) {
        fs::hard_link(source, self.0.join("in").join(name)).unwrap();
        fs::write(self.0.join(format!("in/{name}.OK")), "").unwrap();
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
