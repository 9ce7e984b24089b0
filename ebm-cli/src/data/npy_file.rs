//! Tables in NumPy's binary files.

use ebm_core::data::{DataError, Dataset};
use ebm_core::device::Real;
use ebm_core::error::ConfigError;
use ebm_core::random::Random;
use ebm_core::register_dataset;
use ebm_core::registry::DatasetSpec;
use npyz::{DType, Deserialize as NpyDeserialize, NpyFile as NpyReader, Order, TypeChar};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use super::table::{MAX_VALUES, RawTable, Table, check_options, malformed, open};

/// A table of numbers in an NPY file: an array `[n, D]`, or `[n]` for one column, of any width.
///
/// Floats and whole numbers of 8 to 64 bits, in C or Fortran order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NpyFile {
    /// The file; a relative path starts from the folder of the configuration file.
    pub path: PathBuf,
    /// Share of the rows, chosen at random by the run's seed, that training never sees.
    pub held_out: f64,
    /// Shift and scale every column to mean 0 and standard deviation 1 over the training part.
    pub standardize: bool,
}

impl Default for NpyFile {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            held_out: 0.1,
            standardize: false,
        }
    }
}

type Reader = NpyReader<BufReader<File>>;

fn read(path: &Path) -> Result<RawTable, DataError> {
    let (file, size) = open(path)?;
    if size == 0 {
        return Err(malformed(path, "header", "the file is empty; expected an NPY array"));
    }
    let reader = NpyReader::new(BufReader::with_capacity(1 << 16, file)).map_err(|e| match e.kind() {
        io::ErrorKind::InvalidData => malformed(path, "header", format!("{e}; expected an NPY array")),
        io::ErrorKind::UnexpectedEof => malformed(path, "header", "the file ends inside its header"),
        _ => DataError::Io {
            path: path.into(),
            source: e,
        },
    })?;
    let (rows, width) = shape(path, &reader)?;
    let order = reader.order();
    let values = numbers(path, reader, rows * width, size)?;
    let values = match order {
        Order::C => values,
        Order::Fortran => (0..rows * width)
            .map(|i| values[(i % width) * rows + i / width])
            .collect(),
    };
    let bad = values.iter().position(|v| !(*v as Real).is_finite());
    if let Some(index) = bad {
        return Err(malformed(
            path,
            &format!("element [{}, {}]", index / width, index % width),
            format!(
                "the value is {}; expected a finite number below {:e}",
                values[index],
                Real::MAX
            ),
        ));
    }
    Ok(RawTable {
        path: path.into(),
        width,
        values,
        columns: None,
    })
}

fn shape(path: &Path, reader: &Reader) -> Result<(usize, usize), DataError> {
    let refuse = |what: &str| {
        malformed(
            path,
            "header",
            format!("the array has shape {:?}; {what}", reader.shape()),
        )
    };
    let (rows, width) = match *reader.shape() {
        [rows] => (rows, 1),
        [rows, width] => (rows, width),
        _ => return Err(refuse("expected [n, D], or [n] for one column")),
    };
    if rows == 0 || width == 0 {
        return Err(refuse("it is empty"));
    }
    let sides = (usize::try_from(rows), usize::try_from(width));
    let (Ok(rows), Ok(width)) = sides else {
        return Err(refuse("it is too large"));
    };
    match rows.checked_mul(width) {
        Some(count) if count <= MAX_VALUES => Ok((rows, width)),
        _ => Err(refuse(&format!("more than {MAX_VALUES} numbers cannot be held"))),
    }
}

