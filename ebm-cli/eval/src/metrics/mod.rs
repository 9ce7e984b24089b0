//! The figures that generative models of images are compared by, as functions of numbers that somebody else computed:
//! features, class probabilities, classes, scores.
//!
//! | figure | of | source |
//! |---|---|---|
//! | [`frechet_distance`] | two sets of features, or their [`Moments`] | Heusel et al., NeurIPS 2017 |
//! | [`inception_score`] | class probabilities | Salimans et al., NeurIPS 2016 |
//! | [`Prdc`]: precision, recall, density, coverage | two sets of features | Kynkäänniemi et al., NeurIPS 2019; Naeem et al., ICML 2020 |
//! | [`Detection`]: AUROC, AUPRC, FPR at 95 % TPR | two sets of scores | Fawcett, Pattern Recognition Letters 2006 |
//! | [`ModeHistogram`]: occupied modes, KL | classes | Metz et al., ICLR 2017 |
//!
//! Each is tested for equality with its usual Python package; see `tests/fixtures/metrics`.
//!
//! ```
//! use ebm_eval::metrics::{
//!     Detection, Features, InceptionScore, MetricError, ModeHistogram, Moments, Prdc, frechet_distance, inception_score,
//!     single,
//! };
//!
//! let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
//!
//! // Four samples of one feature: the squared deviations 2.25 + 0.25 + 0.25 + 2.25, divided by 3.
//! let real = single(&[0.0, 1.0, 2.0, 3.0]);
//! let real = Features::new(&real, 1)?;
//! let moments = Moments::of(real)?;
//! assert!(close(moments.mean()[0], 1.5) && close(moments.covariance()[0], 5.0 / 3.0));
//! // In one dimension it is (m1 - m2)^2 + (s1 - s2)^2: means 0 and 3, standard deviations 1 and 2.
//! let (first, second) = (Moments::new(vec![0.0], vec![1.0])?, Moments::new(vec![3.0], vec![4.0])?);
//! assert!(close(frechet_distance(&first, &second)?, 9.0 + 1.0));
//!
//! // Balls of radius 1 around the real samples, of 0.25, 0.25, 1.75 and 2.5 around the generated ones. 2.5 and 2.75 are in
//! // the balls of 2 and of 3; of the real ones only 3 is in a ball, that of 4.5.
//! let generated = single(&[2.5, 2.75, 4.5, 7.0]);
//! let figures = Prdc::of(real, Features::new(&generated, 1)?, 1)?;
//! assert_eq!(figures, Prdc { precision: 0.5, recall: 0.25, density: 1.0, coverage: 0.5 });
//!
//! // A split with two sure classes, and a split with one: 2 and 1.
//! let probabilities = [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0];
//! let InceptionScore { mean, deviation } = inception_score(&probabilities, 2, 2)?;
//! assert!(close(mean, 1.5) && close(deviation, 0.5));
//!
//! // Five of six pairs are in order; all positives are reached at 1, with one negative of two above.
//! let detection = Detection::of(&[4.0, 3.0, 1.0], &[2.0, 0.0])?;
//! assert!(close(detection.auroc, 5.0 / 6.0) && close(detection.fpr_at_95, 0.5));
//! assert!(close(detection.average_precision, (1.0 + 1.0 + 3.0 / 4.0) / 3.0));
//!
//! // Half of the classes, equally often.
//! let modes = ModeHistogram::new([0, 2, 2, 0], 4);
//! assert!(modes.occupied() == 2 && close(modes.divergence(), 2.0_f64.ln()));
//!
//! let error = Features::new(&[1.0, 2.0, 3.0], 2).unwrap_err();
//! assert_eq!(error, MetricError::Rows { values: 3, width: 2 });
//! # Ok::<(), MetricError>(())
//! ```

mod cloud;
mod detection;
mod error;
mod features;
mod frechet;
mod inception;
mod mode_histogram;
mod moments;
mod prdc;

pub use detection::Detection;
pub use error::MetricError;
pub use features::{Features, single};
pub use frechet::frechet_distance;
pub use inception::{InceptionScore, inception_score};
pub use mode_histogram::ModeHistogram;
pub use moments::Moments;
pub use prdc::Prdc;

#[cfg(test)]
mod fixtures;
