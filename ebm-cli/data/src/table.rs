use crate::prelude::*;
use ebm_core::data::{Fingerprint, Standardization};

use super::epochs::{Epochs, some_of};
use super::split::{Parts, fingerprint};

/// Most numbers a table may hold: 2^27, one GiB while it is read.
pub(super) const MAX_VALUES: usize = 1 << 27;

/// Most columns of a table. A line with more has lost its ends, most likely.
pub(super) const MOST_COLUMNS: usize = 1 << 20;

/// A table as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct RawTable {
    /// The file it is from, for messages.
    pub path: PathBuf,
    /// Number of columns, at least 1.
    pub width: usize,
    /// Row-major values, all finite.
    pub values: Vec<f64>,
    /// Names of the columns, if the file has them.
    pub columns: Option<Vec<String>>,
    /// What a reader of the data should know of the reading.
    pub notes: Vec<String>,
}

/// A finite data set, drawn from epoch by epoch: with a constant batch size every row of the training part is drawn once an
/// epoch, and a resumed run draws what the undisturbed run would have drawn.
#[derive(Debug)]
pub struct Table {
    width: usize,
    training: Vec<Real>,
    validation: Vec<Real>,
    held_out: Vec<Real>,
    fingerprint: Fingerprint,
    columns: Option<Vec<String>>,
    notes: Vec<String>,
    standardization: Option<Standardization>,
    dither: f64,
    epochs: Epochs,
}

impl Table {
    /// Splits a table at random into a training part, one for validation and one that is held out, and standardises all by the
    /// statistics of the training part if wanted. The split depends on `random`'s seed and stream alone.
    ///
    /// # Errors
    /// If there are fewer than two rows, or a column cannot be standardised.
    pub fn new(raw: RawTable, shares: Shares, standardize: bool, random: Random) -> Result<Self, DataError> {
        let rows = raw.values.len() / raw.width;
        if rows < 2 {
            let reason =
                format!("it has {rows} row(s) of data; expected at least 2, one to train on and one to hold out");
            return Err(malformed(&raw.path, "the whole file", reason));
        }
        let parts = Parts::of(rows, shares, random);
        let standardization = standardize.then(|| statistics(&raw, &parts.training)).transpose()?;
        let gather = |rows: &[usize]| -> Vec<Real> {
            let width = raw.width;
            let values = rows.iter().flat_map(|row| raw.values[row * width..(row + 1) * width].iter().enumerate());
            let scaled = |(column, &value): (usize, &f64)| match &standardization {
                Some(by) => standardised(by, column, value),
                None => value as Real,
            };
            values.map(scaled).collect()
        };
        Ok(Self {
            width: raw.width,
            training: gather(&parts.training),
            validation: gather(&parts.validation),
            held_out: gather(&parts.held_out),
            fingerprint: fingerprint(content(&raw), parts.training.len(), &parts.validation, &parts.held_out),
            columns: raw.columns,
            notes: raw.notes,
            standardization,
            dither: 0.0,
            epochs: Epochs::new(parts.training.len()),
        })
    }

    /// The same with normal noise of a standard deviation on every value that is drawn, in the units in which values are drawn.
    /// The noise is a function of the place of the draw.
    pub fn dithered(self, deviation: f64) -> Self {
        Self { dither: deviation, ..self }
    }

    fn with_dither(&self, mut values: Vec<Real>, random: Random) -> Vec<Real> {
        if self.dither > 0.0 {
            let noise = random.stream("dither").normals(values.len());
            values.iter_mut().zip(noise).for_each(|(value, noise)| *value += self.dither as Real * noise);
        }
        values
    }

    /// `n` different rows of a part at random, or all in a fixed order if there are no more.
    fn some(&self, part: &[Real], n: usize, random: Random) -> Vec<Real> {
        let rows = some_of(part.len() / self.width, n, random).into_iter();
        let values = rows.flat_map(|row| &part[row * self.width..(row + 1) * self.width]).copied().collect();
        self.with_dither(values, random)
    }
}

/// BLAKE3 of the width and the values of a table, in hexadecimal.
fn content(raw: &RawTable) -> String {
    let mut hash = blake3::Hasher::new();
    hash.update(&(raw.width as u64).to_le_bytes());
    for values in raw.values.chunks(1 << 12) {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        hash.update(&bytes);
    }
    hash.finalize().to_hex().to_string()
}

