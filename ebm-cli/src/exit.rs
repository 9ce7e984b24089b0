use clap::ValueEnum;
use std::process::ExitCode;

use crate::{run_directory::RunDirectoryError, shown::Shown};

/// The exit codes of `ebm`. They are part of its interface: scripts may rely on them, and `ebm --help` prints what they mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[repr(u8)]
#[non_exhaustive]
pub enum Exit {
    /// success
    Success = 0,
    /// something else went wrong (an output file that cannot be written, an internal error)
    Other = 1,
    /// wrong command line
    Usage = 2,
    /// a configuration that cannot be read or used
    Config = 3,
    /// data that cannot be read or used
    Data = 4,
    /// a run directory that cannot be made, read or written, or that exists already
    RunDirectory = 5,
    /// training stopped at a NaN or an infinity; the last good weights were saved
    NotFinite = 6,
    /// training reached its end, but the result is unusable: it diverged or collapsed; everything was saved
    Diverged = 7,
    /// runs of a comparison or a sweep failed (to diverge is not to fail); the others are reported
    Incomplete = 8,
    /// a bound breaks its contract (`ebm bounds check`)
    Contract = 9,
    /// this machine computes other figures than the reference (`ebm selftest`)
    Selftest = 10,
    /// interrupted; what was done is saved: `ebm train --resume` or the same command goes on
    // 128 + 2, as shells count SIGINT.
    Interrupted = 130,
}

impl Exit {
    /// The failure with this code, or [`Exit::Other`] if there is none.
    pub(crate) fn of_code(code: u8) -> Self {
        let found = Self::value_variants().iter().find(|exit| **exit as u8 == code);
        found.copied().filter(|exit| *exit != Self::Success).unwrap_or(Self::Other)
    }

    /// The table of codes, as `ebm --help` shows it.
    pub fn table() -> String {
        let mut text = String::from("Exit codes:");
        for exit in Self::value_variants() {
            let variant = exit.to_possible_value();
            let meaning = variant.as_ref().and_then(|variant| variant.get_help()).map(ToString::to_string);
            text.push_str(&format!("\n  {}  {}", *exit as u8, meaning.unwrap_or_default()));
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

impl From<RunDirectoryError> for Failure {
    fn from(error: RunDirectoryError) -> Self {
        Self::new(Exit::RunDirectory, error)
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
        write!(f, "{}", Shown(text))
    }
}

/// Returns a message with an exit code from a function, as `anyhow::bail!` does one without.
macro_rules! fail {
    ($exit:expr, $($message:tt)+) => {
        return Err($crate::exit::Failure::message($exit, format!($($message)+)))
    };
}
pub(crate) use fail;

/// Gives an error its exit code.
pub trait OrExit<T> {
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
    fn every_code_is_in_the_table_with_its_meaning() {
        let table = Exit::table();
        let codes = table.lines().skip(1).map(|line| line.trim().split_once("  ").expect("a meaning").0);
        assert_eq!(codes.collect::<Vec<_>>().join(" "), "0 1 2 3 4 5 6 7 8 9 10 130", "{table}");
        assert_eq!([0, 7, 11, 130].map(Exit::of_code), [Exit::Other, Exit::Diverged, Exit::Other, Exit::Interrupted]);
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
