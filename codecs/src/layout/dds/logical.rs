//! Fields of logical files: where PFILE or JFILE has them, RENAME, JREF, and what CONCAT and SST make of them.
//!
//! Every attribute that a logical file does not give is that of the physical file. Sources of the rules: DDS for physical
//! and logical files, "CONCAT", "SST", "JREF", "Conversion of data types when concatenating fields in DDS".

use super::keyword::Keyword;
use super::reader::{Based, Entry, Reader, Wrong};
use crate::layout::{Field, Kind, check};

impl Reader<'_> {
    /// Whether the record format that is being read has PFILE or JFILE.
    pub(super) fn is_logical(&self) -> bool {
        self.current.as_ref().is_some_and(|open| !open.files.is_empty())
    }

    /// The field as the physical files have it, under the name it has there.
    pub(super) fn mapped(&mut self, entry: &Entry) -> Result<Field, Wrong> {
        let keywords = &entry.keywords;
        if let Some(keyword) = keywords.get("CONCAT") {
            return self.concatenated(entry, keyword);
        }
        if let Some(keyword) = keywords.get("SST") {
            return self.part(entry, keyword);
        }
        match keywords.get("RENAME") {
            Some(keyword) => self.find(entry, &keyword.word(0), keyword.place),
            None => self.find(entry, &entry.spec.name, entry.spec.at(19)),
        }
    }

    /// A field of the physical files, by JREF where it is in several.
    fn find(&self, entry: &Entry, name: &str, at: (usize, usize)) -> Result<Field, Wrong> {
        let Some(open) = &self.current else { return Err((at, "a field before the record format".to_owned())) };
        if let Some(keyword) = entry.keywords.get("JREF") {
            let file = joined(&open.files, &keyword.word(0)).map_err(|wrong| (keyword.place, wrong))?;
            let found = file.field(name).cloned();
            return found.ok_or_else(|| (at, format!("{} has no field {name}", file.name)));
        }
        let having: Vec<&Based> = open.files.iter().filter(|file| file.field(name).is_some()).collect();
        let files = |files: &[Based]| files.iter().map(|file| file.name.to_string()).collect::<Vec<_>>().join(", ");
        let first = having.first().ok_or_else(|| (at, format!("{} has no field {name}", files(&open.files))))?;
        if open.joined && having.len() > 1 {
            return Err((at, format!("{name} is in several of {}: JREF says from which", files(&open.files))));
        }
        if let Some(file) = open.files.iter().find(|file| !open.joined && file.field(name).is_none()) {
            return Err((at, format!("{} has no field {name}, and every file of PFILE must have it", file.name)));
        }
        first.field(name).cloned().ok_or_else(|| (at, format!("there is no field {name}")))
    }

    /// CONCAT: one field of several.
    fn concatenated(&mut self, entry: &Entry, keyword: &Keyword) -> Result<Field, Wrong> {
        let at = keyword.place;
        let names: Vec<String> = (0..keyword.parameters.len()).map(|index| keyword.word(index)).collect();
        let parts = names.iter().map(|name| self.find(entry, name, at)).collect::<Result<Vec<_>, _>>()?;
        let first = parts.first().ok_or((at, "CONCAT without fields".to_owned()))?;
        if let Some(part) = parts.iter().find(|part| part.kind.digits().is_some_and(|(_, decimals)| decimals > 0)) {
            return Err((at, format!("{} has decimals, and cannot be part of a CONCAT", part.name)));
        }
        let (kind, units) = concatenation(&parts).map_err(|wrong| (at, wrong))?;
        let varlen = parts.iter().any(|part| part.varlen) && kind.may_vary();
        let bytes = match kind.own_bytes() {
            Some(bytes) => bytes,
            None => check::sized(kind, units, varlen).map_err(|wrong| (at, wrong))?,
        };
        let mut field = Field::new(entry.spec.name.clone(), kind, bytes);
        field.varlen = varlen;
        field.page = parts.iter().find_map(|part| part.page).filter(|_| kind.has_page());
        field.nullable = parts.iter().any(|part| part.nullable);
        field.sensitive = parts.iter().any(|part| part.sensitive);
        if let Some(part) =
            parts.iter().find(|part| part.page.is_some() && part.page != field.page && field.page.is_some())
        {
            return Err((
                at,
                format!(
                    "{} and {} have different code pages: fpp cannot say what they give together",
                    first.name, part.name
                ),
            ));
        }
        Ok(field)
    }

    /// SST: a part of a field, from a place on.
    fn part(&mut self, entry: &Entry, keyword: &Keyword) -> Result<Field, Wrong> {
        let at = keyword.place;
        let name = keyword.word(0);
        let open = self.current.as_ref();
        let own = open.and_then(|open| {
            let placed = open.index.get(&name).and_then(|index| open.fields.get(*index));
            placed.or(open.apart.iter().find(|field| field.name == name))
        });
        let whole = match own.filter(|_| entry.keywords.get("JREF").is_none()) {
            Some(field) => field.clone(),
            None => self.find(entry, &name, at)?,
        };
        let number = |index: usize| keyword.word(index).parse::<usize>().ok().filter(|n| *n > 0);
        let start = number(1).ok_or((at, "SST needs a field and a starting position from 1".to_owned()))?;
        let length = number(2).or(entry.spec.length.parse().ok());
        let length = length
            .ok_or((at, "the length of the part is missing: third parameter of SST, or columns 30 to 34".to_owned()))?;
        let content = whole.bytes - if whole.varlen { 2 } else { 0 };
        let (kind, units) = match whole.kind {
            Kind::Hex => (Kind::Hex, content),
            Kind::Graphic => (Kind::Graphic, content / 2),
            Kind::Char => (Kind::Char, content),
            Kind::Zoned { digits, .. } => (Kind::Char, digits.into()),
            _ => return Err((at, format!("SST is for character, hex, zoned and graphic fields, and {name} is none"))),
        };
        if start.saturating_add(length) > units + 1 {
            return Err((
                at,
                format!("SST goes to position {}, but {name} ends at {units}", start.saturating_add(length) - 1),
            ));
        }
        let bytes = check::sized(kind, length, false).map_err(|wrong| (at, wrong))?;
        let mut field = Field::new(entry.spec.name.clone(), kind, bytes);
        field.page = Some(whole.page.unwrap_or(self.page)).filter(|_| kind.has_page());
        field.nullable = whole.nullable;
        field.sensitive = whole.sensitive;
        Ok(field)
    }
}