impl Dataset for Table {
    fn width(&self) -> usize {
        self.width
    }

    fn draw(&self, n: usize, random: Random) -> Vec<Real> {
        let drawn = self.epochs.draw(n, random).into_iter();
        let rows = drawn.flat_map(|row| &self.training[row * self.width..(row + 1) * self.width]);
        self.with_dither(rows.copied().collect(), random)
    }

    fn held_out(&self, n: usize, random: Random) -> Vec<Real> {
        self.some(&self.held_out, n, random)
    }

    fn validation(&self, n: usize, random: Random) -> Vec<Real> {
        let part = if self.validation.is_empty() { &self.held_out } else { &self.validation };
        self.some(part, n, random)
    }

    fn fingerprint(&self) -> Option<Fingerprint> {
        Some(self.fingerprint.clone())
    }

    fn len(&self) -> Option<usize> {
        Some(self.epochs.rows)
    }
    fn columns(&self) -> Option<Vec<String>> {
        self.columns.clone()
    }
    fn standardization(&self) -> Option<Standardization> {
        self.standardization.clone()
    }
    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}

fn statistics(raw: &RawTable, rows: &[usize]) -> Result<Standardization, DataError> {
    let (mut mean, mut deviation) = (Vec::new(), Vec::new());
    for column in 0..raw.width {
        let values = || rows.iter().map(|row| raw.values[row * raw.width + column]);
        let refuse = |reason: String| malformed(&raw.path, &column_name(column, raw.columns.as_deref()), reason);
        // The deviation of equal numbers need not be 0: their mean is rounded.
        if let Some(value) = constant(values()) {
            return Err(refuse(format!(
                "it is {value} in all {} training rows, so it has no density and cannot be standardised; remove the column, or set \
                 standardize = false",
                rows.len()
            )));
        }
        let centre = values().sum::<f64>() / rows.len() as f64;
        let variance = values().map(|v| (v - centre).powi(2)).sum::<f64>() / rows.len() as f64;
        let smallest = f64::EPSILON * centre.abs();
        if !(variance.is_finite() && variance.sqrt() > smallest) {
            return Err(refuse(format!(
                "its standard deviation over the {} training rows is {}, so it cannot be standardised; remove the column, or set \
                 standardize = false",
                rows.len(),
                variance.sqrt()
            )));
        }
        mean.push(centre);
        deviation.push(variance.sqrt());
    }
    let by = Standardization { mean, deviation };
    within_range(raw, &by)?;
    Ok(by)
}

/// The value of numbers that are all equal; `None` if two differ, or if there are none.
fn constant(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values = values.peekable();
    let first = *values.peek()?;
    values.all(|value| value == first).then_some(first)
}

fn standardised(by: &Standardization, column: usize, value: f64) -> Real {
    ((value - by.mean[column]) / by.deviation[column]) as Real
}

/// Refuses a table with a value so far from the training part that it is infinite once it is standardised.
fn within_range(raw: &RawTable, by: &Standardization) -> Result<(), DataError> {
    let infinite = |(index, value): (usize, &f64)| !standardised(by, index % raw.width, *value).is_finite();
    let Some(index) = raw.values.iter().enumerate().position(infinite) else { return Ok(()) };
    let (row, column) = (index / raw.width + 1, index % raw.width);
    let reason = format!(
        "the value {:e} in row {row} of data is too far from the training rows, of mean {:e} and standard deviation {:e}, to be \
         standardised; remove the row, or set standardize = false",
        raw.values[index], by.mean[column], by.deviation[column]
    );
    Err(malformed(&raw.path, &column_name(column, raw.columns.as_deref()), reason))
}

