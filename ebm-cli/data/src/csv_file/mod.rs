//! Tables in text files.

mod lines;
mod selection;

use crate::prelude::*;

use super::table::{MAX_VALUES, MOST_COLUMNS, RawTable, Table, column_name};
use lines::Lines;
use selection::{Kind, Selection};

/// A table of numbers in a text file, one sample a line, of any width.
///
/// Empty lines and lines that begin with `#` are skipped. Every other line must hold the same number of finite numbers. A file may
/// be packed by gzip.
#[derive(Clone, Debug, PartialEq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CsvFile {
    /// The file; a relative path starts from the folder of the configuration file.
    pub path: PathBuf,
    /// Whether the first line holds the columns' names.
    pub header: Header,
    /// What separates two numbers of a line.
    #[default(',')]
    pub delimiter: char,
    /// The decimal sign of the numbers.
    #[default('.')]
    pub decimal: char,
    /// The columns to take, by name, or by number from 1. Empty: all of them.
    pub columns: Vec<String>,
    /// Columns to leave out, by name, or by number from 1.
    pub drop: Vec<String>,
    /// Columns whose cells name classes, by name, or by number from 1. Each becomes as many columns as it has classes: 1 in that of
    /// the cell's class, 0 in the others. These have a density only with noise, see `dither`.
    pub categories: Vec<String>,
    /// Cells that say that a value is missing, such as `"NA"`, `"?"` or `""`: rows with such a cell are left out.
    pub na: Vec<String>,
    /// Share of the rows, chosen at random by the run's seed, that training never sees.
    #[default(0.1)]
    pub held_out: f64,
    /// Share of the other rows, chosen in the same way, for choices that are made during training: `checkpoint.best`, `train.stop`.
    /// 0: they look at what is held out.
    #[default(0.1)]
    pub validation: f64,
    /// Shift and scale every column to mean 0 and standard deviation 1 over the training part.
    pub standardize: bool,
    /// Standard deviation of the normal noise on every value that is drawn, in the units that the model sees: columns of few
    /// different values have a density only with noise. Likelihoods are those of the noisy data. 0: none.
    pub dither: f64,
}

/// Whether the first line of a text file holds the columns' names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Header {
    /// It does if none of its cells is a number.
    #[default]
    Detect,
    /// It does.
    Present,
    /// It does not.
    Absent,
}

impl CsvFile {
    fn shares(&self) -> Shares {
        Shares { held_out: self.held_out, validation: self.validation }
    }

