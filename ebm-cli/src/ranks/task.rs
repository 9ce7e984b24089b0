//! The training task that the first process sends to the others.

use ebm_train::state_file;
use ebm_train::{Progress, TrainingState};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Ranks;
use crate::config::{Layers, Origin, Resolved, RunConfig};
use crate::exit::{Exit, Failure, OrExit};

/// A training task, as much as a process needs that reads nothing but the data.
pub(crate) struct Task {
    pub resolved: Resolved,
    /// The folder that relative paths of data start from.
    pub base: PathBuf,
    /// The state to continue from.
    pub state: Option<TrainingState>,
}

/// The part of a task that is sent before the arrays.
#[derive(Serialize, Deserialize)]
struct Head {
    /// The resolved configuration, TOML.
    config: String,
    base: PathBuf,
    progress: Option<Progress>,
    /// Owners of the arrays, which follow.
    owners: Vec<String>,
}

/// The source of a task, as errors name it.
const FROM: &str = "the first process";

impl Task {
    /// Tells the others what to do, or, with `None`, that there is nothing to do. For the first process; the others
    /// [hear](Task::hear).
    ///
    /// # Errors
    /// If they cannot be reached.
    pub fn tell(ranks: &Ranks, task: Option<(&RunConfig, &Path, Option<&TrainingState>)>) -> Result<(), Failure> {
        if ranks.count() == 1 {
            return Ok(());
        }
        let head = task.map(|(config, base, state)| -> Result<Head, Failure> {
            Ok(Head {
                config: toml::to_string(config).or_exit(Exit::Other)?,
                base: base.to_path_buf(),
                progress: state.map(|state| state.progress.clone()),
                owners: state.into_iter().flat_map(|state| state.arrays.keys().cloned()).collect(),
            })
        });
        let bytes = serde_json::to_vec(&head.transpose()?).or_exit(Exit::Other)?;
        ranks.broadcast(&bytes).or_exit(Exit::Other)?;
        for arrays in task.and_then(|(_, _, state)| state).into_iter().flat_map(|state| state.arrays.values()) {
            let bytes = state_file::encode(arrays, &BTreeMap::new(), FROM.as_ref()).or_exit(Exit::Other)?;
            ranks.broadcast(&bytes).or_exit(Exit::Other)?;
        }
        Ok(())
    }

    /// Receives the task from the first process; `None` if there is nothing to do.
    ///
    /// # Errors
    /// If it cannot be reached, or is another program.
    pub fn hear(ranks: &Ranks) -> Result<Option<Self>, Failure> {
        let bytes = ranks.broadcast(&[]).or_exit(Exit::Other)?;
        let Some(head) = serde_json::from_slice::<Option<Head>>(&bytes).or_exit(Exit::Other)? else {
            return Ok(None);
        };
        // All is received before any of it is read: the others must not wait for a process that cannot make sense of a
        // part.
        let owners = head.owners.iter();
        let received = owners.map(|owner| Ok((owner, ranks.broadcast(&[]).or_exit(Exit::Other)?)));
        let received: Vec<_> = received.collect::<Result<_, Failure>>()?;
        let mut arrays = BTreeMap::new();
        for (owner, bytes) in received {
            let state = state_file::decode(&bytes, FROM.as_ref()).or_exit(Exit::Other)?;
            arrays.insert(owner.clone(), state);
        }
        let layers = Layers::default().toml(Origin::File(FROM.into()), &head.config);
        Ok(Some(Self {
            resolved: layers.and_then(Layers::resolve).or_exit(Exit::Config)?,
            base: head.base,
            state: head.progress.map(|progress| TrainingState { progress, arrays }),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_train::process_group::Threads;
    use std::sync::Arc;

    #[test]
    fn a_task_arrives_as_it_was_told() {
        let config = "seed = 3\ndata = \"two-moons\"\ntrain = { batch = 8 }\n";
        let resolved = Layers::default().toml(Origin::File("a.toml".into()), config).unwrap().resolve().unwrap();
        let entry = ("weight".to_string(), (vec![2], vec![0.1, ebm_core::device::Real::INFINITY]));
        let mut state = TrainingState {
            arrays: BTreeMap::from([("energy".to_string(), BTreeMap::from([entry]))]),
            ..Default::default()
        };
        state.progress.step = 7;
        let mut group = Threads::group(2).into_iter().map(|rank| Ranks::of(Arc::new(rank)));
        let (first, second) = (group.next().unwrap(), group.next().unwrap());
        std::thread::scope(|scope| {
            let heard = scope.spawn(move || {
                let heard = Task::hear(&second).unwrap().unwrap();
                assert!(Task::hear(&second).unwrap().is_none());
                let text = toml::to_string(&heard.resolved.config).unwrap();
                (text, heard.base, heard.state)
            });
            Task::tell(&first, Some((&resolved.config, Path::new("data"), Some(&state)))).unwrap();
            Task::tell(&first, None).unwrap();
            let (text, base, heard) = heard.join().unwrap();
            assert_eq!(text, toml::to_string(&resolved.config).unwrap());
            assert_eq!((base, heard), (PathBuf::from("data"), Some(state.clone())));
        });
    }
}