/// "column 3", with its name if there is one.
pub(super) fn column_name(column: usize, names: Option<&[String]>) -> String {
    match names.and_then(|names| names.get(column)) {
        Some(name) => format!("column {} ({})", column + 1, beginning(name)),
        None => format!("column {}", column + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::refused;

    fn raw(rows: usize) -> RawTable {
        RawTable {
            path: "numbers.csv".into(),
            width: 2,
            values: (0..rows).flat_map(|row| [row as f64, 1000.0 - row as f64]).collect(),
            columns: None,
            notes: Vec::new(),
        }
    }

    fn shares(held_out: f64) -> Shares {
        Shares { held_out, validation: 0.0 }
    }

    fn first_column(values: &[Real]) -> Vec<usize> {
        values.chunks(2).map(|row| row[0] as usize).collect()
    }

    #[test]
    fn every_row_is_either_trained_on_or_held_out() {
        let table = Table::new(raw(50), shares(0.2), false, Random::new(1)).unwrap();
        let mut rows = first_column(&table.training);
        assert_eq!((rows.len(), table.held_out.len() / 2, table.len()), (40, 10, Some(40)));
        rows.extend(first_column(&table.held_out(99, Random::new(1))));
        rows.sort_unstable();
        assert_eq!(rows, (0..50).collect::<Vec<_>>());
        let other = Table::new(raw(50), shares(0.2), false, Random::new(2)).unwrap();
        assert_ne!(first_column(&other.held_out), first_column(&table.held_out));
    }

    #[test]
    fn rows_for_validation_are_neither_trained_on_nor_held_out() {
        let of = |validation| Table::new(raw(50), Shares { held_out: 0.2, validation }, false, Random::new(1)).unwrap();
        let (three, two) = (of(0.25), of(0.0));
        assert_eq!((three.len(), two.len()), (Some(30), Some(40)));
        let place = Random::new(1);
        let validation = first_column(&three.validation(99, place));
        assert_eq!(validation.len(), 10);
        let others = [first_column(&three.training), first_column(&three.held_out(99, place))].concat();
        assert!(validation.iter().all(|row| !others.contains(row)));
        // What is held out is the same in both; without a part for it, it stands in.
        assert_eq!(three.held_out(99, place), two.held_out(99, place));
        assert_eq!(two.validation(99, place), two.held_out(99, place));
    }

    #[test]
    fn the_fingerprint_is_of_all_values_in_their_order_and_of_the_split() {
        let of =
            |raw: RawTable, seed| Table::new(raw, shares(0.2), true, Random::new(seed)).unwrap().fingerprint().unwrap();
        let first = of(raw(50), 1);
        assert_eq!(first, of(raw(50), 1));
        let split = &first.split;
        assert_eq!((first.rows, split.training, split.validation, split.held_out), (50, 40, 0, 10));
        let (mut swapped, mut scaled) = (raw(50), raw(50));
        swapped.values.chunks_mut(2).for_each(|row| row.swap(0, 1));
        // A change of units that standardising undoes.
        scaled.values.iter_mut().for_each(|value| *value *= 2.0);
        for other in [of(swapped, 1), of(scaled, 1), of(raw(51), 1)] {
            assert_ne!(other.content, first.content);
        }
        let other = of(raw(50), 2);
        assert_eq!(other.content, first.content);
        assert_ne!(other.split.rows, first.split.rows);
    }

    #[test]
    fn an_epoch_gives_every_row_once_and_the_next_in_another_order() {
        let table = Table::new(raw(31), shares(0.01), false, Random::new(1)).unwrap();
        let place = Random::new(5).stream("data");
        // 30 rows in batches of 7 from step 0: the epochs end inside batches.
        let rows: Vec<usize> = (0..30).flat_map(|step| first_column(&table.draw(7, place.at(step)))).collect();
        let epochs: Vec<Vec<usize>> = rows.chunks(30).map(<[usize]>::to_vec).collect();
        let mut expected = first_column(&table.training);
        expected.sort_unstable();
        for (index, epoch) in epochs.iter().enumerate() {
            let mut sorted = epoch.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, expected, "epoch {index}");
        }
        assert_ne!(epochs[0], epochs[1]);
        // A draw depends on its place alone.
        let fresh = Table::new(raw(31), shares(0.01), false, Random::new(1)).unwrap();
        assert_eq!(table.draw(8, place.at(3)), fresh.draw(8, place.at(3)));
        // More rows than there are: the epochs follow each other.
        assert_eq!(table.draw(45, place.at(0)).len(), 90);
    }

    #[test]
    fn the_training_part_is_standardised_by_its_own_statistics() {
        let table = Table::new(raw(100), shares(0.3), true, Random::new(3)).unwrap();
        for column in 0..2 {
            let values = table.training.iter().skip(column).step_by(2).map(|&v| f64::from(v));
            let mean = values.clone().sum::<f64>() / 70.0;
            let variance = values.map(|v| v * v).sum::<f64>() / 70.0;
            assert!(mean.abs() < 1e-6 && (variance - 1.0).abs() < 1e-5, "{mean} {variance}");
        }
        let standardization = table.standardization().unwrap();
        for row in standardization.invert(&table.held_out(100, Random::new(0))).chunks(2) {
            assert!((row[0] + row[1] - 1000.0).abs() < 1e-3, "{row:?}");
            assert!((row[0] - row[0].round()).abs() < 1e-3, "{row:?}");
        }
        let log_volume = standardization.deviation.iter().map(|d| d.ln()).sum::<f64>();
        assert_eq!(standardization.log_volume(), log_volume);
    }

    #[test]
    fn dither_adds_noise_of_its_deviation_that_depends_on_the_place_alone() {
        let of = |dither| Table::new(raw(100), shares(0.5), true, Random::new(3)).unwrap().dithered(dither);
        let (plain, dithered, place) = (of(0.0), of(0.1), Random::new(5).at(2));
        let noise = |a: Vec<Real>, b: Vec<Real>| -> Vec<f64> {
            a.into_iter().zip(b).map(|(a, b)| f64::from(a) - f64::from(b)).collect()
        };
        let training = noise(dithered.draw(20_000, place), plain.draw(20_000, place));
        let mean = training.iter().sum::<f64>() / 40_000.0;
        let variance = training.iter().map(|v| v * v).sum::<f64>() / 40_000.0;
        // Standard errors: 0.1 / sqrt(40000) = 5e-4, and 0.01 sqrt(2 / 40000) = 7e-5.
        assert!(mean.abs() < 2.5e-3 && (variance - 0.01).abs() < 3.5e-4, "{mean} {variance}");
        assert_eq!(dithered.draw(9, place), dithered.draw(9, place));
        // A row that is drawn again has other noise.
        assert_ne!(dithered.held_out(50, place), dithered.held_out(50, Random::new(5).at(3)));
        assert!(noise(dithered.held_out(50, place), plain.held_out(50, place)).iter().all(|v| *v != 0.0));
        assert_eq!(dithered.fingerprint(), plain.fingerprint());
    }

    #[test]
    fn tables_that_cannot_be_split_or_standardised_are_refused() {
        refused(Table::new(raw(1), shares(0.1), false, Random::new(1)), &["numbers.csv: ", "1 row(s)"]);
        let mut constant = raw(10);
        constant.values.iter_mut().skip(1).step_by(2).for_each(|v| *v = 7.1);
        constant.columns = Some(vec!["a".into(), "b".into()]);
        refused(
            Table::new(constant, shares(0.1), true, Random::new(1)),
            &["column 2 (b)", "7.1", "standardize = false"],
        );
    }

    #[test]
    fn a_constant_column_is_known_by_its_values_not_by_a_rounded_deviation() {
        // The mean of 9 times 14.62 is not 14.62, nor is the deviation 0.
        for value in [14.62, 3.5, 0.1, -1e-9, 1e15] {
            for rows in 4..40 {
                let mut raw = raw(rows);
                raw.values.iter_mut().skip(1).step_by(2).for_each(|v| *v = value);
                let told = Table::new(raw, shares(0.1), true, Random::new(1));
                refused(told, &["column 2: ", &format!("it is {value} in all ")]);
            }
        }
    }

    #[test]
    fn a_value_that_standardising_makes_infinite_is_told_wherever_it_is() {
        let told = |row: usize| {
            let mut raw = raw(20);
            let small = |index: usize| 1e-156 * index as f64;
            (0..20).for_each(|index| raw.values[2 * index + 1] = small(index));
            raw.values[2 * row + 1] = 1e153;
            Table::new(raw, shares(0.1), true, Random::new(1)).err().map(|error| error.to_string())
        };
        let told: Vec<_> = (0..20).filter_map(told).collect();
        // The two rows that are held out: any other is part of the statistics, and a few deviations away.
        assert_eq!(told.len(), 2, "{told:?}");
        for message in told {
            assert!(message.contains("column 2: the value 1e153 in row"), "{message}");
        }
    }
}
