//! Where the columns of a source begin.
//!
//! DDS counts from the sequence number, but what reaches a disk is often moved: by the twelve columns of SRCSEQ and
//! SRCDAT in front, by a sequence number alone, by five columns that were cut off, or by one too many. A shift is only
//! taken if it is the same in every line, and told. Columns count characters, as an editor shows them; Chinese text in the keyword area
//! takes more bytes on the system but not more of these columns.

/// Columns of SRCSEQ and SRCDAT.
const SOURCE_PREFIX: usize = 12;
/// Columns of a sequence number alone.
const SEQUENCE: usize = 6;
/// Columns before the form type.
const CUT: usize = 5;
/// Columns that a hand put in front.
const SLIP: usize = 1;
/// Tab stops of editors that write DDS.
const TAB: usize = 8;

/// How the lines of a source are moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shift {
    /// Not at all.
    None,
    /// So many columns stand in front.
    Front(usize),
    /// So many columns are missing in front.
    Cut(usize),
}

/// What a tab in a line means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tabs {
    /// There is none in the columns that matter.
    None,
    /// The line fits with tab stops every eight columns.
    Stops,
    /// The line fits with a tab as one blank.
    Blank,
    /// Both ways fit, and say different things.
    Doubt,
}

impl Shift {
    /// How the lines of a text are moved.
    pub(super) fn of(text: &str) -> Shift {
        let digits = |line: &str, count: usize| {
            let mut chars = line.chars();
            (0..count).all(|_| chars.next().is_some_and(|c| c.is_ascii_digit()))
        };
        let (mut lines, mut misfits) = (0_usize, [0_usize; 5]);
        let (mut all_prefixed, mut all_numbered, mut all_cut, mut all_blank) = (true, true, true, true);
        for line in text.lines().filter(|line| !is_blank(line)) {
            lines += 1;
            all_prefixed &= digits(line, SOURCE_PREFIX);
            all_numbered &= digits(line, SEQUENCE);
            all_cut &= is_cut(line);
            all_blank &= line.starts_with(' ');
            let shifts =
                [Shift::None, Shift::Front(SOURCE_PREFIX), Shift::Front(SEQUENCE), Shift::Cut(CUT), Shift::Front(SLIP)];
            for (misfits, shift) in misfits.iter_mut().zip(shifts) {
                *misfits += usize::from(!fits(&shift.apply(line)));
            }
        }
        let [own, prefixed, numbered, cut, slipped] = misfits;
        match lines {
            0 => Shift::None,
            _ if own == 0 => Shift::None,
            _ if all_prefixed && prefixed <= own => Shift::Front(SOURCE_PREFIX),
            _ if all_numbered && numbered <= own => Shift::Front(SEQUENCE),
            _ if all_cut && cut < own => Shift::Cut(CUT),
            _ if all_blank && slipped == 0 => Shift::Front(SLIP),
            _ => Shift::None,
        }
    }

    /// The line as it stood in its member.
    pub(super) fn apply(self, line: &str) -> String {
        match self {
            Shift::None => line.to_owned(),
            Shift::Front(columns) => line.chars().skip(columns).collect(),
            Shift::Cut(columns) => " ".repeat(columns) + line,
        }
    }

    /// Columns of the text before column 1.
    pub(super) fn told(self) -> Option<String> {
        match self {
            Shift::None => None,
            Shift::Front(SLIP) => Some(
                "one column too many stands before each line: A stands in column 7, and is taken for column 6".into(),
            ),
            Shift::Front(columns) => {
                Some(format!("{columns} columns of sequence numbers stand before each line and are left out"))
            }
            Shift::Cut(columns) => Some(format!(
                "{columns} columns are missing before each line: A stands in column 1, and is taken for column 6"
            )),
        }
    }

    /// The column in the text for a column of the form.
    pub(super) fn place(self, column: usize) -> usize {
        match self {
            Shift::None => column,
            Shift::Front(columns) => column + columns,
            Shift::Cut(columns) => column.saturating_sub(columns).max(1),
        }
    }
}

/// Nothing but blanks, or what ends a text on a PC.
fn is_blank(line: &str) -> bool {
    line.chars().all(|c| c.is_whitespace() || matches!(c, '\u{1a}' | '\u{feff}'))
}

