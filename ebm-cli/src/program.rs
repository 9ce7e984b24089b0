//! A third party's program: `ebm` with more crates linked in.

use anyhow::bail;
use ebm_core::registry::registers_something;

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

/// Checks that each of the crates registers something; `-` and `_` in their names are one.
pub(crate) fn check_linked(crates: &[&str]) -> anyhow::Result<()> {
    if let Some(name) = crates.iter().find(|name| !registers_something(name)) {
        bail!(
            "the crate {name} is linked in and registers nothing: it needs a call of a macro such as register_lower_bound! or \
             register_dataset!, and the same ebm-core as this program ({})",
            env!("CARGO_PKG_VERSION")
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_that_register_anything_are_found_however_they_are_written_and_others_are_named() {
        check_linked(&["bounds_sv", "bounds-gp", "ebm_models", "ebm-data", "ebm_eval"]).unwrap();
        let error = check_linked(&["bounds_sv", "serde_json"]).unwrap_err().to_string();
        assert!(error.starts_with("the crate serde_json is linked in and registers nothing"), "{error}");
    }
}
