//! A program of somebody else's: `ebm` with more bounds linked in.

use ebm_core::registry::{self, LowerBoundConfig, Registered, UpperBoundConfig};
use thiserror::Error;

/// The whole `main.rs` of a program that is `ebm` with these crates linked in.
///
/// ```text
/// ebm_cli::main!(my_bound, other_bound);
/// ```
///
/// It declares the program's allocator ([`Allocator`](crate::Allocator)), names each crate, so that it is linked and what it
/// registers is there, and defines `main`. A crate that is named and registers no bound ends the program with exit code 1
/// and an error that names it. A program that does more in its `main` writes those three lines itself: see [`run`](crate::run).
#[macro_export]
macro_rules! main {
    ($($bound:ident),* $(,)?) => {
        $(use $bound as _;)*

        #[global_allocator]
        static ALLOCATOR: $crate::Allocator = $crate::Allocator;

        fn main() -> ::std::process::ExitCode {
            $crate::run_with(&[$(::core::stringify!($bound)),*])
        }
    };
}

/// A crate that was linked in for its bounds and has none.
#[derive(Debug, Error, PartialEq)]
#[error(
    "the crate {name} is linked in and registers no bound: it needs a call of register_lower_bound! or \
     register_upper_bound!, and the same ebm-core as this program ({})",
    env!("CARGO_PKG_VERSION")
)]
pub(crate) struct RegistersNothing {
    name: String,
}

/// Checks that each of the crates registers a bound; `-` and `_` in their names are one.
///
/// # Errors
/// The first that registers none.
pub(crate) fn check_linked(crates: &[&str]) -> Result<(), RegistersNothing> {
    let registered: Vec<&str> = crates_of::<dyn LowerBoundConfig>()
        .chain(crates_of::<dyn UpperBoundConfig>())
        .collect();
    let is_silent = |name: &&&str| !registered.iter().any(|one| same_crate(one, name));
    match crates.iter().find(is_silent) {
        None => Ok(()),
        Some(name) => Err(RegistersNothing {
            name: (*name).to_string(),
        }),
    }
}

fn crates_of<C: Registered + ?Sized>() -> impl Iterator<Item = &'static str> {
    registry::all::<C>().into_iter().map(|descriptor| descriptor.crate_name)
}

fn same_crate(package: &str, identifier: &str) -> bool {
    package.replace('-', "_") == identifier.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_that_register_bounds_are_found_however_their_names_are_written() {
        assert_eq!(check_linked(&[]), Ok(()));
        assert_eq!(check_linked(&["bounds_sv", "bounds-gp", "bounds_mi"]), Ok(()));
    }

    #[test]
    fn a_crate_that_registers_nothing_is_named() {
        let error = check_linked(&["bounds_sv", "serde_json"]).unwrap_err();
        assert!(
            error.to_string().starts_with("the crate serde_json is linked in"),
            "{error}"
        );
    }
}