/// A in column 1, or a comment that has none.
fn is_cut(line: &str) -> bool {
    let mut chars = line.chars();
    match (chars.next(), chars.next()) {
        (Some('A' | 'a'), next) => matches!(next, Some(' ' | '*') | None),
        (first, next) => (first, next) == (Some(' '), Some('*')),
    }
}

/// The line without tabs, and what was made of them.
pub(super) fn without_tabs(line: &str) -> (String, Tabs) {
    let line = line.trim_start_matches('\u{feff}').trim_end_matches('\u{1a}');
    if !line.contains('\t') {
        return (line.to_owned(), Tabs::None);
    }
    let blanks = line.replace('\t', " ");
    let mut stops = String::with_capacity(line.len() + TAB);
    let mut column = 0;
    for c in line.chars() {
        let count = if c == '\t' { TAB - column % TAB } else { 1 };
        column += count;
        stops.extend(std::iter::repeat_n(if c == '\t' { ' ' } else { c }, count));
    }
    let head = |line: &str| line.chars().take(super::line::KEYWORDS - 1).collect::<String>().trim_end().to_owned();
    match (fits(&blanks), fits(&stops)) {
        _ if head(&blanks) == head(&stops) => (blanks, Tabs::None),
        (true, true) => (blanks, Tabs::Doubt),
        (_, true) => (stops, Tabs::Stops),
        _ => (blanks, Tabs::Blank),
    }
}

/// Whether a line can be DDS where it stands.
fn fits(line: &str) -> bool {
    let chars: Vec<char> = line.chars().take(super::line::KEYWORDS).collect();
    let at = |column: usize| chars.get(column - 1).copied().unwrap_or(' ').to_ascii_uppercase();
    let all = |from: usize, to: usize, good: &dyn Fn(char) -> bool| (from..=to).all(|column| good(at(column)));
    if !matches!(at(6), 'A' | ' ') {
        return false;
    }
    let number = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '+' | '-');
    at(7) == '*'
        || (all(7, 16, &|c| c == ' ')
            && matches!(at(17), ' ' | 'R' | 'K' | 'J' | 'S' | 'O')
            && at(18) == ' '
            && (at(19) != ' ' || all(20, 28, &|c| c == ' '))
            && matches!(at(29), ' ' | 'R')
            && all(30, 34, &number)
            && " ABEFGHJLOPSTZ5".contains(at(35))
            && all(36, 37, &number)
            && " BION".contains(at(38))
            && all(39, 44, &|c| c == ' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "     A          R X\n     A            AMOUNT         9P 2\n";

    #[test]
    fn a_shift_is_found_only_where_every_line_has_it() {
        let with = |front: &str| PLAIN.lines().map(|line| format!("{front}{line}\n")).collect::<String>();
        assert_eq!(Shift::of(PLAIN), Shift::None);
        assert_eq!(Shift::of(&with("000100210315")), Shift::Front(12));
        assert_eq!(Shift::of(&with("000100")), Shift::Front(6));
        assert_eq!(Shift::of(&PLAIN.replace("     A", "A")), Shift::Cut(5));
        assert_eq!(Shift::of(&(with("000100210315") + "     A            B              1A\n")), Shift::None);
        assert_eq!(Shift::of("12345A          R X\n12345A            B              1A\n"), Shift::None);
        assert_eq!(Shift::of("\n\n"), Shift::None);
        let noted = |shifted: String, note: &str| shifted.replacen('\n', &format!("\n{note}\n"), 1);
        assert_eq!(Shift::of(&noted(PLAIN.replace("     A", "A"), " * note")), Shift::Cut(5));
        assert_eq!(Shift::of(&noted(PLAIN.replace("     A", "A"), "A* note")), Shift::Cut(5));
        assert_eq!(Shift::of(&with(" ")), Shift::Front(1));
        assert_eq!(Shift::of(&noted(with(" "), "       * note")), Shift::Front(1));
        assert_eq!(Shift::of(&(with(" ") + PLAIN)), Shift::None);
    }

    #[test]
    fn a_tab_is_what_makes_the_line_fit() {
        assert_eq!(without_tabs("     A\t\t  NAME          20A").1, Tabs::Stops);
        assert_eq!(without_tabs("     A            NAME          20A\tTEXT('x')").1, Tabs::Blank);
        assert_eq!(without_tabs("     A            NAME          20A         TEXT('x\ty')").1, Tabs::None);
    }
}
