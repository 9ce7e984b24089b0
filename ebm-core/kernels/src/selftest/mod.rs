//! Computations of given numbers, whose results a build compares with those of another precision or device.
//!
//! An operation, a model or a bound has cases beside it, which it registers with [`selftest_cases!`](crate::selftest_cases).
//! A runner need not know what they are about: a case has a name, and gives arrays of figures.

mod case;
mod numbers;
mod operation;
mod weights;

pub use case::{CANCELLING, Case, Draws, Found, NETWORK, OPERATION, Quantity, TRAINING, doubles};
pub use numbers::{mix, numbers, scaled};
pub use operation::{Operation, beside, matrix, vector};
pub use weights::{change, in_weights, set_weights, trained};

/// A function that lists cases, as it is registered.
pub struct Cases(pub fn() -> Vec<Case>);

inventory::collect!(Cases);

/// Registers a function that lists [`Case`]s.
#[macro_export]
macro_rules! selftest_cases {
    ($cases:expr) => {
        $crate::inventory::submit! { $crate::selftest::Cases($cases) }
    };
}

/// Every registered case, ordered by name.
pub fn all() -> Vec<Case> {
    let cases = inventory::iter::<Cases>.into_iter();
    let mut all: Vec<Case> = cases.flat_map(|cases| (cases.0)()).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::{collections::BTreeSet, fs};

    #[test]
    fn every_case_has_a_name_of_its_own() {
        let names: Vec<String> = all().into_iter().map(|case| case.name).collect();
        let different: BTreeSet<&String> = names.iter().collect();
        assert!(names.len() > 80 && different.len() == names.len(), "{names:?}");
    }

    #[test]
    fn derivatives_of_operations_agree_with_finite_differences() {
        all().iter().for_each(Case::check);
    }

    /// Public functions that compute nothing of their own, or that the Jacobian's cases are made of.
    const NO_KERNELS: [&str; 9] = [
        "parameters_an_element",
        "total",
        "move_running",
        "volume",
        "lift",
        "end",
        "enclose",
        "spectral_norm",
        "limited",
    ];
    /// Modules with no operation in them.
    const OTHERS: &str =
        "buffers check device elementwise flops gpu parallel parameter random record selftest smallest tape update";

    #[test]
    fn every_kernel_has_a_case() {
        let names: Vec<String> = all().into_iter().map(|case| case.name).collect();
        let mut found = 0;
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap_or_default().to_os_string();
            let path = if path.is_dir() { path.join("mod.rs") } else { path };
            if OTHERS.split(' ').any(|other| name == *other) {
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            for line in source.lines().filter_map(|line| line.strip_prefix("pub fn ")) {
                let name = line.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap();
                if NO_KERNELS.contains(&name) {
                    continue;
                }
                found += 1;
                let case = format!("kernel {name}");
                let is_it = |found: &&String| {
                    found.strip_prefix(&case).is_some_and(|rest| rest.is_empty() || rest.starts_with(": "))
                };
                assert!(names.iter().find(is_it).is_some(), "{}: {name} has no case", path.display());
            }
        }
        assert!(found > 30, "{found}");
    }
}
