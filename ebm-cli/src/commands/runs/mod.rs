//! `ebm runs`: the runs there are.

mod inspect;
mod list;
mod prune;
mod verify;

use crate::cli::Runs;
use crate::exit::{Exit, Failure};

/// Does it.
///
/// # Errors
/// If a run cannot be read, or is damaged.
pub fn run(command: &Runs) -> Result<Exit, Failure> {
    match command {
        Runs::List { folder, json } => list::run(folder, *json),
        Runs::Inspect { run, json } => inspect::run(run, *json),
        Runs::Verify { runs } => verify::run(runs),
        Runs::Prune { runs, keep, dry_run } => prune::run(runs, *keep, *dry_run),
    }
}

/// A number of bytes for a person.
fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.1} GB", count as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_are_short() {
        assert_eq!(
            [7, 1_500, 2_340_000, 5_000_000_000].map(super::bytes),
            ["7 B", "1.5 kB", "2.3 MB", "5.0 GB"]
        );
    }
}
