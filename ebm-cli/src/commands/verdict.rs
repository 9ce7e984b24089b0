//! How a series of runs ends the program.

use crate::exit::{Exit, Failure};
use crate::series::{End, Record};

/// Runs that diverged are results; runs that failed are not. `others`: where the others are, such as "are reported in x".
///
/// # Errors
/// If any failed: how many, and why the first did.
pub(super) fn verdict<'a>(runs: impl Iterator<Item = (&'a str, &'a Record)>, others: &str) -> Result<Exit, Failure> {
    let (mut count, mut failed) = (0, Vec::new());
    for (name, record) in runs {
        count += 1;
        if let End::Failed(reason) = &record.end {
            failed.push((name, reason));
        }
    }
    match failed.first() {
        None => Ok(Exit::Success),
        Some((name, reason)) => Err(Failure::message(
            Exit::Incomplete,
            format!(
                "{} of {count} runs failed, first {name}: {reason}; the others {others}, and the same command trains the \
                 failed ones again",
                failed.len(),
            ),
        )),
    }
}
