//! Every level against the scalar one, and that one against the obvious.

use super::*;
use proptest::prelude::*;

/// One call of a kernel, as a task.
enum Call<'a> {
    Translate(&'a Translation, &'a [u8]),
    Trimmed(&'a [u8], u8),
    Copy(&'a str),
    Packed(&'a Form, &'a [u8]),
    Zoned(&'a Form, &'a [u8]),
    Moment(&'a Moment, &'a [u8]),
}

/// What a kernel gives and what it appended.
type Result = (usize, Vec<u8>);

impl Task for Call<'_> {
    type Output = Result;

    #[inline(always)]
    fn run<K: Kernels>(self, kernels: K) -> Result {
        let mut out = b"before".to_vec();
        let mut pen = Pen::new(&mut out);
        let result = match self {
            Call::Translate(table, bytes) => kernels.translate(table, bytes, &mut pen),
            Call::Trimmed(bytes, blank) => kernels.trimmed(bytes, blank),
            Call::Copy(text) => kernels.copy_unescaped(text, &mut pen),
            Call::Packed(form, field) => kernels.packed_text(form, field, &mut pen).into(),
            Call::Zoned(form, field) => kernels.zoned_text(form, field, &mut pen).into(),
            Call::Moment(moment, field) => kernels.moment_text(moment, field, &mut pen).into(),
        };
        drop(pen);
        (result, out.strip_prefix(b"before").unwrap().to_vec())
    }
}

/// What all levels give.
fn same(results: impl Iterator<Item = (Level, Result)>) -> Result {
    let mut results = results.collect::<Vec<_>>().into_iter();
    let (_, first) = results.next().unwrap();
    results.for_each(|(level, result)| assert_eq!(result, first, "{level:?}"));
    first
}

macro_rules! every_level {
    ($call:expr) => {
        same(Level::all().map(|level| (level, level.run($call))))
    };
}

/// A table with holes, so that every row has both.
fn table() -> Translation {
    Translation(std::array::from_fn(|byte| if byte % 7 == 3 { STOP } else { (byte as u8).wrapping_mul(5) & 0x7F }))
}

/// Bytes of every length up to two blocks and a bit, at every alignment within 16, with `odd` at one place or none.
fn each_shape(fill: u8, odd: u8, mut check: impl FnMut(&[u8])) {
    for length in 0..=140usize {
        for place in (0..length).map(Some).chain([None]) {
            let mut buffer = vec![0xAA; 16 + length + 64];
            let start = (length + place.unwrap_or(3)) % 16;
            let field = &mut buffer[start..start + length];
            field.fill(fill);
            if let Some(place) = place {
                field[place] = odd;
            }
            check(&buffer[start..start + length]);
        }
    }
}

#[test]
fn translation_stops_at_the_first_hole_and_appends_what_is_before() {
    let table = table();
    each_shape(0xC1, 3, |field| {
        let good = field.iter().position(|byte| table.0[usize::from(*byte)] >= STOP).unwrap_or(field.len());
        let text = field[..good].iter().map(|byte| table.0[usize::from(*byte)]).collect();
        assert_eq!(every_level!(Call::Translate(&table, field)), (good, text));
    });
    for byte in 0..=255u8 {
        let text = table.0[usize::from(byte)];
        let done = if text < STOP { 33 } else { 0 };
        assert_eq!(every_level!(Call::Translate(&table, &[byte; 33])), (done, vec![text; done]), "{byte:02X}");
    }
}

#[test]
fn blanks_are_trimmed_at_the_end_only() {
    for (blank, odd) in [(0x40, 0x41), (0x20, 0), (0x40, 0xC0)] {
        each_shape(blank, odd, |field| {
            let kept = field.iter().rposition(|byte| *byte != blank).map_or(0, |last| last + 1);
            assert_eq!(every_level!(Call::Trimmed(field, blank)), (kept, Vec::new()));
        });
    }
}

