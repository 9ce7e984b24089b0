//! `ebm bounds check`: whether bounds keep their contract.

use ebm_conformance::{Options, Report, check_lower, check_upper};
use ebm_core::registry::{self, LowerBoundConfig, UpperBoundConfig};
use std::panic;

use super::{bounds, print};
use crate::exit::{Exit, Failure, OrExit};

/// Checks the bounds of a name, or all.
///
/// # Errors
/// If there is no bound of the name asked for.
pub(super) fn run(name: Option<&str>, cases: Option<u32>, seed: u64, json: bool) -> Result<Exit, Failure> {
    let mut options = Options {
        seed,
        ..Options::default()
    };
    options.cases = cases.unwrap_or(options.cases);
    let asked = |known: &&'static str| name.is_none_or(|name| name == *known);
    let lower = registry::all::<dyn LowerBoundConfig>().into_iter().map(|d| d.name);
    let upper = registry::all::<dyn UpperBoundConfig>().into_iter().map(|d| d.name);
    let (lower, upper): (Vec<_>, Vec<_>) = (lower.filter(asked).collect(), upper.filter(asked).collect());
    if let Some(name) = name.filter(|_| lower.is_empty() && upper.is_empty()) {
        return Err(bounds::unknown(name));
    }
    // A panic in a bound is in its report, with the smallest case that makes it.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let lower = lower.into_iter().map(|name| check_lower(name, &options));
    let upper = upper.into_iter().map(|name| check_upper(name, &options));
    let mut reports: Vec<Report> = Vec::new();
    for report in lower.chain(upper) {
        if !json {
            print(&format!("{report}\n\n"))?;
        }
        reports.push(report);
    }
    panic::set_hook(hook);
    if json {
        let text = serde_json::to_string_pretty(&reports).or_exit(Exit::Other)?;
        print(&format!("{text}\n"))?;
    }
    Ok(match reports.iter().any(Report::failed) {
        true => Exit::Contract,
        false => Exit::Success,
    })
}
