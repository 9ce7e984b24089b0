use crate::prelude::*;
use std::io::{self, BufReader, Read};

use super::npy_element::Element;
use super::npy_header::NpyHeader;
use super::table::{MAX_VALUES, MOST_COLUMNS, RawTable, Table};

/// A table of numbers in an NPY file: an array `[n, D]`, or `[n]` for one column, of any width.
///
/// Booleans, whole numbers of 8 to 64 bits and floats of 16 to 64, of either byte order, in C or Fortran order.
#[derive(Clone, Debug, PartialEq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NpyFile {
    /// The file; a relative path starts from the folder of the configuration file.
    pub path: PathBuf,
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

impl NpyFile {
    fn shares(&self) -> Shares {
        Shares { held_out: self.held_out, validation: self.validation }
    }
}

fn read(path: &Path) -> Result<RawTable, DataError> {
    let (file, size) = open(path)?;
    if size == 0 {
        return Err(malformed(path, "header", "the file is empty; expected an NPY array"));
    }
    let (width, values) = read_numbers(path, BufReader::with_capacity(1 << 16, file), size)?;
    if width > MOST_COLUMNS {
        let reason = format!("the array has {width} columns; a table has at most {MOST_COLUMNS}");
        return Err(malformed(path, "header", reason));
    }
    Ok(RawTable { path: path.into(), width, values, columns: None, notes: Vec::new() })
}

/// The number of columns and the values, row-major, of an array of one or two axes in `size` bytes that a reader gives. A single axis is a
/// column. `path` is for errors only.
///
/// # Errors
/// If it is no such array of finite numbers.
pub fn read_numbers(path: &Path, mut reader: impl Read, size: u64) -> Result<(usize, Vec<f64>), DataError> {
    let header = NpyHeader::read(path, "header", &mut reader)?;
    let (rows, width) = sides(path, &header.shape)?;
    let element = Element::parse(&header.descr).ok_or_else(|| {
        let (found, expected) = (&header.descr, Element::EXPECTED);
        malformed(path, "header", format!("the elements are of type {found}; expected {expected}"))
    })?;
    let count = rows * width;
    let truncated = || {
        let reason = format!("its header says {:?} numbers, which do not fit in its {size} bytes", header.shape);
        malformed(path, "data", format!("the file is cut short: {reason}"))
    };
    // Checked before memory is set aside for what the header claims; `sides` keeps the product small.
    if size < (count * element.bytes) as u64 {
        return Err(truncated());
    }
    let values = numbers(reader, count, element).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => truncated(),
        _ => damaged(path, "data", error),
    })?;
    let transposed = || (0..count).map(|i| values[(i % width) * rows + i / width]).collect();
    let values = if header.fortran_order { transposed() } else { values };
    if let Some(index) = values.iter().position(|v| !(*v as Real).is_finite()) {
        return Err(malformed(
            path,
            &format!("element [{}, {}]", index / width, index % width),
            format!("the value is {}; expected a finite number below {:e}", values[index], Real::MAX),
        ));
    }
    Ok((width, values))
}

/// Rows and columns of an array of one or two axes, whose product is at most [`MAX_VALUES`].
fn sides(path: &Path, shape: &[u64]) -> Result<(usize, usize), DataError> {
    let refuse = |what: &str| malformed(path, "header", format!("the array has shape {shape:?}; {what}"));
    let (rows, width) = match *shape {
        [rows] => (rows, 1),
        [rows, width] => (rows, width),
        _ => return Err(refuse("expected [n, D], or [n] for one column")),
    };
    if rows == 0 || width == 0 {
        return Err(refuse("it is empty"));
    }
    match rows.checked_mul(width) {
        Some(count) if count <= MAX_VALUES as u64 => Ok((rows as usize, width as usize)),
        _ => Err(refuse(&format!("more than {MAX_VALUES} numbers cannot be held"))),
    }
}