#[test]
fn text_is_copied_up_to_what_json_escapes() {
    for odd in ('\0'..'\u{180}').chain(['中', '\u{FFFD}', '𠮷']) {
        for length in [0, 1, 7, 8, 31, 32, 33, 63, 64, 65, 130] {
            let text = format!("{}{odd}x", "é".repeat(length));
            let escaped = odd < ' ' || odd == '"' || odd == '\\';
            let done = if escaped { 2 * length } else { text.len() };
            assert_eq!(every_level!(Call::Copy(&text)), (done, text.as_bytes()[..done].to_vec()), "{odd:?}");
        }
    }
    each_shape(b'x', b'"', |text| {
        let text = std::str::from_utf8(text).unwrap();
        let done = text.find('"').unwrap_or(text.len());
        assert_eq!(every_level!(Call::Copy(text)), (done, text.as_bytes()[..done].to_vec()));
    });
}

/// The text of a number that all levels write, nothing when it is no good number.
fn text_of(result: Result) -> Option<String> {
    let (good, out) = result;
    assert!(good == 1 || out.is_empty());
    (good == 1).then(|| String::from_utf8(out).unwrap())
}

/// Digits with a point, leading zeros and a minus before zero taken away.
fn plain(digits: &str, decimals: usize, minus: bool) -> String {
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let point = if decimals > 0 { "." } else { "" };
    let minus = if minus && digits.bytes().any(|digit| digit != b'0') { "-" } else { "" };
    format!("{minus}{whole}{point}{fraction}\"")
}

/// So many numbers, if all of them are good.
struct Numbers<'a>(&'a Packed, &'a [u8], usize);

impl Task for Numbers<'_> {
    type Output = Option<Vec<i64>>;

    #[inline(always)]
    fn run<K: Kernels>(self, kernels: K) -> Self::Output {
        let mut numbers = [7; EIGHT];
        kernels.packed_numbers(self.0, self.1, self.2, &mut numbers).then(|| numbers[..self.2].to_vec())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn packed_fields_become_numbers_wherever_they_stand(
        digits in 1u8..=18, gap in 0usize..14, count in 1usize..=8, signed in any::<bool>(), behind in 0usize..9,
        fill in any::<u8>(), seeds in proptest::array::uniform8((0u64.., 10u8..16, 0u32..19)),
        damage in (0u8..3, any::<prop::sample::Index>(), any::<u8>()),
    ) {
        let width = usize::from(digits) / 2 + 1;
        let (stride, mut want) = (width + gap, Some(Vec::new()));
        let mut bytes = vec![fill; stride * (count - 1) + width + behind];
        for (n, (value, sign, power)) in seeds.into_iter().take(count).enumerate() {
            let size = value % 10u64.pow(power.min(digits.into()));
            let text = format!("{size:0fill$}{sign:X}", fill = 2 * width - 1);
            for (byte, pair) in bytes[n * stride..].iter_mut().zip(text.as_bytes().chunks(2)) {
                *byte = u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
            }
        }
        if damage.0 == 0 {
            let at = damage.1.index(bytes.len());
            bytes[at] = damage.2;
        }
        for n in 0..count {
            let field = &bytes[n * stride..n * stride + width];
            let number = crate::number::packed::narrow(field, digits);
            let minus = matches!(field[width - 1] & 15, 11 | 13);
            want = want.zip(number.filter(|_| signed || !minus)).map(|(all, number)| [all, vec![number]].concat());
        }
        let form = Packed::of(digits, signed, stride).unwrap();
        for level in Level::all() {
            prop_assert_eq!(&level.run(Numbers(&form, &bytes, count)), &want, "{:?}", level);
        }
        // Fields that are not there are not good.
        let short = &bytes[..stride * (count - 1) + width - 1];
        prop_assert!(Level::all().all(|level| level.run(Numbers(&form, short, count)).is_none()));
    }
}

