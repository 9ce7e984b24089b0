//! What `ebm train` watches a run with, one concern a file.

mod divergence;
mod evaluation;
mod history;
mod metrics_log;

pub use divergence::{Divergence, judge};
pub use evaluation::EvaluationObserver;
pub use history::{History, Point};
pub use metrics_log::{MetricsLog, evaluation_metrics};
