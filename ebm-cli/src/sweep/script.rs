//! The script that trains the runs of a sweep as an array of jobs under Slurm.

use std::path::Path;

use super::manifest::Manifest;
use crate::config::SlurmConfig;
use crate::exit::{Exit, Failure};
use crate::series::{end_line, fill, quoted, start_line};

const SCRIPT: &str = include_str!("array.sbatch");
const REQUEUE: &str = include_str!("requeue.sh");

/// The script of the sweep at `directory`. `program`: that of the nodes, where the configuration names none. Paths are absolute.
pub fn script(manifest: &Manifest, directory: &Path, program: &Path, slurm: &SlurmConfig) -> Result<String, Failure> {
    let options = options(manifest, directory, slurm)?.into_iter();
    let options: String = options.map(|option| format!("#SBATCH {option}\n")).collect();
    let program = if slurm.program.is_empty() { program.to_string_lossy() } else { slurm.program.as_str().into() };
    Ok(fill(SCRIPT, |name| match name {
        "options" => options.clone(),
        "sweep" => quoted(&directory.to_string_lossy()),
        "data" => quoted(&manifest.base.to_string_lossy()),
        "program" => quoted(&program),
        "cpus" => slurm.cpus.to_string(),
        "setup" => slurm.setup.iter().map(|line| format!("{line}\n")).collect(),
        "start" => start_line("$run", "${HOSTNAME:-a node}"),
        "end" => end_line("$run", "$code"),
        _ if slurm.requeue => fill(REQUEUE, |_| (Exit::Interrupted as u8).to_string()),
        _ => String::new(),
    }))
}

fn options(manifest: &Manifest, directory: &Path, slurm: &SlurmConfig) -> Result<Vec<String>, Failure> {
    let limit = if slurm.jobs > 0 { format!("%{}", slurm.jobs) } else { String::new() };
    let log = format!("{}/logs/", directory.display());
    // sbatch reads quotes and backslashes itself, and has patterns of its own.
    if log.contains(['"', '\\']) || log.contains(char::is_control) {
        let text = format!(
            "{}: sbatch cannot be given a path with quotes, backslashes or control characters; give --out DIR",
            directory.display()
        );
        return Err(Failure::message(Exit::RunDirectory, text));
    }
    let plain = log.chars().all(|c| c.is_ascii_alphanumeric() || "_-./,+=@:%".contains(c));
    let mark = if plain { "" } else { "\"" };
    let mut options = vec![
        format!("--job-name={}", manifest.name),
        format!("--array=0-{}{limit}", manifest.runs.len() - 1),
        format!("--output={mark}{}%4a.log{mark}", log.replace('%', "%%")),
        "--open-mode=append".into(),
        "--ntasks=1".into(),
        format!("--cpus-per-task={}", slurm.cpus),
    ];
    for (name, value) in [("partition", &slurm.partition), ("time", &slurm.time), ("mem", &slurm.mem)] {
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(directory: &str, slurm: &str) -> Result<String, Failure> {
        let run = json!({"point": 0, "seed": 1, "values": {}});
        let manifest = json!({
            "format": "ebm sweep, version 1", "name": "s", "spec": "s.toml", "set": [], "base": "/data it's", "keys": [],
            "runs": vec![run; 12],
        });
        let manifest = serde_json::from_value(manifest).unwrap();
        let slurm = toml::from_str(slurm).unwrap();
        script(&manifest, Path::new(directory), Path::new("/bin/ebm"), &slurm)
    }

    #[test]
    fn sbatch_is_asked_for_what_the_configuration_says() {
        let options = |text: &str| {
            let lines = text.lines().filter_map(|line| line.strip_prefix("#SBATCH --"));
            lines.map(String::from).collect::<Vec<_>>().join(", ")
        };
        let plain = text("/a/b", "").unwrap();
        let expected = "job-name=s, array=0-11, output=/a/b/logs/%4a.log, open-mode=append, ntasks=1, cpus-per-task=1, requeue, \
            signal=B:USR1@120";
        assert_eq!(options(&plain), expected);
        assert!(plain.contains("data='/data it'\\''s'\nebm='/bin/ebm'\n"), "{plain}");
        assert!(plain.contains("\nexport RAYON_NUM_THREADS=1\n\n") && plain.contains("scontrol requeue"));
        let slurm = r#"
partition = "gpu"
time = "1-0"
mem = "8G"
cpus = 4
gpus = 1
jobs = 3
requeue = false
program = "ebm"
setup = ["module load x"]
options = ["--account=y"]
"#;
        let full = text("/a 50%/b", slurm).unwrap();
        let expected = "job-name=s, array=0-11%3, output=\"/a 50%%/b/logs/%4a.log\", open-mode=append, ntasks=1, \
            cpus-per-task=4, partition=gpu, time=1-0, mem=8G, gpus=1, no-requeue, signal=B:USR1@120, account=y";
        assert_eq!(options(&full), expected);
        assert!(full.contains("RAYON_NUM_THREADS=4\nmodule load x\n") && full.contains("ebm='ebm'"));
        assert!(!full.contains("scontrol requeue") && !full.contains("%%run"), "{full}");
        assert!(text("/a\"b", "").unwrap_err().to_string().contains("--out DIR"));
    }
}
