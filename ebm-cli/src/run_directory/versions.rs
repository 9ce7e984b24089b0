use ebm_core::registry::{self, Registered};
use serde::Serialize;
use std::collections::BTreeMap;

use crate::config::{KIND, RunConfig};
use crate::machine;

/// The versions of everything that took part in a run.
#[derive(Clone, Debug, Serialize)]
pub struct Versions {
    ebm: &'static str,
    rustc: &'static str,
    target: &'static str,
    /// Precision of the numbers: `f32` or `f64`.
    precision: &'static str,
    /// The device that holds the numbers: `cpu` or `cuda`.
    device: &'static str,
    seed: u64,
    /// The components used, by section.
    components: BTreeMap<&'static str, Component>,
}

#[derive(Clone, Debug, Serialize)]
struct Component {
    name: String,
    #[serde(rename = "crate")]
    crate_name: &'static str,
    version: &'static str,
}

impl Versions {
    /// The versions that a configuration uses.
    pub fn of(config: &RunConfig) -> Self {
        let components = [
            ("data", component(&*config.data)),
            ("generator", component(&*config.generator)),
            ("energy", component(&*config.energy)),
            ("lower", component(&*config.lower)),
            ("upper", component(&*config.upper)),
        ];
        let present = components.into_iter().filter_map(|(section, found)| Some((section, found?)));
        Self {
            ebm: env!("CARGO_PKG_VERSION"),
            rustc: env!("BUILT_BY_RUSTC"),
            target: env!("BUILT_FOR_TARGET"),
            precision: machine::PRECISION,
            device: machine::DEVICE,
            seed: config.seed,
            components: present.collect(),
        }
    }
}

fn component<C: Registered + Serialize + ?Sized>(config: &C) -> Option<Component> {
    let form = serde_json::to_value(config).ok()?;
    let descriptor = registry::find::<C>(form[KIND].as_str()?)?;
    Some(Component {
        name: descriptor.name.to_string(),
        crate_name: descriptor.crate_name,
        version: descriptor.crate_version,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_the_build_sets_is_no_configuration_value() {
        // `cargo run` hands the build script's variables to the program, which reads every `EBM_*` as configuration.
        assert!(!include_str!("../../build.rs").contains("rustc-env=EBM_"));
    }
}