fn numbers(path: &Path, reader: Reader, count: usize, size: u64) -> Result<Vec<f64>, DataError> {
    let kind = match reader.dtype() {
        DType::Plain(kind) => kind,
        other => return Err(wrong_type(path, &other.descr())),
    };
    let bytes = kind.num_bytes().unwrap_or(0);
    // Checked before memory is set aside for what the header claims.
    if size < (count * bytes) as u64 {
        return Err(truncated(path, reader.shape(), size));
    }
    match (kind.type_char(), bytes) {
        (TypeChar::Float, 4) => collect::<f32>(path, reader, size, f64::from),
        (TypeChar::Float, 8) => collect::<f64>(path, reader, size, |v| v),
        (TypeChar::Int, 1) => collect::<i8>(path, reader, size, f64::from),
        (TypeChar::Int, 2) => collect::<i16>(path, reader, size, f64::from),
        (TypeChar::Int, 4) => collect::<i32>(path, reader, size, f64::from),
        (TypeChar::Int, 8) => collect::<i64>(path, reader, size, |v| v as f64),
        (TypeChar::Uint, 1) => collect::<u8>(path, reader, size, f64::from),
        (TypeChar::Uint, 2) => collect::<u16>(path, reader, size, f64::from),
        (TypeChar::Uint, 4) => collect::<u32>(path, reader, size, f64::from),
        (TypeChar::Uint, 8) => collect::<u64>(path, reader, size, |v| v as f64),
        _ => Err(wrong_type(path, &kind.to_string())),
    }
}

fn collect<T: NpyDeserialize>(
    path: &Path,
    reader: Reader,
    size: u64,
    convert: fn(T) -> f64,
) -> Result<Vec<f64>, DataError> {
    let shape = reader.shape().to_vec();
    let elements = reader
        .data::<T>()
        .map_err(|e| malformed(path, "header", e.to_string()))?;
    let convert = |element: io::Result<T>| match element {
        Ok(value) => Ok(convert(value)),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Err(truncated(path, &shape, size)),
        Err(source) => Err(DataError::Io {
            path: path.into(),
            source,
        }),
    };
    elements.map(convert).collect()
}

fn truncated(path: &Path, shape: &[u64], size: u64) -> DataError {
    malformed(
        path,
        "data",
        format!("the file is cut short: its header says {shape:?} numbers, which do not fit in its {size} bytes"),
    )
}

fn wrong_type(path: &Path, found: &str) -> DataError {
    malformed(
        path,
        "header",
        format!(
            "the elements are of type {found}; expected float32, float64 or whole numbers (array.astype(\"float32\"))"
        ),
    )
}

impl DatasetSpec for NpyFile {
    fn check(&self) -> Result<(), ConfigError> {
        check_options(&self.path, self.held_out)
    }
    fn load(&self, base: &Path, random: Random) -> Result<Box<dyn Dataset>, DataError> {
        let raw = read(&base.join(&self.path))?;
        Ok(Box::new(Table::new(raw, self.held_out, self.standardize, random)?))
    }
}

register_dataset!(
    NpyFile,
    name: "npy",
    summary: "a table of numbers in an NPY file [n, D], any width",
    reference: "NumPy Enhancement Proposal 1",
);

#[cfg(test)]
mod tests {
    use super::*;

    /// An NPY file of version 1.0, built by hand.
    fn file(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
        let order = if fortran { "True" } else { "False" };
        let mut header = format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}");
        while (10 + header.len() + 1) % 64 != 0 {
            header.push(' ');
        }
        header.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    fn floats(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    fn read_bytes(bytes: &[u8]) -> Result<RawTable, DataError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("numbers.npy");
        std::fs::write(&path, bytes).unwrap();
        read(&path)
    }

    fn refused(bytes: &[u8], parts: &[&str]) {
        let message = read_bytes(bytes).unwrap_err().to_string();
        for part in ["numbers.npy: "].iter().chain(parts) {
            assert!(message.contains(part), "{message:?} does not say {part:?}");
        }
    }

