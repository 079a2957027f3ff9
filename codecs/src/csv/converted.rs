//! Text of which a spreadsheet makes a number, a date, a time or a truth value when it opens a table.
//!
//! Excel does so with `3-4` (a date), `1/2`, `12E3` (12000), `1.50` (1.5), `10:30`, `5 MAR`, `3月4日` and `TRUE`, and keeps
//! nothing of what stood there. What is plain digits is another matter: it loses leading zeros and what is beyond the
//! fifteenth digit. Rather too much is taken for such text than too little.

/// What may stand between digits in a number, date or time.
const BETWEEN: &str = " .,/-:%()+eE$€£¥￥年月日号时分秒";
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// Most letters of a month's name.
const MONTH_MAX: usize = 9;

/// Whether a spreadsheet would make something else of a text that is not digits alone; what it would run is not meant.
pub(super) fn is_converted(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits == 0 {
        return ["true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word));
    }
    if digits == text.len() || text.starts_with(['=', '+', '-', '@', '\t', '\r', '\'', 'e', 'E']) {
        return false;
    }
    text.chars().all(|c| c.is_ascii_digit() || BETWEEN.contains(c)) || is_date_in_words(text)
}

/// `5 MAR`, `Mar-2025`, `12 June, 2025`, `3 pm`.
fn is_date_in_words(text: &str) -> bool {
    let is_word = |part: &str| {
        let part = part.to_ascii_lowercase();
        let month = part.len() <= MONTH_MAX && MONTHS.iter().any(|month| part.starts_with(month));
        month || part == "am" || part == "pm"
    };
    let fits = |part: &str| is_word(part) || part.bytes().all(|b| b.is_ascii_digit());
    let separated = text.chars().all(|c| c.is_ascii_alphanumeric() || " .,/-:".contains(c));
    let words = words(text);
    separated && words.iter().all(|word| fits(word)) && words.iter().any(|word| is_word(word))
}

/// Runs of letters and runs of digits, which may touch: `5MAR`.
fn words(text: &str) -> Vec<&str> {
    let kind = |c: char| (c.is_ascii_digit(), c.is_ascii_alphabetic());
    let (mut words, mut from) = (Vec::new(), 0);
    let mut before = None;
    for (at, c) in text.char_indices().chain([(text.len(), '\0')]) {
        if before.is_some_and(|before| before != kind(c)) {
            words.push(&text[from..at]);
            from = at;
        }
        before = Some(kind(c));
    }
    words.retain(|word| word.starts_with(|c: char| c.is_ascii_alphanumeric()));
    words
}

#[cfg(test)]
mod tests {
    use super::is_converted;

    #[test]
    fn what_a_spreadsheet_would_change_is_known() {
        for text in [
            "3-4",
            "1/2",
            "12E3",
            "1E5",
            "TRUE",
            "false",
            "1.50",
            "1,000",
            "50%",
            "10:30",
            "2025-06-20",
            "5 MAR",
            "5MAR",
            "mar-5",
            "12 June, 2025",
            "3 pm",
            "(5)",
            "$5",
            "3月4日",
            "2025年6月20日",
        ] {
            assert!(is_converted(text), "{text}");
        }
        for text in [
            "",
            "12",
            "0012",
            "A-4",
            "TRUELY",
            "3M",
            "E5",
            "MARCH",
            "No. 5",
            "=1",
            "-1",
            "+3",
            "12 boxes",
            "金1",
            "5 marble racks",
        ] {
            assert!(!is_converted(text), "{text}");
        }
    }
}
