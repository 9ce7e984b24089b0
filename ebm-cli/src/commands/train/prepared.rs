//! What a training run writes to, ready to be written to.

use std::cell::RefCell;
use std::fmt::Debug;
use std::rc::Rc;

use super::begin::{Begin, Begun};
use crate::exit::{Exit, Failure, OrExit};
use crate::observers::{History, Identity, Saving, TensorBoard};
use crate::run_directory::{MetricsFile, MetricsReader, RunDirectory, Versions, log_to};
use crate::signals::Signals;

/// A run directory, and what observers write there.
pub(super) struct Prepared {
    pub directory: RunDirectory,
    pub metrics: Rc<RefCell<MetricsFile>>,
    pub history: History,
    pub saving: Saving,
    pub board: Option<TensorBoard>,
    /// The step of the checkpoint that the run goes on from.
    pub resumed: Option<u64>,
}

impl Prepared {
    /// Makes the directory ready for a run of models of this `geometry` by so many `processes`.
    ///
    /// # Errors
    /// If the system refuses, or another process trains there.
    pub fn of(begin: Begin, geometry: &dyn Debug, processes: usize) -> Result<Self, Failure> {
        let (config, from) = (begin.resolved.config.clone(), begin.marker.config.clone());
        let Begun {
            directory,
            metrics,
            resumed,
            seconds,
        } = begin.begin().or_exit(Exit::RunDirectory)?;
        log_to(directory.path()).or_exit(Exit::RunDirectory)?;
        tracing::info!(config = %from.display(), seed = config.seed, ?geometry, processes, resumed, "training starts");
        let history = match resumed {
            None => History::default(),
            Some(_) => {
                let lines = MetricsReader::open(directory.path()).or_exit(Exit::RunDirectory)?;
                History::from_metrics(lines).or_exit(Exit::RunDirectory)?
            }
        };

        let signals = Signals::listen().or_exit(Exit::Other)?;
        let metrics = Rc::new(RefCell::new(metrics));
        let identity = Identity {
            config: config.hash().or_exit(Exit::Other)?,
            versions: serde_json::to_value(Versions::of(&config)).or_exit(Exit::Other)?,
            processes,
            seconds,
        };
        let (checkpoints, options) = (directory.checkpoints(), config.checkpoint.clone());
        let saving = Saving::new(checkpoints, options, identity, metrics.clone(), signals, resumed);
        let board = config.log.tensorboard;
        let board = board.then(|| TensorBoard::create(directory.path(), resumed.unwrap_or(0)));
        Ok(Self {
            board: board.transpose().or_exit(Exit::RunDirectory)?,
            directory,
            metrics,
            history,
            saving,
            resumed,
        })
    }
}