proptest! {
    #[test]
    fn packed_fields_of_every_length_become_their_text(
        digits in "0{0,31}[0-9]{0,31}", decimals in 0usize..=31, sign in 10u8..16, damage in any::<(bool, usize, u8)>(),
        signed in any::<bool>(),
    ) {
        let digits = &digits[..digits.len().min(31)];
        prop_assume!(!digits.is_empty());
        let decimals = decimals.min(digits.len());
        let mut nibbles: Vec<u8> = digits.bytes().map(|digit| digit & 15).chain([sign]).collect();
        let even = nibbles.len() % 2 == 1;
        if even {
            nibbles.insert(0, 0);
        }
        if damage.0 {
            let at = damage.1 % nibbles.len();
            nibbles[at] = damage.2 & 15;
        }
        let field: Vec<u8> = nibbles.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        let (number, last) = (&nibbles[usize::from(even)..nibbles.len() - 1], nibbles[nibbles.len() - 1]);
        let good = number.iter().all(|digit| *digit <= 9) && last > 9 && !(even && nibbles[0] != 0);
        let text: String = number.iter().map(|digit| char::from(b'0' + digit)).collect();
        let minus = last == 11 || last == 13;
        let want = (good && (signed || !minus)).then(|| plain(&text, decimals, minus));
        match Form::packed(digits.len() as u8, decimals as u8, signed) {
            Some(form) => prop_assert_eq!(text_of(every_level!(Call::Packed(&form, &field))), want),
            None => prop_assert!(plain(&"9".repeat(digits.len()), decimals, false).len() > 32),
        }
    }

    #[test]
    fn zoned_and_text_fields_of_every_length_become_their_text(
        digits in "0{0,32}[0-9]{0,32}", decimals in 0usize..=32, kind in 0usize..4, sign in any::<u8>(),
        damage in any::<(bool, usize, u8)>(),
    ) {
        let digits = &digits[..digits.len().min(32)];
        prop_assume!(!digits.is_empty());
        let decimals = decimals.min(digits.len());
        let (zone, place) = [
            (0xF0, Sign::Last), (0xF0, Sign::None), (0x30, Sign::Front(b'+', b'-')), (0x30, Sign::None),
        ][kind];
        let mut field: Vec<u8> = digits.bytes().map(|digit| zone | digit & 15).collect();
        match place {
            Sign::Last => *field.last_mut().unwrap() = *field.last().unwrap() & 15 | sign & 0xF0,
            Sign::Front(plus, minus) => field.insert(0, [plus, minus, sign][usize::from(sign) % 3]),
            Sign::None => {}
        }
        if damage.0 {
            let at = damage.1 % field.len();
            field[at] = damage.2;
        }
        let (lead, rest) = field.split_at(usize::from(matches!(place, Sign::Front(..))));
        let (end, front) = rest.split_last().unwrap();
        let good_front = front.iter().all(|byte| (zone..zone + 10).contains(byte));
        let (good, minus) = match place {
            Sign::Last => (end & 15 <= 9 && *end >= 0xA0, matches!(end >> 4, 11 | 13)),
            Sign::None => ((zone..zone + 10).contains(end), false),
            Sign::Front(..) => ((zone..zone + 10).contains(end) && b"+-".contains(&lead[0]), lead[0] == b'-'),
        };
        let text: String = rest.iter().map(|byte| char::from(0x30 | byte & 15)).collect();
        let want = (good_front && good).then(|| plain(&text, decimals, minus));
        match Form::zoned(digits.len() as u8, decimals as u8, zone, place) {
            Some(form) => prop_assert_eq!(text_of(every_level!(Call::Zoned(&form, &field))), want),
            None => prop_assert!(plain(&"9".repeat(digits.len()), decimals, false).len() > 32 || field.len() > 32),
        }
    }
}

#[test]
fn a_field_of_another_length_is_no_number() {
    let form = Form::packed(5, 2, true).unwrap();
    for field in [&[][..], &[0x5F], &[0x12, 0x3F], &[0x01, 0x23, 0x45, 0x5F], &[0x11; 40]] {
        assert_eq!(text_of(every_level!(Call::Packed(&form, field))), None);
        assert_eq!(text_of(every_level!(Call::Zoned(&form, field))), None);
    }
}

#[test]
fn pairs_end_at_what_is_no_plain_character() {
    let lookup = |lead: u8, trail: u8| u16::from_be_bytes([lead, trail]);
    let write = |bytes: &[u8], least: u8| {
        let mut out = String::from("x");
        let done = pairs(bytes, least, lookup, &mut Pen::on_text(&mut out));
        (done, out)
    };
    for unit in 0..=u16::MAX {
        let [lead, trail] = unit.to_be_bytes();
        let plain = char::from_u32(unit.into()).filter(|c| *c >= '\u{80}' && !('\u{E000}'..='\u{F8FF}').contains(c));
        let text: String = ['x', '中'].into_iter().chain(plain).collect();
        assert_eq!(write(&[0x4E, 0x2D, lead, trail, 0x56], 0), (if plain.is_some() { 4 } else { 2 }, text));
    }
    assert_eq!(write(&[0x4E, 0x2D, 0x0F, 0x40], 0x40), (2, "x中".to_owned()));
    assert_eq!(write(&[0x4E], 0x40), (0, "x".to_owned()));
}

