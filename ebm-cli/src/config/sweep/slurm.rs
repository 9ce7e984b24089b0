//! The options that a sweep passes to Slurm.

use ebm_core::error::ConfigError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

/// What the array script asks of Slurm, for every run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(default, deny_unknown_fields)]
pub struct SlurmConfig {
    /// Partition, or several with commas; empty: the cluster's default.
    pub partition: String,
    /// Time of a run, in one of Slurm's forms, such as `"12:00:00"` or `"2-12"` (days and hours); empty: the cluster's
    /// default.
    pub time: String,
    /// Processor cores of a run, and its threads.
    #[default(1)]
    pub cpus: u32,
    /// GPUs of a run.
    pub gpus: u32,
    /// Memory of a run, such as `"8G"`; empty: the cluster's default.
    pub mem: String,
    /// Runs at once, the `%K` of the array; 0: as many as the cluster lets.
    pub jobs: u32,
    /// Seconds before the end of its time at which a run is asked to save and to end. Slurm may ask a minute earlier.
    #[default(120)]
    pub warning: u32,
    /// Whether a run is queued again that was preempted or whose time was up.
    #[default(true)]
    pub requeue: bool,
    /// The program on the nodes; empty: the path of the one that writes the script.
    pub program: String,
    /// Lines of shell before the run, such as `"module load gcc"`.
    pub setup: Vec<String>,
    /// More options of sbatch, such as `"--account=physics"`.
    pub options: Vec<String>,
}

impl SlurmConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let word = |value: &str| value.chars().all(|c| c.is_ascii_alphanumeric() || "_-.,:".contains(c));
        let one_line = |text: &str| !text.trim().is_empty() && !text.contains(char::is_control);
        let seconds = seconds(&self.time);
        let partition = "the name of a partition, or several with commas";
        let time = "\"MINUTES\", \"H:MM:SS\", \"D-HH\" or another of Slurm's forms";
        let program = "a path, or the name of a program";
        for (key, value, good, expected) in [
            ("partition", &self.partition, word(&self.partition), partition),
            ("time", &self.time, seconds.is_some(), time),
            ("mem", &self.mem, is_memory(&self.mem), "a size such as \"8G\" or \"512M\""),
            ("program", &self.program, one_line(&self.program), program),
        ] {
            ConfigError::require(value.is_empty() || good, key, format!("{value:?}"), expected)?;
        }
        ConfigError::require(self.cpus > 0, "cpus", self.cpus, "a whole number >= 1")?;
        if let Some(seconds) = seconds {
            let expected = format!("less than the {seconds} seconds of time = {:?}", self.time);
            ConfigError::require(u64::from(self.warning) < seconds, "warning", self.warning, &expected)?;
        }
        let option = "an option of sbatch such as \"--account=physics\"";
        for (key, lines, start, expected) in
            [("setup", &self.setup, "", "one line of shell"), ("options", &self.options, "-", option)]
        {
            for (index, line) in lines.iter().enumerate() {
                let (key, good) = (format!("{key}[{index}]"), line.starts_with(start) && one_line(line));
                ConfigError::require(good, &key, format!("{line:?}"), expected)?;
            }
        }
        Ok(())
    }
}

/// A time as Slurm writes it, in seconds: `M`, `M:S`, `H:M:S`, `D-H`, `D-H:M` or `D-H:M:S`.
fn seconds(text: &str) -> Option<u64> {
    let (days, rest) = match text.split_once('-') {
        Some((days, rest)) => (Some(days), rest),
        None => (None, text),
    };
    let number = |text: &str| {
        let digits = !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u64>().ok())?
    };
    let parts: Vec<u64> = rest.split(':').map(number).collect::<Option<_>>()?;
    let [hours, minutes, seconds] = match (days, &parts[..]) {
        (None, [minutes]) => [0, *minutes, 0],
        (None, [minutes, seconds]) => [0, *minutes, *seconds],
        (Some(_), [hours]) => [*hours, 0, 0],
        (Some(_), [hours, minutes]) => [*hours, *minutes, 0],
        (_, [hours, minutes, seconds]) => [*hours, *minutes, *seconds],
        _ => return None,
    };
    let days = days.map_or(Some(0), number)?;
    Some(((days * 24 + hours) * 60 + minutes) * 60 + seconds).filter(|seconds| *seconds > 0)
}

fn is_memory(text: &str) -> bool {
    let digits = text.strip_suffix(['K', 'M', 'G', 'T']).unwrap_or(text);
    digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u64>().is_ok_and(|size| size > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The forms that the manual of sbatch lists.
    #[test]
    fn times_are_read_as_slurm_reads_them() {
        for (text, expected) in [
            ("90", Some(5400)),
            ("90:30", Some(5430)),
            ("1:30:05", Some(5405)),
            ("2-12", Some(216_000)),
            ("2-12:30", Some(217_800)),
            ("1-0:0:1", Some(86_401)),
            ("0", None),
            ("", None),
            ("1h", None),
            ("-1", None),
            ("1:2:3:4", None),
            ("1-", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