/// The file that JREF names: by its number in JFILE, or by its name.
fn joined<'a>(files: &'a [Based], word: &str) -> Result<&'a Based, String> {
    if let Ok(number) = word.parse::<usize>() {
        return number.checked_sub(1).and_then(|n| files.get(n)).ok_or(format!("JFILE has no file {number}"));
    }
    let name = word.rsplit('/').next().unwrap_or_default();
    let mut fitting = files.iter().filter(|file| file.name.file == name);
    match (fitting.next(), fitting.next()) {
        (Some(file), None) => Ok(file),
        (Some(_), Some(_)) => Err(format!("{name} is in JFILE twice: its number says which")),
        (None, _) => Err(format!("JFILE does not name {name}")),
    }
}

/// The kind of fields put together, and its digits, bytes or double bytes.
fn concatenation(parts: &[Field]) -> Result<(Kind, usize), String> {
    let all = |fits: &dyn Fn(Kind) -> bool| parts.iter().all(|part| fits(part.kind));
    let any = |fits: &dyn Fn(Kind) -> bool| parts.iter().any(|part| fits(part.kind));
    let is_number = |kind: Kind| matches!(kind, Kind::Packed { .. } | Kind::Zoned { .. } | Kind::Binary { .. });
    let content = |part: &Field| part.bytes - if part.varlen { 2 } else { 0 };
    let units = |part: &Field| part.kind.digits().map_or_else(|| content(part), |(digits, _)| digits.into());
    let sum: usize = parts.iter().map(units).sum();
    let bracketed = |kind: Kind| matches!(kind, Kind::Open | Kind::Only | Kind::Either);
    if !all(&|kind| kind.is_text() || kind == Kind::Hex || is_number(kind)) {
        return Err("dates, times and floats cannot be part of a CONCAT".to_owned());
    }
    if all(&|kind| kind == Kind::Graphic) {
        return Ok((Kind::Graphic, sum / 2));
    }
    if any(&|kind| kind == Kind::Graphic) {
        return Err("a graphic field can only be put together with graphic fields".to_owned());
    }
    if any(&|kind| kind == Kind::Hex) {
        return match any(&bracketed) {
            true => {
                Err("hex together with double-byte fields: fpp cannot say which shift characters remain".to_owned())
            }
            false => Ok((Kind::Hex, sum)),
        };
    }
    if all(&is_number) {
        let digits = u8::try_from(sum).map_err(|_| format!("{sum} digits are too many"))?;
        return Ok((Kind::Zoned { digits, decimals: 0 }, sum));
    }
    if all(&|kind| kind == Kind::Only) {
        // The shifts between the parts go.
        return Ok((Kind::Only, sum - 2 * (parts.len() - 1)));
    }
    Ok((if any(&bracketed) { Kind::Open } else { Kind::Char }, sum))
}
