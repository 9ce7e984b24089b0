//! Everything that is computed.

mod bounds;
mod dense;
mod drawn;
mod functions;
mod images;
mod jacobian;
mod models;
mod optimizer;
mod reductions;
mod rows;
mod samples;
mod training;

pub(super) use drawn::{are_normal, draws};

use super::case::Case;

/// All cases but that of the draws.
pub(super) fn all() -> Vec<Case> {
    let groups = [
        dense::cases(),
        images::cases(),
        rows::cases(),
        samples::cases(),
        functions::cases(),
        reductions::cases(),
        optimizer::cases(),
        jacobian::cases(),
        models::cases(),
        bounds::cases(),
        training::cases(),
    ];
    groups.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_case_has_a_name_of_its_own() {
        let all = all();
        let names: BTreeSet<&str> = all.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names.len(), all.len());
    }
}
