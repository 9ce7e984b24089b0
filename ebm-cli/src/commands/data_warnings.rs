//! Warnings about data that can be read, and can hardly be trained on as the configuration says.

use ebm_core::data::Dataset;
use ebm_core::device::Real;
use ebm_core::random::Random;

use crate::config::RunConfig;

/// Rows that are looked at.
const LOOKED_AT: usize = 10_000;

/// Whatever looks wrong about data beside a configuration, each with the way out.
pub fn data_warnings(config: &RunConfig, data: &dyn Dataset) -> Vec<String> {
    let (width, batch) = (data.width(), config.train.batch);
    let mut warnings = data.notes();
    let Some(rows) = data.len().filter(|rows| *rows > 0) else { return warnings };
    if batch > rows {
        warnings.push(format!(
            "train.batch = {batch} is more than the {rows} samples to train on, so that a batch holds some of them twice; set \
             train.batch={rows} or less"
        ));
    }
    if let Some(few) = few_rows(rows, data) {
        warnings.push(few);
    }
    // The border of images may well be constant.
    if data.image().is_none() {
        let samples = data.draw(rows.min(LOOKED_AT), Random::new(config.seed).stream("warnings"));
        let constant = constant_columns(&samples, width);
        if !constant.is_empty() {
            let names = data.columns();
            let name = |column: &usize| match names.as_ref().and_then(|names| names.get(*column)) {
                Some(name) => name.clone(),
                None => (column + 1).to_string(),
            };
            let named: Vec<_> = constant.iter().take(8).map(name).collect();
            let more = if constant.len() > named.len() { ", ..." } else { "" };
            warnings.push(format!(
                "columns of one value throughout have no density, and a likelihood without limit: {}{more}; remove them",
                named.join(", ")
            ));
        }
    }
    warnings
}

/// The warning of fewer samples than dimensions, in which they lie in a plane that any model can learn by heart.
pub fn few_rows(rows: usize, data: &dyn Dataset) -> Option<String> {
    let width = data.width();
    (rows < width && data.image().is_none()).then(|| {
        format!(
            "{rows} samples to train on are fewer than the {width} columns: their covariance is singular, and a model can learn \
             them by heart; leave out columns, or watch the likelihood on validation data"
        )
    })
}

/// The columns of samples `[n, width]` in which all values are equal.
fn constant_columns(samples: &[Real], width: usize) -> Vec<usize> {
    let Some(first) = samples.get(..width) else { return Vec::new() };
    let mut constant: Vec<usize> = (0..width).collect();
    for row in samples.chunks_exact(width) {
        constant.retain(|column| row[*column] == first[*column]);
    }
    constant
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_constant_if_all_of_its_values_are_equal() {
        assert_eq!(constant_columns(&[14.62, 1.0, 2.0, 14.62, 1.0, 2.5, 14.62, 1.5, 2.0], 3), [0]);
        assert_eq!(constant_columns(&[1.0, 2.0], 2), [0, 1]);
        assert_eq!(constant_columns(&[], 2), [] as [usize; 0]);
    }
}
