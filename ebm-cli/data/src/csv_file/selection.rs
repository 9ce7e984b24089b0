use std::collections::BTreeMap;

use super::{CsvFile, RawTable, column_name};
use crate::prelude::*;

/// Most classes of a column of categories.
const MOST_CLASSES: usize = 1000;

/// The columns of a file that are taken.
pub struct Selection {
    /// Number of columns in the file.
    pub width: usize,
    /// Names of the columns in the file, if it has them.
    pub names: Option<Vec<String>>,
    /// The columns that are taken, each by its place in the file.
    pub taken: Vec<(usize, Kind)>,
    /// Rows that were left out as they miss a value.
    pub left_out: usize,
    /// Whether the columns were chosen one by one.
    chosen: bool,
}

/// What the cells of a column are.
pub enum Kind {
    Number,
    Category(Classes),
}

/// The classes of a column, numbered as they appear.
#[derive(Default)]
pub struct Classes(BTreeMap<Vec<u8>, usize>);

impl Classes {
    /// The number of a cell's class.
    pub fn index(&mut self, cell: &[u8]) -> Result<f64, String> {
        let next = self.0.len();
        if let Some(index) = self.0.get(cell) {
            return Ok(*index as f64);
        }
        if next == MOST_CLASSES {
            return Err(format!("the column has more than {MOST_CLASSES} different values; is it one of classes?"));
        }
        self.0.insert(cell.to_vec(), next);
        Ok(next as f64)
    }

    /// The places of the classes in the order of their names, by their numbers.
    fn places(&self) -> Vec<usize> {
        let mut places = vec![0; self.0.len()];
        self.0.values().enumerate().for_each(|(place, index)| places[*index] = place);
        places
    }
}

impl Selection {
    /// The columns that the options select of a file with these columns.
    ///
    /// # Errors
    /// If a column is not there, or none is left.
    pub fn of(options: &CsvFile, path: &Path, width: usize, names: Option<Vec<String>>) -> Result<Self, DataError> {
        let place = |key: &str, given: &[String]| -> Result<Vec<usize>, DataError> {
            given
                .iter()
                .map(|column| find(column, width, names.as_deref()).map_err(|r| malformed(path, key, r)))
                .collect()
        };
        let chosen = place("columns", &options.columns)?;
        let dropped = place("drop", &options.drop)?;
        let categories = place("categories", &options.categories)?;
        let kind = |column: usize| match categories.contains(&column) {
            true => Kind::Category(Classes::default()),
            false => Kind::Number,
        };
        let all = if chosen.is_empty() { (0..width).collect() } else { chosen };
        let taken: Vec<_> = all.into_iter().filter(|c| !dropped.contains(c)).map(|c| (c, kind(c))).collect();
        if taken.is_empty() {
            return Err(malformed(path, "drop", "it leaves out every column"));
        }
        Ok(Self { width, names, taken, left_out: 0, chosen: !options.columns.is_empty() })
    }

    /// The table with the columns of classes unfolded, and the names of what was taken.
    ///
    /// # Errors
    /// If a column without a name counts the rows and was not chosen.
    pub fn finish(self, mut table: RawTable) -> Result<RawTable, DataError> {
        self.refuse_an_index(&table)?;
        let folded = self.taken.len();
        if self.left_out > 0 {
            let (file, out, all) = (table.path.display(), self.left_out, self.left_out + table.values.len() / folded);
            table.notes.push(format!("{file}: {out} of {all} rows were left out, in which a value is missing"));
        }
        let kinds = || self.taken.iter().map(|(_, kind)| kind);
        if kinds().all(|kind| matches!(kind, Kind::Number)) {
            let name = |(column, _): &(usize, Kind)| self.names.as_ref().map(|names| names[*column].clone());
            return Ok(RawTable { width: folded, columns: self.taken.iter().map(name).collect(), ..table });
        }
        let places: Vec<_> =
            kinds().map(|kind| if let Kind::Category(c) = kind { c.places() } else { vec![0] }).collect();
        let width = places.iter().map(Vec::len).sum();
        let mut values = Vec::with_capacity(table.values.len() / folded * width);
        for row in table.values.chunks_exact(folded) {
            for ((value, kind), places) in row.iter().zip(kinds()).zip(&places) {
                match kind {
                    Kind::Number => values.push(*value),
                    Kind::Category(_) => {
                        let one = places[*value as usize];
                        values.extend((0..places.len()).map(|place| if place == one { 1.0 } else { 0.0 }));
                    }
                }
            }
        }
        Ok(RawTable { width, values, columns: Some(self.unfolded_names()), ..table })
    }

    fn unfolded_names(&self) -> Vec<String> {
        let of = |(column, kind): &(usize, Kind)| {
            let name = self.names.as_ref().map_or_else(|| (column + 1).to_string(), |names| names[*column].clone());
            match kind {
                Kind::Number => vec![name],
                Kind::Category(classes) => {
                    classes.0.keys().map(|class| format!("{name}={}", String::from_utf8_lossy(class))).collect()
                }
            }
        };
        self.taken.iter().flat_map(of).collect()
    }

    /// Refuses a column without a name among named ones that counts the rows, as pandas writes it.
    fn refuse_an_index(&self, table: &RawTable) -> Result<(), DataError> {
        let Some(names) = self.names.as_ref().filter(|_| !self.chosen) else { return Ok(()) };
        let width = self.taken.len();
        let counts = |place: &usize| {
            let mut column = table.values.iter().skip(*place).step_by(width).enumerate();
            let name = &names[self.taken[*place].0];
            let nameless = name.is_empty() || name.starts_with("Unnamed: ");
            nameless && column.all(|(row, value)| *value == table.values[*place] + row as f64)
        };
        let Some(place) = (0..width).find(counts) else { return Ok(()) };
        let column = self.taken[place].0;
        let reason = format!(
            "it has no name and counts the rows, as pandas writes it (to_csv without index=False); leave it out: drop = [\"{}\"]",
            column + 1
        );
        Err(malformed(&table.path, &column_name(column, self.names.as_deref()), reason))
    }
}

/// The place of a column that is given by its name, or by its number from 1.
fn find(given: &str, width: usize, names: Option<&[String]>) -> Result<usize, String> {
    let named = names.and_then(|names| names.iter().position(|name| name == given));
    let numbered =
        || given.parse::<usize>().ok().filter(|number| (1..=width).contains(number)).map(|number| number - 1);
    named.or_else(numbered).ok_or_else(|| {
        let of = match names {
            Some(names) => shown(&names.join(", ")),
            None => format!("1 to {width}, as they have no names"),
        };
        format!("no column is called {}; the columns are {of}", shown(given))
    })
}
