//! `ebm list`: everything that is linked into this program, by name.

use clap::{Args, ValueEnum};
use ebm_core::registry::{
    self, DatasetConfig, EnergyConfig, GeneratorConfig, LowerBoundConfig, Need, Registered, UpperBoundConfig,
};
use ebm_eval::evaluate::Rows;
use ebm_eval::metric::{Descriptor, registrations};
use ebm_train::optim::OptimizerConfig;
use serde::Serialize;

use crate::exit::{Exit, Failure};
use crate::output::{print, print_json};

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  ebm list\n  ebm list optimizer\n  ebm list metric --json")]
pub struct List {
    /// Only list one kind
    #[arg(value_enum)]
    pub kind: Option<Kind>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// A kind of component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Bounds of the negative log-likelihood, lower and upper
    Bound,
    /// Generators
    Generator,
    /// Energies
    Energy,
    /// Data sets
    Dataset,
    /// Optimisers of weights
    Optimizer,
    /// Values that an evaluation reports
    Metric,
}

#[derive(Clone, Serialize)]
pub(super) struct Entry {
    pub name: &'static str,
    pub kind: &'static str,
    guarantee: Option<String>,
    needs: &'static [Need],
    #[serde(rename = "crate")]
    crate_name: &'static str,
    version: &'static str,
    summary: String,
    reference: &'static str,
}

pub fn run(arguments: &List) -> Result<Exit, Failure> {
    let kinds = arguments.kind.as_ref().map_or(Kind::value_variants(), std::slice::from_ref);
    let entries: Vec<Entry> = kinds.iter().flat_map(|kind| entries(*kind)).collect();
    print_entries(&entries, arguments.json)
}

pub(super) fn print_entries(entries: &[Entry], json: bool) -> Result<Exit, Failure> {
    if json {
        return print_json(&entries);
    }
    let mut rows = Rows::new(["NAME", "KIND", "AT BEST", "CRATE", "SUMMARY"], [false; 5]);
    for entry in entries {
        let crate_of = format!("{} {}", entry.crate_name, entry.version);
        let claim = entry.guarantee.clone().unwrap_or_else(|| "-".into());
        rows.push([entry.name.into(), entry.kind.into(), claim, crate_of, entry.summary.clone()]);
    }
    print(&rows.to_string())
}

pub(super) fn entries(kind: Kind) -> Vec<Entry> {
    match kind {
        Kind::Bound => [configured::<dyn LowerBoundConfig>(), configured::<dyn UpperBoundConfig>()].concat(),
        Kind::Generator => configured::<dyn GeneratorConfig>(),
        Kind::Energy => configured::<dyn EnergyConfig>(),
        Kind::Dataset => configured::<dyn DatasetConfig>(),
        Kind::Optimizer => configured::<dyn OptimizerConfig>(),
        Kind::Metric => metrics(),
    }
}

/// Components that configurations name.
fn configured<C: Registered + ?Sized>() -> Vec<Entry> {
    let entry = |d: &'static registry::Descriptor<C>| Entry {
        name: d.name,
        kind: C::KIND,
        guarantee: d.guarantee.map(|level| level.to_string()),
        needs: d.needs,
        crate_name: d.crate_name,
        version: d.crate_version,
        summary: d.summary.into(),
        reference: d.reference,
    };
    registry::all::<C>().into_iter().map(entry).collect()
}

fn metrics() -> Vec<Entry> {
    let mut metrics = Vec::new();
    for registered in registrations() {
        for &Descriptor { name, unit, direction, .. } in registered.values {
            let (crate_name, version) = registry::owner("metric", name).unwrap_or(("-", ""));
            let summary = format!("unit: {unit:?}, better: {direction:?}").to_lowercase();
            let (kind, guarantee, needs, reference) = ("metric", None, &[], "-");
            metrics.push(Entry { name, kind, guarantee, needs, crate_name, version, summary, reference });
        }
    }
    metrics
}
