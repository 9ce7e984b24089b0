//! Exit codes of the commands, and errors that carry one.

use std::fmt::Write;
use std::process::ExitCode;

/// The exit codes of `ebm`. They are part of its interface: scripts may rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[non_exhaustive]
pub enum Exit {
    /// All went well.
    Success = 0,
    /// Something else went wrong: an internal limit, or an output file that cannot be written.
    Other = 1,
    /// The command line is wrong (clap's code).
    Usage = 2,
    /// The configuration cannot be read or used.
    Config = 3,
    /// The data cannot be read or used.
    Data = 4,
    /// The run directory cannot be made, read or written.
    RunDirectory = 5,
    /// A term of the training became NaN or infinite; the last good weights were saved.
    NotFinite = 6,
    /// Training ran to its end but diverged; everything was saved.
    Diverged = 7,
    /// Runs of a comparison or a sweep have no result, for another reason than divergence; the others are reported.
    Incomplete = 8,
    /// A bound that was checked breaks its contract.
    Contract = 9,
    /// A figure of `ebm selftest` is not that of the reference.
    Selftest = 10,
    /// The program was asked to stop before it was done (128 + 2, as shells count SIGINT).
    Interrupted = 130,
}

impl Exit {
    /// Every code but success, with its meaning in a line.
    pub const FAILURES: [(Exit, &'static str); 11] = [
        (Exit::Other, "something else went wrong (an output file that cannot be written, an internal error)"),
        (Exit::Usage, "wrong command line"),
        (Exit::Config, "a configuration that cannot be read or used"),
        (Exit::Data, "data that cannot be read or used"),
        (Exit::RunDirectory, "a run directory that cannot be made, read or written, or that exists already"),
        (Exit::NotFinite, "training stopped at a NaN or an infinity; the last good weights were saved"),
        (Exit::Diverged, "training reached its end but diverged; everything was saved"),
        (
            Exit::Incomplete,
            "runs of a comparison or a sweep failed (to diverge is not to fail); the others are reported",
        ),
        (Exit::Contract, "a bound breaks its contract (`ebm bounds check`)"),
        (Exit::Selftest, "this machine computes other figures than the reference (`ebm selftest`)"),
        (Exit::Interrupted, "interrupted; what was done is saved: `ebm train --resume` or the same command goes on"),
    ];

    /// The failure with this code, or [`Exit::Other`] if there is none.
    pub(crate) fn of_code(code: u8) -> Self {
        let mut all = Self::FAILURES.into_iter().map(|(exit, _)| exit);
        all.find(|exit| *exit as u8 == code).unwrap_or(Self::Other)
    }

    /// The table of codes, as `ebm --help` shows it.
    pub fn table() -> String {
        let mut text = format!("Exit codes:\n  {}  success", Exit::Success as u8);
        for (exit, meaning) in Self::FAILURES {
            text.push_str(&format!("\n  {}  {meaning}", exit as u8));
        }
        text
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// An error and the exit code it ends the process with.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// The error; its chain of causes is printed on one line.
    pub error: anyhow::Error,
}

impl Failure {
    /// An error with an exit code.
    pub fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self { exit, error: error.into() }
    }

    /// A message with an exit code.
    pub fn message(exit: Exit, message: impl Into<String>) -> Self {
        Self::new(exit, anyhow::Error::msg(message.into()))
    }

    /// Puts the subject of the failure, such as a part of a grid, before it.
    pub(crate) fn within(self, part: &str) -> Self {
        Self { exit: self.exit, error: self.error.context(part.to_string()) }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::new();
        for cause in self.error.chain().map(ToString::to_string) {
            // Many errors contain the text of their cause already.
            if !text.contains(&cause) {
                text.push_str(if text.is_empty() { "" } else { ": " });
                text.push_str(&cause);
            }
        }
        // A message may quote a file, which must neither break the line nor control the terminal.
        text.chars().try_for_each(|letter| match letter.is_control() {
            true => write!(f, "{}", letter.escape_default()),
            false => f.write_char(letter),
        })
    }
}

/// Gives an error its exit code.
pub trait OrExit<T> {
    /// Makes an error end the process with `exit`.
    fn or_exit(self, exit: Exit) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> OrExit<T> for Result<T, E> {
    fn or_exit(self, exit: Exit) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(exit, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_distinct_and_in_the_table() {
        let table = Exit::table();
        let mut codes: Vec<u8> = Exit::FAILURES.iter().map(|(exit, _)| *exit as u8).collect();
        for (exit, meaning) in Exit::FAILURES {
            assert!(table.contains(&format!("{}  {meaning}", exit as u8)));
        }
        codes.dedup();
        assert_eq!(codes, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 130]);
    }

    #[test]
    fn causes_are_told_on_one_line_and_once() {
        let quoted = Failure::message(Exit::Config, "a.toml: b\r\n\u{1b}[2J é");
        assert_eq!(quoted.to_string(), "a.toml: b\\r\\n\\u{1b}[2J é");
        for context in ["metrics.jsonl", "metrics.jsonl: disk full"] {
            let failure = anyhow::anyhow!("disk full").context(context);
            assert_eq!(Failure::new(Exit::Other, failure).to_string(), "metrics.jsonl: disk full");
        }
    }
}
