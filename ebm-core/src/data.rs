//! Data sets as the trainer and the evaluation see them.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use thiserror::Error;

use crate::device::Real;
use crate::image::{ImageShape, LabelledImages, Part};
use crate::random::Random;

/// The modes of a data set that is a mixture of well separated round components.
#[derive(Clone, Debug, PartialEq)]
pub struct Modes {
    /// Centres, one of `D` values a mode.
    pub centres: Vec<Vec<f64>>,
    /// Standard deviation of every component along each axis.
    pub standard_deviation: f64,
}

/// The affine map that was applied to data: `(value - mean) / deviation`, column by column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standardization {
    /// Mean of each column of the training part, in the source's units.
    pub mean: Vec<f64>,
    /// Standard deviation of each column of the training part, in the source's units.
    pub deviation: Vec<f64>,
}

impl Standardization {
    /// Row-major standardised values in the source's units.
    pub fn invert(&self, values: &[Real]) -> Vec<Real> {
        let columns = self.mean.iter().zip(&self.deviation).cycle();
        let raw = |(&v, (mean, deviation)): (&Real, (&f64, &f64))| (f64::from(v) * deviation + mean) as Real;
        values.iter().zip(columns).map(raw).collect()
    }

    /// The nats to add to a negative log-likelihood or entropy of standardised data to convert it to the source's units.
    pub fn log_volume(&self) -> f64 {
        self.deviation.iter().map(|d| d.ln()).sum()
    }
}

/// Mean and variance of each column of samples `[n, width]`, row-major; the variance is the mean square, divided by n.
pub fn column_moments(samples: &[Real], width: usize) -> Vec<(f64, f64)> {
    let count = (samples.len() / width).max(1) as f64;
    // Row by row: columns of wide data lie far apart in memory.
    let means_of = |term: &dyn Fn(usize, f64) -> f64| {
        let mut sums = vec![0.0; width];
        for row in samples.chunks_exact(width) {
            for (column, (sum, value)) in sums.iter_mut().zip(row).enumerate() {
                *sum += term(column, f64::from(*value));
            }
        }
        sums.iter_mut().for_each(|sum| *sum /= count);
        sums
    };
    let means = means_of(&|_, value| value);
    let variances = means_of(&|column, value| (value - means[column]).powi(2));
    means.into_iter().zip(variances).collect()
}

/// The identity of a finite data set: a run keeps it, and recognises by it the data that it was trained on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Number of samples in the source, all parts together.
    pub rows: usize,
    /// A hash of the source's values, in the units and in the order of the source.
    pub content: String,
    /// The parts of the source.
    pub split: Split,
}

/// The parts that the samples of a finite source are split into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Number of samples to train on.
    pub training: usize,
    /// Number of samples for choices that are made during training, such as the best checkpoint.
    pub validation: usize,
    /// Number of samples that reports are on.
    pub held_out: usize,
    /// A hash of the rows of the source that are not in the training part.
    pub rows: String,
}

/// A source of training, validation and held-out samples in `D` dimensions.
///
/// Draws are functions of the place in [`Random`] alone, so that a resumed run sees the data it would have seen.
///
/// A distribution says its width and how to draw. A finite set says its length and what is held out besides, and should have a
/// validation part and a [`Fingerprint`].
///
/// ```
/// use ebm_core::data::Dataset;
/// use ebm_core::device::Real;
/// use ebm_core::random::Random;
///
/// /// N(0, 1).
/// struct Normal;
///
/// impl Dataset for Normal {
///     fn width(&self) -> usize {
///         1
///     }
///     fn draw(&self, n: usize, random: Random) -> Vec<Real> {
///         random.normals(n)
///     }
///     fn entropy(&self) -> Option<f64> {
///         Some(0.5 * (1.0 + std::f64::consts::TAU.ln()))
///     }
/// }
///
/// let place = Random::new(1).stream("data").at(3);
/// assert_eq!(Normal.draw(5, place), Normal.draw(5, place));
/// assert_ne!(Normal.draw(5, place), Normal.held_out(5, place));
/// assert_eq!(Normal.len(), None);
/// ```
pub trait Dataset: Send + Sync {
    /// Number of dimensions, `D`.
    fn width(&self) -> usize;
    /// `n` training samples, row-major `[n, D]`.
    fn draw(&self, n: usize, random: Random) -> Vec<Real>;
    /// Up to `n` samples that training never sees, row-major. A finite set gives what it has if that is fewer.
    ///
    /// A distribution draws anew; a finite set has none unless it says which.
    fn held_out(&self, n: usize, random: Random) -> Vec<Real> {
        match self.len() {
            None => self.draw(n, random.stream("held out")),
            Some(_) => Vec::new(),
        }
    }
    /// Up to `n` samples for choices that are made during training, row-major: neither trained on nor in a report. A finite set
    /// gives what it has if that is fewer.
    ///
    /// A distribution draws them as it draws held-out ones, at another place. So does a finite set that has no such part:
    /// choices that look at held-out samples make reports on the same samples look better than they are.
    fn validation(&self, n: usize, random: Random) -> Vec<Real> {
        self.held_out(n, random)
    }
    /// The identity of a finite set. Without one, a run cannot tell whether its data have changed.
    fn fingerprint(&self) -> Option<Fingerprint> {
        None
    }
    /// Number of training samples, if finite.
    fn len(&self) -> Option<usize> {
        None
    }
    /// Whether there are no training samples.
    fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }
    /// The modes, if the data set has them.
    fn modes(&self) -> Option<Modes> {
        None
    }
    /// The differential entropy in nats, if known: no model's likelihood can be better.
    fn entropy(&self) -> Option<f64> {
        None
    }
    /// How the source's values were standardised, if they were.
    fn standardization(&self) -> Option<Standardization> {
        None
    }
    /// Names of the columns, if the source has them.
    fn columns(&self) -> Option<Vec<String>> {
        None
    }
    /// The shape of the images that the samples are, if they are: values row by row, channels last, grey levels scaled to
    /// [-1, 1] as [`value_of`](crate::image::value_of) does.
    fn image(&self) -> Option<ImageShape> {
        None
    }
    /// Up to `n` different images of a part with their classes, if the data are images that have classes.
    fn labelled(&self, _part: Part, _n: usize, _random: Random) -> Option<LabelledImages> {
        None
    }
    /// Remarks on what was read and may surprise, such as files that were left out. A run warns of them as it begins.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
    /// Refuses what was drawn since the last call, if some of it could not be read. Only a source that reads as it is drawn
    /// from can fail so.
    ///
    /// # Errors
    /// Why it could not be read.
    fn intact(&self) -> Result<(), DataError> {
        Ok(())
    }
    /// The images that are stacked, if a sample is several images of another data set, each a channel of its own.
    fn stacked(&self) -> Option<&dyn Dataset> {
        None
    }
}

/// Data that cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// The file cannot be opened or read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// There is nothing of the kind that was expected.
    #[error("{}: {found}; {advice}", path.display())]
    Missing {
        /// The file or folder.
        path: PathBuf,
        /// The contents found, or missing.
        found: String,
        /// How to come by the data.
        advice: String,
    },
    /// The file's content is not what was expected.
    #[error("{}: {place}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where: "line 3, column 2".
        place: String,
        /// The fault, and what was expected.
        reason: String,
    },
}
