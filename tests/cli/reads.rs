//! How much of its input a command reads, by the kernel's own count.

use super::{folder, fpp};
use std::process::Stdio;

/// What of the layout, the program's libraries and the like comes on top.
const BESIDE: u64 = 512 << 10;

/// Each byte of a file is read once, whatever the threads: the looks at its beginning take nothing twice.
#[test]
fn a_file_is_read_once() {
    let here = folder();
    std::fs::write(here.path().join("r.cpy"), "       01  R.\n           05  ID  PIC X(40).\n").unwrap();
    let bytes: Vec<u8> = (0..500_000).flat_map(|n| format!("{n:<40}").into_bytes()).collect();
    std::fs::write(here.path().join("r.dat"), &bytes).unwrap();
    for threads in ["1", "3"] {
        let arguments = ["decode", "r.cpy", "r.dat", "--ccsid", "utf-8", "--threads", threads];
        let mut child = fpp(here.path()).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let of = |what: &str| std::fs::read_to_string(format!("/proc/{}/{what}", child.id())).unwrap();
        // A program that has ended is counted until somebody asks how it ended.
        while !of("stat").rsplit_once(')').unwrap().1.starts_with(" Z") {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let count = of("io").lines().find_map(|line| line.strip_prefix("rchar: ").map(|n| n.parse::<u64>().unwrap()));
        let (read, size) = (count.unwrap(), bytes.len() as u64);
        assert!(child.wait().unwrap().success());
        assert!((size..size + BESIDE).contains(&read), "{threads} threads: {read} bytes of {size}");
    }
}
