//! Every public item has an example in its documentation: one that runs, names the item and asserts something.
//!
//! `cargo test --doc` runs the examples; this test sees to it that they are there. It reads the sources, since what rustdoc
//! knows can be had from a nightly compiler only.

mod example;
mod item;
mod module;
mod reach;

use std::collections::BTreeMap;
use std::path::Path;

use module::Module;
use reach::{Reached, reachable};

/// The crates that others build on, with their folders.
const CRATES: [(&str, &str); 7] = [
    ("ebm_core", "ebm-core"),
    ("bounds_sv", "bounds-sv"),
    ("bounds_mi", "bounds-mi"),
    ("bounds_gp", "bounds-gp"),
    ("bounds_diffusion", "bounds-diffusion"),
    ("entropy_knn", "examples/entropy-knn"),
    ("ebm_cli", "ebm-cli"),
];

const INTERNAL: &str = "the program's own, public for the tests: a program with other bounds calls `run` alone";

/// Items, and modules with all that is in them, that need no example, and why. Keep it short.
const EXCUSED: [(&str, &str); 17] = [
    (
        "ebm_core::conformance_tests",
        "what it makes are tests, which rustdoc does not run",
    ),
    ("ebm_cli::main", "a whole program; `cli_new.rs` builds and runs one"),
    ("ebm_cli::run", "it takes the arguments of the process"),
    ("ebm_cli::run_with", "it takes the arguments of the process"),
    ("ebm_eval::annealing", INTERNAL),
    ("ebm_cli::bench", INTERNAL),
    ("ebm_eval::classifier", INTERNAL),
    ("ebm_cli::config", INTERNAL),
    ("ebm_data", INTERNAL),
    ("ebm_eval::diagnose", INTERNAL),
    ("ebm_eval::evaluate", INTERNAL),
    ("ebm_eval::features", INTERNAL),
    ("ebm_eval::ood", INTERNAL),
    ("ebm_cli::run_directory", INTERNAL),
    ("ebm_eval::sampling", INTERNAL),
    ("ebm_cli::selftest", INTERNAL),
];

/// What is wrong with an item's examples.
fn fault(reached: &Reached<'_>) -> Option<String> {
    let own = example::blocks(&reached.item.docs);
    if let Some(idle) = own.iter().find(|block| block.is_code() && !block.runs()) {
        return Some(format!("an example is marked {:?} and does not run", idle.tags));
    }
    let shared = example::blocks(&reached.through.docs);
    let good = |block: &example::Block| block.runs() && block.asserts() && block.names(&reached.item.name);
    if own.iter().chain(&shared).any(good) {
        return None;
    }
    Some(match own.iter().find(|block| block.runs()) {
        None => "no example".into(),
        Some(block) if !block.asserts() => "its example asserts nothing".into(),
        Some(_) => "its example does not name it".into(),
    })
}

fn excuse(path: &str) -> Option<usize> {
    EXCUSED.iter().position(|(excused, _)| {
        path.strip_prefix(excused)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    })
}

#[test]
fn every_public_item_has_an_example() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let (mut faults, mut used) = (Vec::new(), BTreeMap::new());
    for (name, folder) in CRATES {
        let root = Module::of_crate(name, &workspace.join(folder));
        let all = reachable(&root);
        assert!(!all.is_empty(), "{name}: no public item was found");
        for reached in &all {
            let Some(fault) = fault(reached) else { continue };
            let item = reached.item;
            match excuse(&reached.path) {
                Some(index) => *used.entry(index).or_insert(0) += 1,
                None => faults.push(format!(
                    "{} {} ({}): {fault}",
                    item.kind, reached.path, reached.module.file
                )),
            }
        }
    }
    let stale = EXCUSED
        .iter()
        .enumerate()
        .filter(|(index, _)| !used.contains_key(index));
    faults.extend(stale.map(|(_, (path, reason))| format!("{path}: excused ({reason}), and needs no excuse")));
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// What is found in a crate made of these files.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join("src").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let root = Module::of_crate("it", folder.path());
    let told = |reached: &Reached<'_>| match fault(reached) {
        None => format!("{}: good", reached.path),
        Some(fault) => format!("{}: {fault}", reached.path),
    };
    reachable(&root).iter().map(told).collect()
}

#[test]
fn what_can_be_reached_is_found_by_the_path_it_has_outside() {
    let root = "
        mod hidden;
        pub mod open;
        pub use hidden::{Seen, deep::Deeper as Renamed};
        pub(crate) use hidden::Unseen;
        #[doc(hidden)] pub fn not_told() {}
        #[cfg(test)] pub mod tests { pub struct Test; }
        fn private() {}
    ";
    let hidden = "
        pub mod deep { pub struct Deeper; pub struct Deepest; }
        pub struct Seen;
        pub struct Unseen;
        #[macro_export] macro_rules! exported { () => {} }
        macro_rules! local { () => {} }
    ";
    let open = "
        pub use super::hidden::deep::*;
        pub use crate::exported;
        pub use std::fmt::Debug;
        made! { /// Documented.
            Made from nothing }
        pub type Alias = u8;
        pub(crate) const HIDDEN: u8 = 0;
        pub const SHOWN: u8 = 0;
        pub trait Trait {}
        pub enum Choice {}
    ";
    let files = [("lib.rs", root), ("hidden.rs", hidden), ("open/mod.rs", open)];
    let names: Vec<String> = found(&files)
        .iter()
        .map(|told| told.strip_suffix(": no example").unwrap().to_string())
        .collect();
    let expected = [
        "it::Renamed",
        "it::Seen",
        "it::exported",
        "it::open::Alias",
        "it::open::Choice",
        "it::open::Deepest",
        "it::open::Made",
        "it::open::SHOWN",
        "it::open::Trait",
    ];
    assert_eq!(names, expected);
}

#[test]
fn an_example_runs_names_the_item_and_asserts() {
    let root = "
        /// ```
        /// assert_eq!(it::good(), 1);
        /// ```
        pub fn good() {}
        /// ```
        /// it::quiet();
        /// ```
        pub fn quiet() {}
        /// ```
        /// assert!(it::quietly());
        /// ```
        pub fn stray() {}
        /// ```no_run
        /// assert!(it::idle());
        /// ```
        pub fn idle() {}
        /// ```text
        /// assert!(it::prose());
        /// ```
        pub fn prose() {}
        /// ```
        /// # assert!(it::both());
        /// ```
        ///
        /// ```ignore
        /// it::both();
        /// ```
        pub fn both() {}
        pub mod shared;
    ";
    let shared = "
        //! ```
        //! assert!(it::shared::Named);
        //! ```
        pub struct Named;
        pub struct Name;
        /// Unlike the other.
        #[cfg(not(windows))]
        pub struct Twin;
        /// ```
        /// let Twin = it::shared::Twin;
        /// assert!(true);
        /// ```
        #[cfg(windows)]
        pub struct Twin;
    ";
    let expected = [
        r#"it::both: an example is marked "ignore" and does not run"#,
        "it::good: good",
        r#"it::idle: an example is marked "no_run" and does not run"#,
        "it::prose: no example",
        "it::quiet: its example asserts nothing",
        "it::shared::Name: no example",
        "it::shared::Named: good",
        "it::shared::Twin: good",
        "it::stray: its example does not name it",
    ];
    assert_eq!(found(&[("lib.rs", root), ("shared.rs", shared)]), expected);
}

#[test]
#[should_panic(expected = "it: a::Missing is not found")]
fn a_name_that_cannot_be_followed_is_told() {
    found(&[("lib.rs", "mod a {} pub use a::Missing;")]);
}
