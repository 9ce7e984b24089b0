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
