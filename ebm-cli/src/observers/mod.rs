//! What `ebm train` watches a run with, one concern a file.

mod divergence;
mod evaluation;
mod gaussian;
mod history;
mod metrics_log;
mod sample_grid;
mod saving;
mod tensorboard;

pub use divergence::{Divergence, judge};
pub use evaluation::{EvaluationObserver, evaluated};
pub use gaussian::{gaussian_nll, moments};
pub use history::{History, Point};
pub use metrics_log::MetricsLog;
pub use sample_grid::{SampleGrid, SampleGrids};
pub use saving::{Identity, Saving};
pub use tensorboard::TensorBoard;
