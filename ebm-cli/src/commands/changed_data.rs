//! Whether the runs of a series were trained on the data of today.

use std::path::Path;

use super::loaded_run::load_data;
use crate::exit::{Exit, Failure, OrExit};
use crate::run_directory::{Description, RunDirectory};
use crate::series::PlannedRun;

/// Says in which way the data of today differ from those that a run was trained on, if both are known and they do.
/// Relative paths start from `base`.
pub fn changed_data(base: &Path) -> impl FnMut(&PlannedRun, &Path) -> Result<Option<String>, Failure> {
    let mut last: Option<(toml::Value, Description)> = None;
    move |run, place| {
        let trained = RunDirectory::open(place)?.0.read_description()?;
        let Some((trained, of_trained)) = trained.and_then(|it| it.fingerprint.clone().map(|print| (it, print))) else {
            return Ok(None);
        };
        let config = &run.resolved.config;
        let named = toml::Value::try_from(&config.data).or_exit(Exit::Other)?;
        let mut now = match last.take() {
            Some((before, now)) if before == named => now,
            // What is finished needs no data; training says what is wrong with them.
            _ => match load_data(config, base) {
                Ok(data) => Description::of(&*data),
                Err(_) => return Ok(None),
            },
        };
        last = Some((named, now.clone()));
        // Each seed splits the same source in its own way.
        if let Some(print) = &mut now.fingerprint {
            print.split = of_trained.split;
        }
        Ok(trained.difference(&now))
    }
}