    fn read(&self, path: &Path) -> Result<RawTable, DataError> {
        let mut lines = Lines::open(path)?;
        let mut record = csv::ByteRecord::new();
        let mut table = RawTable { path: path.into(), width: 0, values: Vec::new(), columns: None, notes: Vec::new() };
        let mut selection: Option<Selection> = None;
        while let Some((number, line)) = lines.next()? {
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            self.split(line, &mut record);
            match &mut selection {
                Some(selection) => self.append(&record, number, selection, &mut table)?,
                None if record.len() > MOST_COLUMNS => {
                    let reason = format!("it has {} values; a table has at most {MOST_COLUMNS} columns", record.len());
                    return Err(malformed(path, &format!("line {number}"), reason));
                }
                None => {
                    let header = self.is_header(&record);
                    table.notes.extend(self.unsure(&record, path));
                    let names = record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned());
                    let names: Option<Vec<String>> = header.then(|| names.collect());
                    let selection = selection.insert(Selection::of(self, path, record.len(), names)?);
                    if !header {
                        self.append(&record, number, selection, &mut table)?;
                    }
                }
            }
        }
        let named = selection.as_ref().is_some_and(|selection| selection.names.is_some());
        let Some(selection) = selection.filter(|_| !table.values.is_empty()) else {
            let what = if named { "holds a header and no numbers" } else { "is empty" };
            return Err(malformed(path, "the whole file", format!("it {what}; expected one sample a line")));
        };
        selection.finish(table)
    }

    fn split(&self, line: &[u8], record: &mut csv::ByteRecord) {
        record.clear();
        if line.contains(&b'"') {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .delimiter(self.delimiter as u8)
                .trim(csv::Trim::All)
                .from_reader(line);
            // Memory holds the whole line and nothing of it needs to be text: there is nothing to fail.
            if reader.read_byte_record(record).unwrap_or(false) {
                return;
            }
            record.clear();
        }
        for cell in line.split(|byte| *byte == self.delimiter as u8) {
            record.push_field(cell.trim_ascii());
        }
    }

    fn is_header(&self, record: &csv::ByteRecord) -> bool {
        match self.header {
            Header::Present => true,
            Header::Absent => false,
            Header::Detect => record.iter().all(|cell| self.parse(cell).is_none()),
        }
    }

    /// The note that a first line may be a header although it is of numbers, as pandas writes it for columns without names.
    fn unsure(&self, record: &csv::ByteRecord, path: &Path) -> Option<String> {
        let mut cells = record.iter().enumerate();
        let counts = record.len() > 1 && cells.all(|(index, cell)| cell == index.to_string().as_bytes());
        (counts && self.header == Header::Detect).then(|| {
            let file = path.display();
            format!(
                "{file}: the first line counts the columns, as pandas does for those without names; it is a sample unless header = \
                 \"present\" is set (\"absent\": it is one)"
            )
        })
    }

    /// Adds the selected cells of a line, unless one of them is missing.
    fn append(
        &self,
        record: &csv::ByteRecord,
        line: u64,
        selection: &mut Selection,
        table: &mut RawTable,
    ) -> Result<(), DataError> {
        let refuse = |reason: String| Err(malformed(&table.path, &format!("line {line}"), reason));
        let (found, width) = (record.len(), selection.width);
        if found != width {
            return refuse(format!(
                "it has {found} value(s), the lines before have {width}; values are separated by {:?}",
                self.delimiter
            ));
        }
        let taken = &selection.taken;
        if taken.iter().any(|(column, _)| self.na.iter().any(|missing| record[*column] == *missing.as_bytes())) {
            selection.left_out += 1;
            return Ok(());
        }
        if table.values.len() + taken.len() > MAX_VALUES {
            return refuse(format!("the file has more than {MAX_VALUES} numbers, the most that can be held"));
        }
        let first = table.values.is_empty();
        for (column, kind) in &mut selection.taken {
            let cell = &record[*column];
            let place = || format!("line {line}, {}", column_name(*column, selection.names.as_deref()));
            let value = match kind {
                Kind::Category(classes) => {
                    Some(classes.index(cell).map_err(|reason| malformed(&table.path, &place(), reason))?)
                }
                Kind::Number => self.parse(cell),
            };
            if let Some(value) = value.filter(|value| (*value as Real).is_finite()) {
                table.values.push(value);
                continue;
            }
            let shown = shown(&String::from_utf8_lossy(cell));
            let reason = match value {
                Some(value) if value.is_finite() => {
                    format!("{shown} is too large; expected a number below {:e}", Real::MAX)
                }
                Some(_) => format!("the value is {shown}; expected a finite number"),
                None => {
                    format!("{shown} is not a number{}", self.advice(cell, line, first && selection.names.is_none()))
                }
            };
            return Err(malformed(&table.path, &place(), reason));
        }
        Ok(())
    }

    /// The likely way out of a cell that is no number, in a line that may be a header or not.
    fn advice(&self, cell: &[u8], line: u64, header: bool) -> String {
        let comma = cell.contains(&b',') && self.decimal != ',';
        let other = Self { decimal: ',', ..self.clone() };
        let separator = [b',', b';', b'\t', b' '].into_iter().find(|b| *b != self.delimiter as u8 && cell.contains(b));
        if comma && other.parse(cell).is_some() {
            return "; for numbers with a decimal comma, set decimal = \",\"".into();
        }
        match separator {
            Some(other) => format!("; is the delimiter {:?} rather than {:?}?", char::from(other), self.delimiter),
            None if header => format!("; if line {line} holds the columns' names, set header = \"present\""),
            None if MISSING.iter().any(|missing| cell.eq_ignore_ascii_case(missing)) => {
                let cell = String::from_utf8_lossy(cell);
                format!("; if the value is missing, na = [{cell:?}] leaves out the rows in which it is")
            }
            None => "; drop leaves out a column, and categories takes one of names".into(),
        }
    }

    fn parse(&self, cell: &[u8]) -> Option<f64> {
        let text = std::str::from_utf8(cell).ok()?;
        match self.decimal {
            '.' => text.parse().ok(),
            // A point is no decimal sign then.
            _ if text.contains('.') => None,
            sign => text.replace(sign, ".").parse().ok(),
        }
    }
}

