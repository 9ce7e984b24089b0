//! The metrics that a configuration watches: they must exist, and the run's evaluations must have them.

use ebm_core::error::ConfigError;
use ebm_eval::metric::{self, Prospect};
use ebm_train::metric::stand_ins;

use super::{RunConfig, suggest};

/// The keys of the watched metrics that are set, with their names.
fn watched(config: &RunConfig) -> impl Iterator<Item = (&'static str, &str)> {
    let stop = &config.train.stop;
    let best = Some(&config.checkpoint.best).filter(|name| !name.is_empty()).map(|name| ("checkpoint.best", name));
    let stop = (stop.patience > 0).then_some(("train.stop.metric", &stop.metric));
    best.into_iter().chain(stop).map(|(key, name)| (key, name.as_str()))
}

/// Refuses a metric that does not exist, or that the run's evaluations will not have, as far as that is known.
pub fn check_watched(config: &RunConfig, prospect: Option<&Prospect<'_>>) -> Result<(), ConfigError> {
    let known = prospect.map(Prospect::metrics);
    for (key, name) in watched(config) {
        let refused = |expected: String| Err(ConfigError::new(key, name, expected));
        if metric::find(name).is_none() {
            let names: Vec<&str> = metric::all().map(|value| value.name).collect();
            let near = suggest::nearest(name, &names).map(|near| format!("did you mean `{near}`?"));
            let all = || "`ebm list metric` shows them all".into();
            return refused(format!("the name of a metric; {}", near.unwrap_or_else(all)));
        }
        let has = |known: &Vec<&str>| stand_ins(name).filter_map(metric::find).any(|value| known.contains(&value.name));
        if let Some(known) = known.as_ref().filter(|known| !has(known)) {
            return refused(format!("a metric that this run's evaluations have: {}", known.join(", ")));
        }
    }
    Ok(())
}
