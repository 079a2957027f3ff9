//! From the command line to a job: which fields of which record formats, in which form, into which files.

use super::Decode;
use super::job::{Job, View};
use crate::cli::dump::Mask;
use crate::cli::exit::Failure;
use crate::cli::layouts::quoted;
use crate::cli::output::note;
use crate::cli::tables::Form;
use fpp_codecs::csv::Columns;
use fpp_codecs::format::Format;
use fpp_codecs::format::filter::Filter;
use fpp_codecs::format::parents::Parents;
use fpp_codecs::json::Style;
use std::path::PathBuf;

/// A format of some fields; for each record format what of it is hidden, and whether any field is wanted.
type Projected = (Format, Vec<Vec<bool>>, Vec<bool>);
/// For each record format its outlet; for each outlet its file, or nothing for stdout.
type Outlets = (Vec<Option<usize>>, Vec<Option<PathBuf>>);

/// In the name of an output: a file for each record format.
const EACH: &str = "{type}";

impl Decode {
    /// The job, and the names of its outlets; nothing is stdout.
    pub(super) fn plan(&self, mut whole: Format) -> Result<(Job, Vec<Option<PathBuf>>), Failure> {
        let form = Form::of(self.form, self.output.as_deref());
        if cfg!(not(feature = "columnar")) && matches!(form, Form::Parquet | Form::Arrow) {
            return Err(Failure::usage(
                "Parquet and Arrow are not in this build: `cargo build --release --features columnar` makes one that \
                 has them",
            ));
        }
        if form != Form::Jsonl && self.raw && self.rejects.is_none() {
            return Err(Failure::usage("--raw is for JSON lines and for rejects: tables have no columns for bytes"));
        }
        let filter = self.filter(&whole)?;
        filter.iter().for_each(|filter| filter.insist(&mut whole));
        let (format, hidden, wanted) = self.project(&whole)?;
        let types = self.types(&whole, &wanted)?;
        let (outlets, names) = self.outlets(&whole, &types, form)?;
        if self.mask && Mask::of(&whole, false) == Mask::Text {
            note("the layout marks no field as sensitive: all text is masked");
        }
        let view = self.view(&whole, format, &hidden);
        let columns = (0..names.len()).filter(|_| form == Form::Csv).map(|outlet| {
            let records: Vec<usize> = (0..outlets.len()).filter(|at| outlets[*at] == Some(outlet)).collect();
            Columns::new(&view.format, &records, self.fillers, &hidden)
        });
        let columns = columns.collect();
        #[cfg(feature = "columnar")]
        let tables = self.tables(&view, &outlets, names.len(), form)?;
        let plain = view.styles.iter().all(Style::is_plain);
        let job = Job {
            undecided: self.undecided(&whole)?,
            clear: self.clear,
            outlets,
            outlet_count: names.len(),
            form,
            plain,
            columns,
            #[cfg(feature = "columnar")]
            tables,
            dialect: self.csv.dialect(form)?,
            fillers: self.fillers,
            ranges: self.records.clone().unwrap_or_default(),
            filter,
            nested: self.nests(&whole, form)?,
            rejects: self.rejects.is_some(),
            raw: self.raw,
            whole,
            view,
        };
        Ok((job, names))
    }

    /// How the records of a format, the whole or a part of it, are shown.
    fn view(&self, whole: &Format, format: Format, hidden: &[Vec<bool>]) -> View {
        let masks = |clear: bool| -> Vec<Vec<bool>> {
            let mask = Mask::of(whole, clear);
            format.records.iter().map(|record| mask.hidden(&record.layout)).collect()
        };
        let style = |(masked, hidden): (Vec<bool>, &Vec<bool>)| Style {
            numbers: self.numbers == super::Numbers::Json,
            raw: self.raw,
            masked,
            hidden: hidden.clone(),
        };
        let styles = masks(!self.mask).into_iter().zip(hidden).map(style).collect();
        View { styles, secret: masks(self.clear), format }
    }

    /// The view of records for which the condition cannot be decided, where --select hides why.
    fn undecided(&self, whole: &Format) -> Result<Option<View>, Failure> {
        if self.condition.is_none() || self.select.is_empty() {
            return Ok(None);
        }
        let all = whole.showing(&self.select).map_err(|name| Failure::usage(format!("--select: no field {name}")))?;
        Ok(Some(self.view(whole, all.format, &all.hidden)))
    }

    /// The condition of --where.
    fn filter(&self, whole: &Format) -> Result<Option<Filter>, Failure> {
        let Some(text) = &self.condition else { return Ok(None) };
        whole.filter(text).map(Some).map_err(|fault| Failure::usage(format!("--where: {fault}")))
    }

    /// Whether children stand in the lines of their parents; a fault where there can be none.
    fn nests(&self, whole: &Format, form: Form) -> Result<bool, Failure> {
        if self.nested
            && (form != Form::Jsonl || self.output.as_ref().is_some_and(|o| o.to_string_lossy().contains(EACH)))
        {
            return Err(Failure::usage("--nested is for JSON lines in one file"));
        }
        if self.nested && !Parents::new(whole).any() {
            return Err(Failure::usage(
                "--nested: no record format here says `parent = \"...\"`, so that none has children",
            ));
        }
        Ok(self.nested)
    }

