use crate::prelude::*;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use super::table::{MAX_VALUES, MOST_COLUMNS, RawTable, Table, column_name};

/// Longest line, in bytes.
const MAX_LINE: u64 = 1 << 26;

/// A table of numbers in a text file, one sample a line, of any width.
///
/// Empty lines and lines that begin with `#` are skipped. Every other line must hold the same number of finite numbers.
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
        let reader = BufReader::with_capacity(1 << 16, open(path)?.0);
        let mut lines = Lines { path, reader, line: Vec::new(), number: 0 };
        let mut record = csv::ByteRecord::new();
        let mut table = RawTable { path: path.into(), width: 0, values: Vec::new(), columns: None };
        let mut first = true;
        while let Some((number, line)) = lines.next()? {
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            self.split(line, &mut record);
            if std::mem::take(&mut first) {
                table.width = record.len();
                if table.width > MOST_COLUMNS {
                    let reason = format!("it has {} values; a table has at most {MOST_COLUMNS} columns", table.width);
                    return Err(malformed(path, &format!("line {number}"), reason));
                }
                if self.is_header(&record) {
                    table.columns = Some(record.iter().map(|c| String::from_utf8_lossy(c).into_owned()).collect());
                    continue;
                }
            }
            self.append(&record, number, &mut table)?;
        }
        if table.values.is_empty() {
            let what = if table.columns.is_some() { "holds a header and no numbers" } else { "is empty" };
            return Err(malformed(path, "the whole file", format!("it {what}; expected one sample a line")));
        }
        Ok(table)
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
            Header::Detect => record.iter().all(|cell| parse(cell).is_none()),
        }
    }

    fn append(&self, record: &csv::ByteRecord, line: u64, table: &mut RawTable) -> Result<(), DataError> {
        let refuse = |reason: String| Err(malformed(&table.path, &format!("line {line}"), reason));
        let (found, width) = (record.len(), table.width);
        if found != width {
            return refuse(format!(
                "it has {found} value(s), the lines before have {width}; values are separated by {:?}",
                self.delimiter
            ));
        }
        if table.values.len() + width > MAX_VALUES {
            return refuse(format!("the file has more than {MAX_VALUES} numbers, the most that can be held"));
        }
        for (column, cell) in record.iter().enumerate() {
            let value = parse(cell);
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
                None => format!("{shown} is not a number{}", self.advice(cell, line, table)),
            };
            let column = column_name(column, table.columns.as_deref());
            return Err(malformed(&table.path, &format!("line {line}, {column}"), reason));
        }
        Ok(())
    }

    /// The likely way out of a cell that is no number.
    fn advice(&self, cell: &[u8], line: u64, table: &RawTable) -> String {
        let point = String::from_utf8_lossy(cell).replace(',', ".");
        if cell.contains(&b',') && parse(point.as_bytes()).is_some() {
            return "; the decimal sign is a point, not a comma".into();
        }
        let others = [b',', b';', b'\t', b' '];
        let separator = others.into_iter().find(|other| *other != self.delimiter as u8 && cell.contains(other));
        match separator {
            Some(other) => format!("; is the delimiter {:?} rather than {:?}?", char::from(other), self.delimiter),
            None if table.values.len() < table.width && table.columns.is_none() => {
                format!("; if line {line} holds the columns' names, set header = \"present\"")
            }
            None => String::new(),
        }
    }
}

fn parse(cell: &[u8]) -> Option<f64> {
    std::str::from_utf8(cell).ok()?.parse().ok()
}

/// The lines of a file with their numbers and without their ends, one in memory at a time.
struct Lines<'a> {
    path: &'a Path,
    reader: BufReader<File>,
    line: Vec<u8>,
    number: u64,
}

impl Lines<'_> {
    fn next(&mut self) -> Result<Option<(u64, &[u8])>, DataError> {
        self.line.clear();
        let mut reader = self.reader.by_ref().take(MAX_LINE);
        let read = reader.read_until(b'\n', &mut self.line).map_err(unreadable(self.path))?;
        self.number += 1;
        if read as u64 == MAX_LINE && !self.line.ends_with(b"\n") {
            let reason = format!("it is longer than {MAX_LINE} bytes; expected one sample a line");
            return Err(malformed(self.path, &format!("line {}", self.number), reason));
        }
        let mut line = &self.line[..];
        if self.number == 1 {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        // Blanks other than line ends stay: they may be the delimiter.
        while let Some(shorter) = line.strip_suffix(b"\n").or_else(|| line.strip_suffix(b"\r")) {
            line = shorter;
        }
        if line.trim_ascii().is_empty() {
            line = b"";
        }
        Ok((read > 0).then_some((self.number, line)))
    }
}

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
        )
    }
    fn load(&self, base: &Path, random: Random) -> Result<Box<dyn Dataset>, DataError> {
        let raw = self.read(&base.join(&self.path))?;
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
        refused(read_with(semicolons, "x;y\n0,5;1\n"), &["line 2, column 1 (x)", "\"0,5\"", "a point, not a comma"]);
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