#[test]
fn a_pen_appends_pieces_of_every_length_and_keeps_its_place() {
    for length in 0..80 {
        let piece = "b".repeat(length);
        let mut out = b"a".to_vec();
        let mut pen = Pen::new(&mut out);
        assert_eq!(pen.last(), Some(b'a'));
        Block::new(&piece).append(&mut pen);
        pen.push(b'c');
        pen.append(&piece);
        assert_eq!(pen.last(), Some(if length > 0 { b'b' } else { b'c' }));
        drop(pen);
        assert_eq!(out, format!("a{piece}c{piece}").as_bytes());
        assert_eq!(Block::new(&piece).bytes(), piece.as_bytes());
    }
}

#[test]
fn whole_numbers_of_every_length_are_appended() {
    let powers = (0..20).map(|power| 10u64.pow(power)).chain([u64::MAX, 1 << 32, 123_456_789_012_345_678]);
    for number in powers.flat_map(|n| [n, n - 1, n.wrapping_add(7), n / 3, n / 7 * 5]).chain(0..2000) {
        let mut out = String::from("n");
        Pen::on_text(&mut out).whole(number);
        assert_eq!(out, format!("n{number}"));
    }
}

/// The form of a field in ASCII.
fn moment_of(bytes: usize) -> Moment {
    let text = b"0000-00-00-00.00.00.000000000000";
    Moment::of(text, text, bytes).unwrap()
}

#[test]
fn days_are_those_of_the_calendar() {
    let moment = moment_of(10);
    for year in [0, 1, 4, 99, 100, 400, 1900, 1999, 2000, 2023, 2024, 2100, 9999] {
        for (month, day) in (0..=19).flat_map(|month| (0..=39).map(move |day| (month, day))) {
            let text = format!("{year:04}-{month:02}-{day:02}");
            let good = crate::date::Date::new(year, month, day).is_some();
            let expected = (usize::from(good), if good { text.clone().into_bytes() } else { Vec::new() });
            assert_eq!(every_level!(Call::Moment(&moment, text.as_bytes())), expected, "{text}");
        }
    }
}

#[test]
fn times_end_before_hour_24_and_the_picture_is_checked_at_every_byte() {
    for bytes in 19..=32 {
        let moment = moment_of(bytes);
        let good = &b"2024-02-29-23.59.59.987654321098"[..bytes];
        assert_eq!(every_level!(Call::Moment(&moment, good)), (1, good.to_vec()));
        for (place, byte) in (0..bytes).flat_map(|place| (0..=255u8).map(move |byte| (place, byte))) {
            let mut field = good.to_vec();
            field[place] = byte;
            let (is_good, text) = every_level!(Call::Moment(&moment, &field));
            let two = |at: usize| std::str::from_utf8(&field[at..at + 2]).unwrap_or("").parse().unwrap_or(99);
            let fits =
                field.iter().zip(good).all(|(a, b)| if b.is_ascii_digit() { a.is_ascii_digit() } else { a == b });
            let number =
                |from: usize, to: usize| std::str::from_utf8(&field[from..to]).unwrap_or("").parse().unwrap_or(0);
            let day = crate::date::Date::new(number(0, 4), two(5), two(8)).is_some();
            let expected = fits && day && two(11) < 24 && two(14) < 60 && two(17) < 60;
            assert_eq!(
                (is_good == 1, text),
                (expected, if expected { field.clone() } else { Vec::new() }),
                "{field:?}"
            );
        }
        assert_eq!(every_level!(Call::Moment(&moment, &good[1..])), (0, Vec::new()));
    }
    assert_eq!([0, 9, 11, 18, 33].map(|bytes| Moment::of(&[b'0'; 32], &[0; 32], bytes)), [None; 5]);
}
