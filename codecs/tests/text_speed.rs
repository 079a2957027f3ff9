//! How fast fields decode. Not a check: run it by hand in release mode.
//!
//! `cargo test --release -p fpp-codecs --test text_speed -- --ignored --nocapture`

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use fpp_codecs::text::{Page, decode, encode};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Decodes the field again and again for a while; MiB of input in a second, the best of five runs.
fn decoding_speed(page: Page, field: &[u8]) -> f64 {
    let mut out = String::new();
    let run = || {
        let (start, mut bytes) = (Instant::now(), 0usize);
        while start.elapsed() < Duration::from_millis(200) {
            for _ in 0..1000 {
                out.clear();
                decode(page, black_box(field), &mut out).unwrap();
                bytes += field.len();
            }
        }
        bytes as f64 / start.elapsed().as_secs_f64() / f64::from(1 << 20)
    };
    std::iter::repeat_with(run).take(5).fold(0.0, f64::max)
}

#[test]
#[ignore = "a measurement, for release mode"]
fn decoding() {
    let fields = [
        ("name field", "上海黄金交易所 Au99.99 韡堃·艾合买提江 ABC12345"),
        ("Chinese only", "工商银行贵金属延期交收交易保证金账户上海分行营业部"),
        ("digits only", "622202100001234567890123456789012345678901234567"),
    ];
    for (name, text) in fields {
        for page in [Page::Cp1388, Page::Gb18030Of2022, Page::Utf8] {
            let mut field = Vec::new();
            encode(page, text, &mut field).unwrap();
            println!("{name:14} {:13} {:3} bytes {:6.0} MiB/s", page.name(), field.len(), decoding_speed(page, &field));
        }
    }
}
