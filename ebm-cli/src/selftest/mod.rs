//! Checks that this build computes, on its device, what a build in double precision computes on a CPU.
//!
//! A build has one precision and one device, so the values to compare with come as a file: `reference.safetensors`,
//! written by a build with the feature `f64` on a CPU and embedded here. Inputs and weights are the same numbers in
//! both precisions, so that differences come from what was computed from them.
//!
//! The cases stand beside the code that they test, and register with [`ebm_core::kernels::selftest`]:
//!
//! | group | has |
//! |---|---|
//! | `kernel` | every operation of [`ebm_core::kernels`]: values, pushforwards, both gradients |
//! | `optimizer`, `jacobian` | Adam and the average; products, volumes and the iterative solver |
//! | `generator`, `energy`, `lower`, `upper` | every registered component, and more options of those that come with the program |
//! | `training` | some iterations of both players |
//!
//! A registered component without a reference, such as a third party's bound or one that draws random numbers, is run,
//! and its figures must be finite.

mod draws;
mod figures;
mod reference;
mod report;

pub use ebm_core::kernels::selftest::Quantity;
pub use reference::Reference;
pub use report::{Report, Row, Verdict};

use ebm_core::kernels::selftest::{Draws, all};
use std::{collections::BTreeSet, panic};

use figures::figures;

/// Compares every case whose name contains `filter`, in capitals or not, with `reference`; all without a filter.
pub fn run(reference: &Reference, filter: Option<&str>) -> Report {
    let draws = draws::row(reference);
    let own_draws = draws.verdict != Verdict::Passed;
    let mut rows: Vec<Row> = matches(draws::NAME, filter).then_some(draws).into_iter().collect();
    let all = all();
    let here: BTreeSet<String> = all.iter().map(|case| case.name.clone()).collect();
    let asked = all.into_iter().filter(|case| matches(&case.name, filter));
    quietly(|| {
        rows.extend(asked.map(|case| match (case.draws, reference.figures(&case.name)) {
            (Draws::Normals, Some(_)) if own_draws => {
                Row::of(&case, None).noting("this device draws other numbers than the reference has")
            }
            (_, known) => Row::of(&case, known),
        }));
    });
    let others = reference.names().filter(|name| matches(name, filter));
    let absent = others.filter(|name| *name != draws::NAME && !here.contains(*name));
    rows.extend(absent.map(Row::absent));
    Report { rows }
}

/// The figures of this build, as a reference for others. Cases that cannot be run, or that depend on what they draw in more than
/// the last digits, are left out.
pub fn record() -> Reference {
    let cases = all().into_iter().chain([draws::case()]);
    quietly(|| {
        let known = cases.filter_map(|case| {
            let found = figures(&case, 0).ok()?;
            let reproducible = case.draws != Draws::Unknown || figures(&case, 1).is_ok_and(|other| other == found);
            reproducible.then_some((case.name, found))
        });
        Reference::of(known.collect())
    })
}

fn matches(name: &str, filter: Option<&str>) -> bool {
    filter.is_none_or(|filter| name.to_lowercase().contains(&filter.to_lowercase()))
}

/// Keeps panics from printing, where the result of the work says what went wrong.
pub(crate) fn quietly<T>(work: impl FnOnce() -> T) -> T {
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
    fn a_case_that_only_the_reference_has_is_reported() {
        let figures = figures::Figures::from([(Quantity::Value, vec![vec![1.0]])]);
        let reference = Reference::of([("kernel of another build".into(), figures)].into());
        let report = run(&reference, Some("another"));
        assert_eq!((report.rows.len(), report.count(Verdict::Skipped)), (1, 1));
        assert!(report.to_string().contains("skipped: kernel of another build: the reference has it"));
    }
}
