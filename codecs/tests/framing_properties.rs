//! Every framing: what is framed is cut again, however it is read, indexed or batched; broken bytes are told and hurt
//! nobody.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod cutting;

use cutting::{Cuts, Trickle, cut, frame};
use fpp_codecs::framing::{
    Batch, Blocks, ByLayout, Cutter, Delimited, Edge, Framing, Indexer, LengthField, LengthNumber, LengthOf,
    LineEnding, Pairs, Rdw, RecordEnd, TextLines,
};
use proptest::prelude::*;
use std::sync::Arc;

fn batches(framing: &Framing, file: &[u8], step: usize) -> (Cuts, Option<String>) {
    let mut cutter = Cutter::new(framing.clone(), Trickle(file, step));
    let (mut batch, mut cuts) = (Batch::default(), Vec::new());
    let error = loop {
        match cutter.next_batch(&mut batch) {
            Ok(true) => {
                assert_eq!(batch.first_n(), cuts.len() as u64 + 1);
                assert_eq!(batch.first_offset(), batch.get(0).unwrap().offset);
                cuts.extend(batch.iter().map(|cut| (cut.n, cut.offset, cut.bytes.to_vec())));
            }
            Ok(false) => break None,
            Err(error) => break Some(error.to_string()),
        }
    };
    (cuts, error)
}

fn index(framing: &Framing, every: u32, file: &[u8], step: usize) -> Vec<u64> {
    let mut indexer = Indexer::new(framing, every);
    file.chunks(step.max(1)).for_each(|piece| indexer.feed(piece));
    indexer.finish()
}

fn ending() -> impl Strategy<Value = LineEnding> {
    prop::sample::select(vec![
        LineEnding::Lf,
        LineEnding::CrLf,
        LineEnding::EbcdicLf,
        LineEnding::EbcdicCrLf,
        LineEnding::Nel,
        LineEnding::ForeignLf,
    ])
}

fn rdw() -> impl Strategy<Value = Rdw> {
    (any::<bool>(), any::<bool>(), 20usize..100).prop_map(|(little, counts_itself, max)| Rdw {
        little,
        counts_itself,
        max,
    })
}

fn delimited() -> impl Strategy<Value = Delimited> {
    let end = prop_oneof![ending().prop_map(RecordEnd::Line), Just(RecordEnd::Byte(b';'))];
    let pairs = prop::sample::select(vec![Pairs::None, Pairs::Lead, Pairs::Shifted]);
    let (quote, escape) = (prop::option::of(Just(b'"')), prop::option::of(Just(b'\\')));
    (prop::sample::select(vec![b',', b'|', 0x6B]), quote, escape, end, pairs, 30usize..100).prop_map(
        |(field, quote, escape, end, pairs, max)| Delimited {
            field,
            quote,
            escape,
            end,
            pairs,
            point: b'.',
            blank: b' ',
            max,
        },
    )
}

fn framing() -> impl Strategy<Value = Framing> {
    let plain = prop_oneof![
        (1usize..30).prop_map(|length| Framing::Fixed { length }),
        (1usize..30, ending()).prop_map(|(length, ending)| Framing::Lines { length, ending }),
        (prop::option::of(1usize..20), ending(), 20usize..60).prop_map(|(length, ending, max)| {
            Framing::Text(TextLines { length, pad: length.map(|_| 0x40), ending, max })
        }),
        rdw().prop_map(Framing::Rdw),
        (rdw(), any::<bool>(), 16usize..90).prop_map(|(rdw, spanned, block_bytes)| Framing::Blocks(Blocks {
            rdw,
            spanned,
            block_bytes
        })),
        (0usize..4, 1usize..9, 0..3, -5i64..6, any::<bool>()).prop_map(|(at, bytes, number, adjust, kept)| {
            let number = match number {
                0 => LengthNumber::Big,
                1 => LengthNumber::Little,
                _ => LengthNumber::Digits { ebcdic: bytes % 2 == 0 },
            };
            Framing::LengthField(LengthField { at, bytes, number, adjust, kept, max: 300 })
        }),
        delimited().prop_map(Framing::Delimited),
        (1usize..20, 1usize..20, prop::option::of(ending())).prop_map(|(one, two, ending)| {
            let lengths = vec![LengthOf::new(0, vec![b'H'], one), LengthOf::new(0, Vec::new(), two)];
            Framing::ByLayout(Arc::new(ByLayout { lengths, ending }))
        }),
    ];
    (plain, 0usize..9, 0usize..9, any::<bool>()).prop_map(|(plain, header, trailer, edged)| {
        let edge = |length: usize| Edge { length, begins: b"HDR".iter().copied().take(length).collect() };
        if edged { plain.within(edge(header), edge(trailer)) } else { plain }
    })
}