    const SIX: [f32; 6] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];

    #[test]
    fn both_orders_give_the_same_rows() {
        let c = read_bytes(&file("'<f4'", false, "(3, 2)", &floats(&SIX))).unwrap();
        assert_eq!((c.width, &c.values[..]), (2, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0][..]));
        let columns = floats(&[1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
        let fortran = read_bytes(&file("'<f4'", true, "(3, 2)", &columns)).unwrap();
        assert_eq!((fortran.width, fortran.values), (c.width, c.values));
    }

    #[test]
    fn one_axis_is_one_column_and_other_number_types_are_converted() {
        let column = read_bytes(&file("'<f4'", false, "(6,)", &floats(&SIX))).unwrap();
        assert_eq!((column.width, column.values.len()), (1, 6));
        let doubles: Vec<u8> = [0.5f64, -2.0].iter().flat_map(|v| v.to_be_bytes()).collect();
        assert_eq!(
            read_bytes(&file("'>f8'", false, "(1, 2)", &doubles)).unwrap().values,
            [0.5, -2.0]
        );
        let whole: Vec<u8> = [-7i64, 9].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(
            read_bytes(&file("'<i8'", false, "(2, 1)", &whole)).unwrap().values,
            [-7.0, 9.0]
        );
        assert_eq!(
            read_bytes(&file("'|u1'", false, "(2,)", &[0, 255])).unwrap().values,
            [0.0, 255.0]
        );
    }

    #[test]
    fn other_element_types_are_refused() {
        refused(&file("'<f2'", false, "(1, 2)", &[0; 4]), &["header", "<f2", "float32"]);
        refused(&file("'<c8'", false, "(1, 2)", &[0; 16]), &["header", "<c8", "float32"]);
        refused(&file("'<U4'", false, "(2,)", &[0; 32]), &["header", "<U4", "float32"]);
        refused(&file("'|O'", false, "(2,)", &[0; 32]), &["header", "|O", "float32"]);
        refused(
            &file("[('a', '<f4'), ('b', '<f4')]", false, "(1,)", &[0; 8]),
            &["header", "'a'", "float32"],
        );
    }

    #[test]
    fn other_ranks_and_empty_arrays_are_refused() {
        refused(
            &file("'<f4'", false, "(1, 2, 3)", &floats(&SIX)),
            &["header", "[1, 2, 3]", "expected [n, D]"],
        );
        refused(
            &file("'<f4'", false, "()", &floats(&[1.0])),
            &["header", "[]", "expected [n, D]"],
        );
        refused(&file("'<f4'", false, "(0, 2)", &[]), &["header", "[0, 2]", "empty"]);
        refused(
            &file("'<f4'", false, "(70000, 70000)", &[]),
            &["header", "[70000, 70000]", "cannot be held"],
        );
    }

    #[test]
    fn files_that_end_early_or_are_something_else_are_refused() {
        let whole = file("'<f4'", false, "(3, 2)", &floats(&SIX));
        refused(&whole[..whole.len() - 1], &["data", "cut short", "[3, 2]"]);
        refused(&whole[..40], &["header"]);
        refused(b"1,2\n3,4\n5,6\n", &["header", "expected an NPY array"]);
        refused(b"", &["header", "empty"]);
        let large = file("'<f4'", false, "(10000, 1000)", &floats(&SIX));
        refused(&large, &["data", "cut short"]);
    }

    #[test]
    fn values_that_are_not_finite_are_named_with_their_place() {
        let with_nan = [1.0, 2.0, 3.0, f32::NAN, 5.0, 6.0];
        refused(
            &file("'<f4'", false, "(3, 2)", &floats(&with_nan)),
            &["element [1, 1]", "NaN", "finite"],
        );
        refused(
            &file("'<f4'", true, "(3, 2)", &floats(&with_nan)),
            &["element [0, 1]", "NaN", "finite"],
        );
    }

    #[test]
    fn a_missing_file_is_named() {
        let config = NpyFile {
            path: "nowhere.npy".into(),
            ..Default::default()
        };
        let error = config.load(Path::new("."), Random::new(0)).err().unwrap().to_string();
        assert!(error.contains("nowhere.npy: No such file"), "{error}");
    }
}
