//! A third party's program: `ebm` with more crates linked in.

use ebm_core::registry::registers_something;
use thiserror::Error;

/// The whole `main.rs` of a program that is `ebm` with these crates linked in.
///
/// ```text
/// ebm_cli::main!(my_bound, other_bound);
/// ```
///
/// It declares the program's allocator ([`Allocator`](crate::Allocator)), names each crate, so that it is linked and what it
/// registers is there, and defines `main`. A crate that is named and registers nothing ends the program with exit code 1 and
/// an error that names it. A program that does more in its `main` writes those three lines itself: see [`run`](crate::run).
#[macro_export]
macro_rules! main {
    ($($linked:ident),* $(,)?) => {
        $(use $linked as _;)*

        #[global_allocator]
        static ALLOCATOR: $crate::Allocator = $crate::Allocator;

        fn main() -> ::std::process::ExitCode {
            $crate::run_with(&[$(::core::stringify!($linked)),*])
        }
    };
}

/// A crate that was linked in and registers nothing.
#[derive(Debug, Error, PartialEq)]
#[error(
    "the crate {name} is linked in and registers nothing: it needs a call of a macro such as register_lower_bound! or \
     register_dataset!, and the same ebm-core as this program ({})",
    env!("CARGO_PKG_VERSION")
)]
pub(crate) struct RegistersNothing {
    name: String,
}

/// Checks that each of the crates registers something; `-` and `_` in their names are one.
pub(crate) fn check_linked(crates: &[&str]) -> Result<(), RegistersNothing> {
    match crates.iter().find(|name| !registers_something(name)) {
        None => Ok(()),
        Some(name) => Err(RegistersNothing { name: (*name).to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_that_register_anything_are_found_however_their_names_are_written() {
        assert_eq!(check_linked(&["bounds_sv", "bounds-gp", "ebm_models", "ebm-data", "ebm_eval"]), Ok(()));
    }

    #[test]
    fn a_crate_that_registers_nothing_is_named() {
        let error = check_linked(&["bounds_sv", "serde_json"]).unwrap_err().to_string();
        assert!(error.starts_with("the crate serde_json is linked in and registers nothing"), "{error}");
    }
}
