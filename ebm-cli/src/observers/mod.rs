//! The observers of `ebm train`, one file per concern.

mod divergence;
mod evaluation;
mod failure;
mod gaussian;
mod history;
mod metrics_log;
mod sample_grid;
mod saving;
mod tensorboard;
mod trouble;

pub use divergence::{Divergence, judge};
pub use evaluation::{EvaluationObserver, evaluated};
pub use failure::{Yardsticks, failure, spread};
pub use gaussian::{gaussian_draws, gaussian_fit, gaussian_nll, moments};
pub use history::History;
pub use metrics_log::MetricsLog;
pub use sample_grid::SampleGrid;
pub use saving::{Saving, prune};
pub use tensorboard::TensorBoard;
pub use trouble::Trouble;
