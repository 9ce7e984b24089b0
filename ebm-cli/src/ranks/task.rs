use ebm_train::{TrainingState, process_group::broadcast};
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

/// A task as it is sent: the resolved configuration in TOML, the folder and the state.
type Message = (String, PathBuf, Option<TrainingState>);

impl Task {
    /// Tells the others, which [hear](Task::hear), what to do, or, with `None`, nothing: for the first process.
    pub fn tell(ranks: &Ranks, task: Option<(&RunConfig, &Path, Option<&TrainingState>)>) -> Result<(), Failure> {
        if ranks.count() == 1 {
            return Ok(());
        }
        let message = task.map(|(config, base, state)| -> Result<Message, Failure> {
            let config = toml::to_string(config).or_exit(Exit::Other)?;
            Ok((config, base.into(), state.cloned()))
        });
        broadcast(&*ranks.group, &message.transpose()?).map(drop).or_exit(Exit::Other)
    }

    /// Receives the task from the first process; `None` if there is nothing to do.
    pub fn hear(ranks: &Ranks) -> Result<Option<Self>, Failure> {
        let message: Option<Message> = broadcast(&*ranks.group, &None).or_exit(Exit::Other)?;
        let Some((config, base, state)) = message else {
            return Ok(None);
        };
        let layers = Layers::default().toml(Origin::File("the first process".into()), &config);
        Ok(Some(Self { resolved: layers.and_then(Layers::resolve).or_exit(Exit::Config)?, base, state }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_train::process_group::Threads;
    use std::{collections::BTreeMap, sync::Arc};

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
        Threads::on_each(2, |rank| {
            let ranks = Ranks::of(Arc::new(rank));
            if ranks.is_first() {
                Task::tell(&ranks, Some((&resolved.config, Path::new("data"), Some(&state)))).unwrap();
                return Task::tell(&ranks, None).unwrap();
            }
            let heard = Task::hear(&ranks).unwrap().unwrap();
            assert!(Task::hear(&ranks).unwrap().is_none());
            let text = |config| toml::to_string(config).unwrap();
            assert_eq!(text(&heard.resolved.config), text(&resolved.config));
            assert_eq!((heard.base, heard.state), (PathBuf::from("data"), Some(state.clone())));
        });
    }
}