/// What cells without a value often hold.
const MISSING: [&[u8]; 8] = [b"", b"na", b"n/a", b"nan", b"null", b"none", b"?", b"-"];

impl DatasetSpec for CsvFile {
    fn check(&self) -> Result<(), ConfigError> {
        check_options(&self.path, self.shares())?;
        ConfigError::require_not_negative("dither", self.dither)?;
        let usable = self.delimiter.is_ascii()
            && !self.delimiter.is_ascii_alphanumeric()
            && !"\"#.+-\n\r".contains(self.delimiter);
        ConfigError::require(
            usable,
            "delimiter",
            format!("{:?}", self.delimiter),
            "one ASCII character that is no part of a number, such as \",\", \";\" or \"\\t\"",
        )?;
        let decimal = ['.', ','].contains(&self.decimal) && self.decimal != self.delimiter;
        ConfigError::require(
            decimal,
            "decimal",
            format!("{:?}", self.decimal),
            "\".\" or \",\", and another sign than the delimiter",
        )
    }
    fn load(&self, base: &Path, random: Random) -> Result<Box<dyn Dataset>, DataError> {
        let raw = self.read(&located(base, &self.path))?;
        Ok(Box::new(Table::new(raw, self.shares(), self.standardize, random)?.dithered(self.dither)))
    }
}

