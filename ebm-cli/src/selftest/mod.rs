//! Whether this build computes, on the device it runs on, what a build in double precision computes on a CPU.
//!
//! A build has one precision and one device, so what it is compared with comes as a file: `reference.safetensors`, written by
//! a build with the feature `f64` on a CPU and embedded here. Inputs and weights are the same numbers in both precisions
//! (the module `numbers`), so that what differs is what was computed from them.
//!
//! | group | has |
//! |---|---|
//! | `kernel` | every operation of [`ebm_core::kernels`]: values, pushforwards, both gradients |
//! | `optimizer`, `jacobian` | Adam and the average; products, volumes and the iterative solver |
//! | `generator`, `energy`, `lower`, `upper` | every registered component, and more options of those that come with the program |
//! | `training` | some iterations of both players |
//!
//! What is registered but has no reference, as a bound of somebody else or one that draws random numbers, is run, and its
//! figures must be finite.

mod case;
mod cases;
mod digest;
mod figures;
mod numbers;
mod operation;
mod reference;
mod report;
mod weights;

pub use figures::Compared;
pub use reference::{Reference, ReferenceError};
pub use report::{Report, Row, Verdict};

use std::collections::{BTreeMap, BTreeSet};
use std::panic;

use case::Draws;

/// The numbers that the build in double precision drew are those that this one draws.
const DRAWS: &str = "random normals";

/// Compares every case whose name contains `filter`, in capitals or not, with `reference`; all without a filter.
pub fn run(reference: &Reference, filter: Option<&str>) -> Report {
    let draws = of_draws(reference);
    let own_draws = draws.verdict != Verdict::Passed;
    let mut rows = Vec::new();
    if matches(DRAWS, filter) {
        rows.push(draws);
    }
    let all = cases::all();
    let here: BTreeSet<String> = all.iter().map(|case| case.name.clone()).collect();
    let asked = all.into_iter().filter(|case| matches(&case.name, filter));
    rows.extend(quietly(|| {
        asked
            .map(|case| {
                let known = reference.figures(&case.name);
                match (case.draws, known) {
                    (Draws::Normals, Some(_)) if own_draws => {
                        let note = "this device draws other numbers than the reference has";
                        Row::of(&case, None).noting(note)
                    }
                    (_, known) => Row::of(&case, known.as_ref()),
                }
            })
            .collect::<Vec<_>>()
    }));
    let others = reference.names().filter(|name| matches(name, filter));
    let absent = others.filter(|name| *name != DRAWS && !here.contains(*name));
    rows.extend(absent.map(Row::absent));
    Report::new(rows)
}

/// What this build computes, as a reference for others. Cases that cannot be run, or that depend on what they draw in more than
/// the last digits, are left out.
pub fn record() -> Reference {
    let all = cases::all().into_iter().chain([cases::draws(DRAWS)]);
    quietly(|| {
        let known = all.filter_map(|case| {
            let figures = case.figures(0).ok()?;
            let reproducible = case.draws != Draws::Unknown || case.figures(1).is_ok_and(|other| other == figures);
            reproducible.then_some((case.name, figures))
        });
        Reference::of(known.collect::<BTreeMap<_, _>>())
    })
}

fn of_draws(reference: &Reference) -> Row {
    let case = cases::draws(DRAWS);
    let row = Row::of(&case, reference.figures(DRAWS).as_ref());
    match row.verdict {
        // Not the reference's numbers, which a device may have numbers of its own for: as long as they are normal ones.
        Verdict::Missed if cases::are_normal() => {
            let note = "other numbers than the reference has; mean and variance are those of N(0, 1)";
            Row::of(&case, None).noting(note)
        }
        _ => row,
    }
}

fn matches(name: &str, filter: Option<&str>) -> bool {
    filter.is_none_or(|filter| name.to_lowercase().contains(&filter.to_lowercase()))
}

/// What goes wrong in a case is in its row, and needs no message beside it.
fn quietly<T>(work: impl FnOnce() -> T) -> T {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let done = work();
    panic::set_hook(hook);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_reference_has_and_this_build_has_not_is_told() {
        let figures = figures::Figures::from([(Compared::Value, vec![vec![1.0]])]);
        let reference = Reference::of([("kernel of another build".into(), figures)].into());
        let report = run(&reference, Some("another"));
        assert_eq!((report.rows.len(), report.count(Verdict::Skipped)), (1, 1));
        assert!(
            report
                .to_string()
                .contains("skipped: kernel of another build: the reference has it")
        );
    }
}