    /// The typed columns of each outlet.
    #[cfg(feature = "columnar")]
    fn tables(
        &self,
        view: &View,
        outlets: &[Option<usize>],
        count: usize,
        form: Form,
    ) -> Result<Vec<fpp_codecs::columnar::Table>, Failure> {
        let mut tables = Vec::new();
        for outlet in (0..count).filter(|_| matches!(form, Form::Parquet | Form::Arrow)) {
            let index = outlets.iter().position(|at| *at == Some(outlet)).unwrap_or_default();
            let (hidden, masked) =
                view.styles.get(index).map_or((&[][..], &[][..]), |s| (&s.hidden[..], &s.masked[..]));
            let options = fpp_codecs::columnar::Options { fillers: self.fillers, hidden, masked };
            let table = fpp_codecs::columnar::Table::new(&view.format, index, options);
            tables.push(table.ok_or_else(|| Failure::usage("there is no field to make a column of"))?);
        }
        Ok(tables)
    }

    /// The format of the selected fields: what of it is hidden, and which record formats have any of them.
    fn project(&self, whole: &Format) -> Result<Projected, Failure> {
        if self.select.is_empty() {
            let nothing = vec![Vec::new(); whole.records.len()];
            return Ok((whole.clone(), nothing, vec![true; whole.records.len()]));
        }
        if let Some(name) = self.select.iter().find(|name| name.contains('(')) {
            let bare = name.split('(').next().unwrap_or_default();
            return Err(Failure::usage(format!(
                "--select: `{name}` has a subscript, and an array is shown whole: name it `{bare}`"
            )));
        }
        let projection = whole.project(&self.select, &[]).map_err(|name| {
            let known = whole.records.iter().flat_map(|record| record.layout.paths()).flatten();
            let alike = nearest(&name, known).map_or(String::new(), |alike| format!("; perhaps `{alike}`?"));
            Failure::usage(format!(
                "--select: no field is called `{name}`{alike}; `fpp layout show {}` lists them",
                quoted(&self.layout.layout.display().to_string())
            ))
        })?;
        Ok((projection.format, projection.hidden, projection.wanted))
    }

    /// Which record formats were asked for.
    fn types(&self, format: &Format, wanted: &[bool]) -> Result<Vec<bool>, Failure> {
        let names: Vec<&str> = format.records.iter().map(|record| record.layout.name.as_str()).collect();
        if let Some(unknown) =
            self.types.iter().find(|name| !names.iter().any(|known| known.eq_ignore_ascii_case(name)))
        {
            return Err(Failure::usage(format!(
                "--type: there is no record format `{unknown}`; there are {}",
                names.join(", ")
            )));
        }
        let asked = |name: &str| self.types.is_empty() || self.types.iter().any(|one| one.eq_ignore_ascii_case(name));
        Ok(names.iter().zip(wanted).map(|(name, wanted)| *wanted && asked(name)).collect())
    }

    /// The outlet of each record format, and the files.
    fn outlets(&self, format: &Format, types: &[bool], form: Form) -> Result<Outlets, Failure> {
        let output = self.output.as_ref().filter(|path| path.as_os_str() != "-");
        let count = types.iter().filter(|asked| **asked).count();
        let each = output.filter(|path| path.to_string_lossy().contains(EACH));
        if let Some(each) = each {
            let each = each.to_str().ok_or_else(|| Failure::usage("a name with {type} must be UTF-8"))?;
            let mut names = Vec::new();
            let outlets = format.records.iter().zip(types).map(|(record, asked)| {
                asked.then(|| {
                    names.push(Some(PathBuf::from(each.replace(EACH, &safe(&record.layout.name)))));
                    names.len() - 1
                })
            });
            let outlets = outlets.collect();
            let twice = names.iter().enumerate().any(|(at, name)| names[..at].contains(name));
            return match twice {
                true => Err(Failure::usage("two record formats would have the same file name")),
                false => Ok((outlets, names)),
            };
        }
        if matches!(form, Form::Parquet | Form::Arrow) && count > 1 {
            let names = format.records.iter().zip(types).filter(|(_, asked)| **asked);
            let names: Vec<&str> = names.map(|(record, _)| record.layout.name.as_str()).collect();
            return Err(Failure::usage(format!(
                "a file of this form has one record format, and there are {}: choose one with --type, or write \
                 `{EACH}` into the name of the output",
                names.join(", ")
            )));
        }
        let outlets = types.iter().map(|asked| asked.then_some(0)).collect();
        Ok((outlets, vec![output.cloned()]))
    }
}

/// A record format's name as part of a file name.
fn safe(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_' | '#' | '$' | '@') { c } else { '_' })
        .collect()
}

/// The known name that differs in the fewest letters, if they are few.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_uppercase();
    let far = |one: &str| -> usize {
        let mut row: Vec<usize> = (0..=one.chars().count()).collect();
        for (i, a) in name.chars().enumerate() {
            let mut corner = std::mem::replace(&mut row[0], i + 1);
            for (j, b) in one.chars().enumerate() {
                let cost = corner + usize::from(a != b);
                corner = row[j + 1];
                row[j + 1] = cost.min(row[j] + 1).min(corner + 1);
            }
        }
        row.last().copied().unwrap_or(0)
    };
    known.map(|one| (far(one), one)).filter(|(far, _)| *far <= 2).min().map(|(_, one)| one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        let known = ["AMT", "ACCTNO", "CUSTNM"];
        assert_eq!(nearest("ACTNO", known.into_iter()), Some("ACCTNO"));
        assert_eq!(nearest("custnm", known.into_iter()), Some("CUSTNM"));
        assert_eq!(nearest("PRICE", known.into_iter()), None);
    }
}
