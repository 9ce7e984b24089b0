//! The script that trains the runs of a sweep as an array of jobs under Slurm.

use std::fmt::Write;
use std::path::Path;

use super::run_log::{end_line, start_line};
use crate::config::SlurmConfig;
use crate::exit::{Exit, Failure};

/// The script of a sweep. Its paths are absolute.
#[derive(Clone, Copy, Debug)]
pub struct Script<'a> {
    /// The name of the jobs.
    pub name: &'a str,
    /// The folder of the sweep.
    pub directory: &'a Path,
    /// The folder that relative paths of data start from.
    pub base: &'a Path,
    /// The program, where the configuration names none.
    pub program: &'a Path,
    /// Number of runs.
    pub runs: usize,
    /// What is asked of Slurm.
    pub slurm: &'a SlurmConfig,
}

impl Script<'_> {
    /// The text.
    ///
    /// # Errors
    /// If the folder's path cannot be told to sbatch.
    pub fn text(&self) -> Result<String, Failure> {
        let mut text = String::from("#!/bin/bash\n");
        for option in self.options()? {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "#SBATCH {option}");
        }
        let program = match self.slurm.program.as_str() {
            "" => self.program.to_string_lossy(),
            program => program.into(),
        };
        let cpus = self.slurm.cpus;
        let _ = write!(
            text,
            r#"
set -euo pipefail

sweep={sweep}
data={data}
ebm={program}
run=$(printf '%04d' "$SLURM_ARRAY_TASK_ID")
task=${{SLURM_ARRAY_JOB_ID:-0}}_$SLURM_ARRAY_TASK_ID

# The number of threads decides the order of sums: it is the same wherever the run goes on.
export RAYON_NUM_THREADS={cpus}
"#,
            sweep = quoted(&self.directory.to_string_lossy()),
            data = quoted(&self.base.to_string_lossy()),
            program = quoted(&program),
        );
        for line in &self.slurm.setup {
            let _ = writeln!(text, "{line}");
        }
        let _ = write!(
            text,
            r#"
# The configuration is complete: nothing in the environment is to change it.
unset "${{!EBM_@}}"

# A signal to this shell ends its waiting, not the run.
signalled=
# Its time is nearly up: the run saves and ends when its step is signalled. srun would kill it, were it asked to pass that on.
trap 'signalled=1; scancel --signal=TERM "$task" || true' USR1
# A run that is preempted or cancelled is signalled by Slurm itself.
trap 'signalled=1' TERM

echo "{start}"
srun --ntasks=1 --cpus-per-task={cpus} "$ebm" train "$sweep/configs/$run.toml" --resume "$sweep/runs/$run" --data "$data" --quiet &
step=$!
while true; do
  signalled=
  code=0
  wait "$step" || code=$?
  if [ -z "$signalled" ]; then
    break
  fi
done
echo "{end}"
"#,
            start = start_line("$run", "${HOSTNAME:-a node}"),
            end = end_line("$run", "$code"),
        );
        if self.slurm.requeue {
            let _ = write!(
                text,
                r#"
# Asked to stop (code {interrupted}), and not cancelled: what is left of the run is queued again.
if [ "$code" -eq {interrupted} ] && [ "$(squeue --noheader --jobs="$task" --format=%T)" = RUNNING ]; then
  scontrol requeue "$task"
fi
"#,
                interrupted = Exit::Interrupted as u8,
            );
        }
        text.push_str("exit \"$code\"\n");
        Ok(text)
    }

    /// The options of sbatch.
    fn options(&self) -> Result<Vec<String>, Failure> {
        let slurm = self.slurm;
        let limit = match slurm.jobs {
            0 => String::new(),
            jobs => format!("%{jobs}"),
        };
        let log = format!("{}/logs/", self.directory.display());
        // sbatch reads quotes and backslashes itself, and has patterns of its own.
        if log.contains(['"', '\\']) || log.contains(char::is_control) {
            let text = format!(
                "{}: sbatch cannot be given a path with quotes, backslashes or control characters; give --out DIR",
                self.directory.display()
            );
            return Err(Failure::message(Exit::RunDirectory, text));
        }
        let plain = log
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-./,+=@:%".contains(c));
        let mark = if plain { "" } else { "\"" };
        let mut options = vec![
            format!("--job-name={}", self.name),
            format!("--array=0-{}{limit}", self.runs - 1),
            format!("--output={mark}{}%4a.log{mark}", log.replace('%', "%%")),
            "--open-mode=append".into(),
            "--ntasks=1".into(),
            format!("--cpus-per-task={}", slurm.cpus),
        ];
        for (name, value) in [
            ("partition", &slurm.partition),
            ("time", &slurm.time),
            ("mem", &slurm.mem),
        ] {
            if !value.is_empty() {
                options.push(format!("--{name}={value}"));
            }
        }
        if slurm.gpus > 0 {
            options.push(format!("--gpus={}", slurm.gpus));
        }
        options.push(if slurm.requeue { "--requeue" } else { "--no-requeue" }.into());
        options.push(format!("--signal=B:USR1@{}", slurm.warning));
        options.extend(slurm.options.iter().cloned());
        Ok(options)
    }
}

/// A word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(directory: &str, slurm: &SlurmConfig) -> Result<String, Failure> {
        Script {
            name: "s",
            directory: Path::new(directory),
            base: Path::new("/data it's"),
            program: Path::new("/bin/ebm"),
            runs: 12,
            slurm,
        }
        .text()
    }

    #[test]
    fn sbatch_is_asked_for_what_the_configuration_says() {
        let plain = text("/a/b", &SlurmConfig::default()).unwrap();
        let options = |text: &str| -> Vec<String> {
            let lines = text.lines().filter_map(|line| line.strip_prefix("#SBATCH "));
            lines.map(String::from).collect()
        };
        let expected = [
            "--job-name=s",
            "--array=0-11",
            "--output=/a/b/logs/%4a.log",
            "--open-mode=append",
            "--ntasks=1",
            "--cpus-per-task=1",
            "--requeue",
            "--signal=B:USR1@120",
        ];
        assert_eq!(options(&plain), expected);
        assert!(plain.contains("data='/data it'\\''s'\nebm='/bin/ebm'\n"), "{plain}");
        let slurm = SlurmConfig {
            partition: "gpu".into(),
            time: "1-0".into(),
            mem: "8G".into(),
            cpus: 4,
            gpus: 1,
            jobs: 3,
            requeue: false,
            program: "ebm".into(),
            setup: vec!["module load x".into()],
            options: vec!["--account=y".into()],
            ..SlurmConfig::default()
        };
        let full = text("/a 50%/b", &slurm).unwrap();
        for option in [
            "--array=0-11%3",
            "--output=\"/a 50%%/b/logs/%4a.log\"",
            "--cpus-per-task=4",
            "--partition=gpu",
            "--time=1-0",
            "--mem=8G",
            "--gpus=1",
            "--no-requeue",
            "--account=y",
        ] {
            assert!(options(&full).iter().any(|one| one == option), "{option}: {full}");
        }
        assert!(full.contains("RAYON_NUM_THREADS=4\nmodule load x\n") && full.contains("ebm='ebm'"));
        assert!(!full.contains("scontrol requeue"));
        assert!(text("/a\"b", &slurm).unwrap_err().to_string().contains("--out DIR"));
    }
}
