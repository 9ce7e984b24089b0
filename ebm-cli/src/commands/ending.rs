//! How a run ended, read from its directory.

use ebm_train::StopReason;
use serde::Deserialize;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use crate::exit::{Exit, Failure};
use crate::run_directory::{RunDirectoryError, layout};

/// What is read of `summary.json`, as far as it is there.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Ending {
    status: String,
    /// Steps done.
    #[serde(default)]
    pub(crate) steps: u64,
    #[serde(default)]
    reason: String,
    divergence: Option<Divergence>,
    seconds: Option<f64>,
    /// Steps a second over the whole run.
    pub(crate) steps_per_second: Option<f64>,
}

#[derive(Clone, Debug, Deserialize)]
struct Divergence {
    reason: String,
    advice: String,
}

impl Ending {
    /// How the run at `directory` ended, if it did.
    ///
    /// # Errors
    /// If the summary cannot be read.
    pub(crate) fn read(directory: &Path) -> Result<Option<Self>, RunDirectoryError> {
        let path = directory.join(layout::SUMMARY);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(RunDirectoryError::io(&path, "read the file"))?,
        };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| RunDirectoryError::Damaged {
                path,
                reason: error.to_string(),
            })
    }

    /// Whether the same configuration would end it the same way: a limit of time is one of each process.
    pub(crate) fn is_final(&self) -> bool {
        self.reason != StopReason::TimeLimit.to_string()
    }

    /// The exit code that `ebm train` ended the run at `path` with, and what it said.
    pub(crate) fn exit(&self, path: &Path) -> Result<Exit, Failure> {
        let Self { status, reason, .. } = self;
        let path = path.display();
        match (status.as_str(), &self.divergence) {
            ("completed", _) => Ok(Exit::Success),
            ("diverged", Some(Divergence { reason, advice })) => Err(Failure::message(
                Exit::Diverged,
                format!("{path}: the run diverged: {reason}; {advice}"),
            )),
            ("not-finite", _) => Err(Failure::message(
                Exit::NotFinite,
                format!("{path}: the last good weights are saved: {reason}"),
            )),
            _ => Err(Failure::message(
                Exit::Other,
                format!("{path}: the run ended as {status}: {reason}"),
            )),
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            status, steps, reason, ..
        } = self;
        write!(f, "ended as {status} after {steps} steps")?;
        if let (Some(seconds), Some(rate)) = (self.seconds, self.steps_per_second) {
            write!(f, " in {seconds:.1} s ({rate:.0} steps/s)")?;
        }
        write!(f, ": {reason}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(status: &str, divergence: &str) -> Ending {
        let text = format!(r#"{{"status": "{status}", "steps": 7, "reason": "why", "colour": 1 {divergence}}}"#);
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_run_ends_its_watcher_with_its_own_code() {
        let code = |ending: Ending| match ending.exit(Path::new("r")) {
            Ok(exit) => (exit, String::new()),
            Err(failure) => (failure.exit, failure.to_string()),
        };
        assert_eq!(code(ending("completed", "")).0, Exit::Success);
        let (exit, text) = code(ending(
            "diverged",
            r#", "divergence": {"reason": "far", "advice": "near"}"#,
        ));
        assert_eq!(
            (exit, text.as_str()),
            (Exit::Diverged, "r: the run diverged: far; near")
        );
        assert_eq!(code(ending("not-finite", "")).0, Exit::NotFinite);
        assert_eq!(
            code(ending("eaten", "")),
            (Exit::Other, "r: the run ended as eaten: why".to_string())
        );
        assert!(ending("completed", "").is_final());
        let limited = r#"{"status": "completed", "reason": "time limit reached"}"#;
        assert!(!serde_json::from_str::<Ending>(limited).unwrap().is_final());
        assert_eq!(ending("eaten", "").to_string(), "ended as eaten after 7 steps: why");
    }
}