/// Bytes that mean something to one framing or another, and a few others.
fn record() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => prop::sample::select(b"\r\n\x15\x25\x1A\0\x0E\x0F\",|;\\Hx \x40\x6B\x81\xEF\xBB\xBF\x01\x02\x03".to_vec()),
        1 => any::<u8>(),
    ];
    prop::collection::vec(byte, 0..60)
}

/// Records as they fit a framing, where its length is fixed; a length field in its place.
fn fitted(framing: &Framing, mut record: Vec<u8>) -> Vec<u8> {
    if let Some(length) = framing.one_length() {
        let fill = record.clone();
        record.extend(fill.into_iter().chain(*b"abc").cycle().take(length));
        record.truncate(length);
    }
    let inner = match framing {
        Framing::Edged(edged) => &edged.records,
        other => other,
    };
    match inner {
        Framing::ByLayout(by) => {
            let length = by.lengths[usize::from(record.first() != Some(&b'H'))].length;
            record.resize(length, b'x');
        }
        Framing::LengthField(field) if field.kept => {
            record.resize(record.len().max(field.at + field.bytes), b'x');
            let said = (record.len() as i64 - field.adjust).max(0);
            let place = &mut record[field.at..field.at + field.bytes];
            match field.number {
                LengthNumber::Digits { .. } => {
                    place.copy_from_slice(
                        format!("{said:0>w$}", w = field.bytes).as_bytes().split_at(0).1.get(..field.bytes).unwrap(),
                    );
                }
                LengthNumber::Big => place.copy_from_slice(&said.to_be_bytes()[8 - field.bytes..]),
                LengthNumber::Little => place.copy_from_slice(&said.to_le_bytes()[..field.bytes]),
            }
        }
        _ => {}
    }
    record
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn what_is_framed_is_cut_again(
        framing in framing(),
        records in prop::collection::vec(record(), 0..12),
        step in 1usize..80,
        every in 1u32..5,
    ) {
        let records: Vec<_> = records.into_iter().map(|record| fitted(&framing, record)).collect();
        let (file, taken) = frame(&framing, &records);
        let (cuts, error) = cut(&framing, &file, step);
        prop_assert_eq!(&error, &None, "{:?}", file);
        let back: Vec<_> = cuts.iter().map(|cut| cut.2.clone()).collect();
        prop_assert_eq!(back, taken);
        for (_, offset, bytes) in &cuts {
            let spanned = matches!(&framing, Framing::Blocks(b) if b.spanned)
                || matches!(&framing, Framing::Edged(e) if matches!(&e.records, Framing::Blocks(b) if b.spanned));
            prop_assert!(spanned || file[*offset as usize..].starts_with(bytes));
        }
        prop_assert_eq!(&batches(&framing, &file, step).0, &cuts);

        let index = index(&framing, every, &file, step);
        prop_assert_eq!(&index, &self::index(&framing, every, &file, file.len().max(1)));
        for (n, offset, bytes) in &cuts {
            let place = framing.place(&index, every, *n);
            prop_assert!(place.n <= *n && *n < place.n + u64::from(every), "{:?} for {}", place, n);
            let mut cutter = Cutter::new(framing.clone(), &file[place.offset as usize..]).starting(place);
            let found = loop {
                let cut = cutter.next().unwrap().unwrap();
                if cut.n == *n {
                    break (cut.offset, cut.bytes.to_vec());
                }
            };
            prop_assert_eq!(found, (*offset, bytes.clone()));
        }
    }

    #[test]
    fn any_bytes_are_cut_alike_however_they_are_read(
        framing in framing(),
        mut file in prop::collection::vec(record(), 0..12).prop_map(|parts| parts.concat()),
        good in prop::collection::vec(record(), 0..4),
        step in 1usize..40,
    ) {
        let good: Vec<_> = good.into_iter().map(|record| fitted(&framing, record)).collect();
        let (mut start, _) = frame(&framing, &good);
        start.append(&mut file);
        let whole = cut(&framing, &start, usize::MAX);
        prop_assert_eq!(&cut(&framing, &start, step), &whole);
        prop_assert_eq!(&batches(&framing, &start, step), &whole);
        prop_assert_eq!(index(&framing, 1, &start, step), index(&framing, 1, &start, usize::MAX));
        let sum: usize = whole.0.iter().map(|cut| cut.2.len()).sum();
        prop_assert!(matches!(framing, Framing::Text(_)) || matches!(&framing, Framing::Edged(_)) || sum <= start.len());
    }
}