fn numbers(mut reader: impl Read, count: usize, element: Element) -> io::Result<Vec<f64>> {
    // An archive's entry may claim more than it has.
    let mut values = Vec::with_capacity(count.min(1 << 20));
    let mut buffer = vec![0; element.bytes * count.min(1 << 13)];
    while values.len() < count {
        let next = (count - values.len()).min(1 << 13);
        let bytes = &mut buffer[..element.bytes * next];
        reader.read_exact(bytes)?;
        element.append(bytes, &mut values);
    }
    Ok(values)
}

impl DatasetSpec for NpyFile {
    fn check(&self) -> Result<(), ConfigError> {
        check_options(&self.path, self.shares())?;
        ConfigError::require_not_negative("dither", self.dither)
    }
    fn load(&self, base: &Path, random: Random) -> Result<Box<dyn Dataset>, DataError> {
        let raw = read(&located(base, &self.path))?;
        Ok(Box::new(Table::new(raw, self.shares(), self.standardize, random)?.dithered(self.dither)))
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
    use crate::fixture;

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
        fixture::refused(read_bytes(bytes), &[parts, &["numbers.npy: "]].concat());
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
        assert_eq!(read_bytes(&file("'>f8'", false, "(1, 2)", &doubles)).unwrap().values, [0.5, -2.0]);
        let whole: Vec<u8> = [-7i64, 9].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(read_bytes(&file("'<i8'", false, "(2, 1)", &whole)).unwrap().values, [-7.0, 9.0]);
        assert_eq!(read_bytes(&file("'|u1'", false, "(2,)", &[0, 255])).unwrap().values, [0.0, 255.0]);
        assert_eq!(read_bytes(&file("'|b1'", false, "(2,)", &[0, 1])).unwrap().values, [0.0, 1.0]);
        let halves = [0x00, 0x3c, 0x00, 0xc1];
        assert_eq!(read_bytes(&file("'<f2'", false, "(1, 2)", &halves)).unwrap().values, [1.0, -2.5]);
        refused(&file("'<f2'", false, "(2,)", &[0x00, 0x3c, 0x00, 0x7c]), &["element [1, 0]", "inf", "finite"]);
    }

    #[test]
    fn other_elements_and_shapes_are_refused() {
        for (descr, part) in
            [("'<f16'", "<f16"), ("'<c8'", "<c8"), ("'<U4'", "<U4"), ("'|O'", "|O"), ("[('a', '<f4')]", "'a'")]
        {
            refused(&file(descr, false, "(2,)", &[0; 32]), &["header", part, "float32"]);
        }
        // Their products with the number of elements are small only if they wrap around.
        for descr in ["'|V4611686018427387905'", "'<f4611686018427387905'", "'<f-4'", "'f4'", "'|f4'", "'<é'"] {
            refused(&file(descr, false, "(4,)", &[0; 16]), &["header", "float32"]);
        }
        for (shape, part, reason) in [
            ("(9223372036854775809, 2)", "", "cannot be held"),
            ("(1, 2, 3)", "[1, 2, 3]", "expected [n, D]"),
            ("()", "[]", "expected [n, D]"),
            ("(0, 2)", "[0, 2]", "empty"),
            ("(70000, 70000)", "[70000, 70000]", "cannot be held"),
        ] {
            refused(&file("'<f4'", false, shape, &floats(&SIX)), &["header", part, reason]);
        }
    }

    #[test]
    fn an_array_of_more_columns_than_a_table_has_is_refused() {
        let wide = file("'|u1'", false, "(2, 1048577)", &[1; 2 * 1_048_577]);
        refused(&wide, &["header", "1048577 columns", "at most 1048576"]);
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
        refused(&file("'<f4'", false, "(3, 2)", &floats(&with_nan)), &["element [1, 1]", "NaN", "finite"]);
        refused(&file("'<f4'", true, "(3, 2)", &floats(&with_nan)), &["element [0, 1]", "NaN", "finite"]);
    }
}