register_dataset!(
    CsvFile,
    name: "csv",
    summary: "a table of numbers in a text file, one sample a line, any width",
    reference: "RFC 4180",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::refused;

    fn read_with(config: CsvFile, content: &str) -> Result<RawTable, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("numbers.csv");
        std::fs::write(&path, content).unwrap();
        config.read(&path).inspect_err(|error| assert!(error.to_string().contains("numbers.csv: "), "{error}"))
    }

    fn read(content: &str) -> Result<RawTable, DataError> {
        read_with(CsvFile::default(), content)
    }

    #[test]
    fn plain_tables_are_read_as_they_are() {
        let table = read("1,2.5\n-3e-2, 4\n").unwrap();
        assert_eq!((table.width, table.values, table.columns), (2, vec![1.0, 2.5, -0.03, 4.0], None));
        let column = read("1\n2\n3").unwrap();
        assert_eq!((column.width, column.values), (1, vec![1.0, 2.0, 3.0]));
    }

    #[test]
    fn headers_blank_lines_comments_and_byte_order_marks_are_understood() {
        let table = read("\u{feff}# made by hand\nheight,\"weight, kg\"\n\n1,2\r\n  \n# more\n3,4").unwrap();
        assert_eq!(table.columns, Some(vec!["height".into(), "weight, kg".into()]));
        assert_eq!(table.values, [1.0, 2.0, 3.0, 4.0]);
        let numeric = CsvFile { header: Header::Present, delimiter: ';', ..Default::default() };
        let table = read_with(numeric, "2020;2021\n1;2\n").unwrap();
        assert_eq!((table.columns, table.values), (Some(vec!["2020".into(), "2021".into()]), vec![1.0, 2.0]));
    }

    #[test]
    fn cells_that_are_no_numbers_are_named_with_their_place() {
        refused(read("a,b\n1,2\n3,x\n"), &["line 3, column 2 (b)", "\"x\" is not a number"]);
        refused(read("1,2\n\n# note\n3,\n"), &["line 4, column 2", "\"\" is not a number"]);
        refused(read("1,b\n1,2\n"), &["line 1, column 2", "header = \"present\""]);
        refused(read("1,2\n3;4,5\n"), &["line 2, column 1", "\"3;4\"", "delimiter ';'"]);
        let semicolons = CsvFile { delimiter: ';', ..Default::default() };
        refused(read_with(semicolons, "x;y\n0,5;1\n"), &["line 2, column 1 (x)", "\"0,5\"", "decimal = \",\""]);
        refused(read("a,b\n1,2\n3,NA\n"), &["line 3, column 2 (b)", "na = [\"NA\"]"]);
        let absent = CsvFile { header: Header::Absent, ..Default::default() };
        refused(read_with(absent, "a,b\n1,2\n"), &["line 1, column 1", "\"a\""]);
        refused(read(&format!("1\n{}\n", "y".repeat(500))), &["line 2, column 1", "yyy\"... is not"]);
        refused(read("1,2\n3,NaN\n"), &["line 2, column 2", "\"NaN\"", "finite"]);
        refused(read("1,2\n-inf,4\n"), &["line 2, column 1", "\"-inf\"", "finite"]);
        refused(read("1,2\n1e999,4\n"), &["line 2, column 1", "\"1e999\"", "finite"]);
        if !ebm_core::device::DOUBLE_PRECISION {
            refused(read("1,2\n1e300,4\n"), &["line 2, column 1", "\"1e300\"", "too large"]);
        }
    }

    #[test]
    fn a_decimal_comma_is_read_where_it_is_set_and_a_point_is_then_no_number() {
        let config = CsvFile { delimiter: ';', decimal: ',', ..Default::default() };
        assert_eq!(read_with(config.clone(), "x;y\n0,5;-1\n2;3,25e1\n").unwrap().values, [0.5, -1.0, 2.0, 32.5]);
        refused(read_with(config, "x;y\n0.5;1\n"), &["line 2, column 1 (x)", "\"0.5\" is not a number"]);
        let same = CsvFile { path: "a.csv".into(), decimal: ',', ..Default::default() };
        assert_eq!(same.check().unwrap_err().key, "decimal");
    }

    #[test]
    fn packed_files_and_line_ends_within_quotes_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("numbers.csv.gz");
        let mut packed = flate2::write::GzEncoder::new(std::fs::File::create(&path).unwrap(), Default::default());
        std::io::Write::write_all(&mut packed, b"\"height\n(cm)\",w\n1,2\n3,4\n").unwrap();
        packed.finish().unwrap();
        let table = CsvFile::default().read(&path).unwrap();
        assert_eq!(
            (table.columns, table.values),
            (Some(vec!["height\n(cm)".into(), "w".into()]), vec![1.0, 2.0, 3.0, 4.0])
        );
        // The number of a line is that of the file.
        refused(read("\"a\nb\",c\n1,2\n3,x\n"), &["line 4, column 2 (c)"]);
        refused(read("a,b\n1,\"2\n3,4\n"), &["line 2", "never closed"]);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 12]).unwrap();
        refused(CsvFile::default().read(&path), &["numbers.csv.gz", "cut short or damaged"]);
    }

    #[test]
    fn columns_are_taken_and_left_out_by_name_and_by_number() {
        let strings = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        let file = "id,x,y,label\n7,1,2,a\n9,3,4,b\n";
        let config = |columns: &[&str], drop: &[&str]| CsvFile {
            columns: strings(columns),
            drop: strings(drop),
            ..Default::default()
        };
        let table = read_with(config(&["y", "2"], &[]), file).unwrap();
        assert_eq!((table.values, table.columns), (vec![2.0, 1.0, 4.0, 3.0], Some(strings(&["y", "x"]))));
        let table = read_with(config(&[], &["label", "1"]), file).unwrap();
        assert_eq!((table.width, table.values), (2, vec![1.0, 2.0, 3.0, 4.0]));
        refused(read_with(config(&["z"], &[]), file), &["columns", "\"z\"", "id, x, y, label"]);
        refused(read_with(config(&[], &["3"]), "1,2\n"), &["drop", "1 to 2"]);
        refused(read_with(config(&["x"], &["x"]), file), &["drop", "every column"]);
        refused(read(file), &["column 4 (label)", "drop", "categories"]);
    }

    #[test]
    fn rows_with_a_missing_value_in_a_column_that_is_taken_are_left_out() {
        let config = CsvFile { na: vec!["NA".into(), "".into()], drop: vec!["c".into()], ..Default::default() };
        let table = read_with(config, "a,b,c\n1,2,3\nNA,5,6\n7,,9\n10,11,\n").unwrap();
        assert_eq!(table.values, [1.0, 2.0, 10.0, 11.0]);
        assert!(
            table.notes[0].ends_with("2 of 4 rows were left out, in which a value is missing"),
            "{:?}",
            table.notes
        );
    }

    #[test]
    fn classes_become_columns_in_the_order_of_their_names() {
        let config = CsvFile { categories: vec!["colour".into()], ..Default::default() };
        let table = read_with(config.clone(), "x,colour\n1,red\n2,blue\n3,red\n").unwrap();
        assert_eq!(table.columns.unwrap(), ["x", "colour=blue", "colour=red"]);
        assert_eq!(table.values, [1.0, 0.0, 1.0, 2.0, 1.0, 0.0, 3.0, 0.0, 1.0]);
        let many: String = (0..1001).map(|row| format!("1,c{row}\n")).collect();
        refused(read_with(config, &format!("x,colour\n{many}")), &["line 1002, column 2 (colour)", "more than 1000"]);
    }

    #[test]
    fn a_first_line_that_counts_the_columns_is_noted_until_an_option_says_what_it_is() {
        let noted = read("0,1\n0.5,2\n").unwrap();
        assert_eq!((noted.values.len(), noted.notes.len()), (4, 1));
        assert!(noted.notes[0].contains("the first line counts the columns"), "{:?}", noted.notes);
        let absent = CsvFile { header: Header::Absent, ..Default::default() };
        assert!(read_with(absent, "0,1\n0.5,2\n").unwrap().notes.is_empty());
        assert!(read("0\n1\n").unwrap().notes.is_empty());
    }

    #[test]
    fn a_nameless_column_that_counts_the_rows_is_refused_unless_it_is_chosen() {
        let rows: String = (0..12).map(|row| format!("{row},{}.5\n", row * row)).collect();
        let file = format!(",x\n{rows}");
        refused(read(&file), &["column 1 ()", "counts the rows", "index=False", "drop = [\"1\"]"]);
        let config = |columns: &[&str], drop: &[&str]| {
            let owned = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
            CsvFile { columns: owned(columns), drop: owned(drop), ..Default::default() }
        };
        assert_eq!(read_with(config(&[], &["1"]), &file).unwrap().width, 1);
        assert_eq!(read_with(config(&["1", "x"], &[]), &file).unwrap().width, 2);
    }

    #[test]
    fn ragged_lines_and_files_without_numbers_are_refused() {
        refused(read("1,2\n3,4\n5\n"), &["line 3", "1 value(s)", "have 2"]);
        refused(read("a,b\n\n1,2,3\n"), &["line 3", "3 value(s)", "have 2"]);
        refused(read(""), &["it is empty"]);
        refused(read("\n\n"), &["it is empty"]);
        refused(read("a,b\n"), &["a header and no numbers"]);
    }

    #[test]
    fn a_line_of_millions_of_values_and_a_long_name_are_told_in_one_line() {
        let wide = "1,".repeat(2_000_000) + "1\n";
        refused(read(&wide.repeat(2)), &["line 1: it has 2000001 values", "at most 1048576 columns"]);
        let told = read(&format!("{},b\nx,2\n", "a".repeat(1_000_000))).unwrap_err().to_string();
        assert!(told.contains("line 2, column 1 (aaa") && told.len() < 1000, "{} bytes", told.len());
    }

    #[test]
    fn a_missing_file_and_a_folder_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let config = CsvFile { path: "nowhere.csv".into(), ..Default::default() };
        refused(config.load(folder.path(), Random::new(0)), &["nowhere.csv: No such file"]);
        refused(config.read(folder.path()), &["not a regular file"]);
    }

    #[test]
    fn delimiters_that_occur_in_numbers_are_refused() {
        for delimiter in ['.', '-', '7', 'e', '"', '→'] {
            let config = CsvFile { path: "a.csv".into(), delimiter, ..Default::default() };
            assert_eq!(config.check().unwrap_err().key, "delimiter");
        }
        let tabs = CsvFile { path: "a.csv".into(), delimiter: '\t', ..Default::default() };
        assert_eq!(tabs.check(), Ok(()));
    }
}
