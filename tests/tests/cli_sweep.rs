//! A sweep from its file to its table: written, trained here, and trained as Slurm would.

mod command;

use command::{Folder, TINY, bytes, metrics};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Two by two points of seconds.
const SPEC: &str = r#"
base = "run.toml"
seeds = [7]

[config]
train.steps = 20

[grid]
"upper.weight" = [0.01, 0.1]
train.batch = [16, 32]
"#;
const DIRECTORY: &str = "runs/sweep-spec";

fn sweep(spec: &str) -> Folder {
    let folder = Folder::tiny();
    folder.write("spec.toml", spec);
    folder
}

fn collected(folder: &Folder) -> Value {
    folder.succeed(&["sweep", "collect", DIRECTORY, "--json", "table.json"]);
    serde_json::from_str(&folder.read("table.json")).unwrap()
}

fn states(folder: &Folder) -> Vec<String> {
    let table = collected(folder);
    let runs = table["runs"].as_array().unwrap().iter();
    runs.map(|run| run["state"].as_str().unwrap().to_string()).collect()
}

#[test]
fn a_sweep_is_written_complete_and_the_same_command_changes_nothing() {
    let folder = sweep(SPEC);
    let told = folder.succeed(&["sweep", "spec.toml"]);
    assert!(
        told.contains("4 runs in runs/sweep-spec") && told.contains("sbatch runs/sweep-spec/array.sbatch"),
        "{told}"
    );
    let list = folder.read(&format!("{DIRECTORY}/points.csv"));
    let expected = [
        "index,name,point,seed,upper.weight,train.batch",
        "0,weight=0.01 batch=16 seed=7,0,7,0.01,16",
        "1,weight=0.01 batch=32 seed=7,1,7,0.01,32",
        "2,weight=0.1 batch=16 seed=7,2,7,0.1,16",
        "3,weight=0.1 batch=32 seed=7,3,7,0.1,32",
    ];
    assert_eq!(list.lines().collect::<Vec<_>>(), expected);
    assert_eq!(folder.read(&format!("{DIRECTORY}/sweep.toml")), SPEC);
    // A configuration is that of the base with the values of its point, and nothing is left to a default.
    let table = |text: &str| text.parse::<toml::Table>().unwrap();
    let wanted = ["train.steps=20", "upper.weight=0.1", "train.batch=16"];
    let sets: Vec<&str> = wanted.iter().flat_map(|set| ["--set", set]).collect();
    let shown = folder.succeed(&[&["config", "show", "run.toml"][..], &sets].concat());
    assert_eq!(
        table(&folder.read(&format!("{DIRECTORY}/configs/0002.toml"))),
        table(&shown)
    );

    let before = bytes(&folder.path(DIRECTORY));
    folder.succeed(&["sweep", "spec.toml", "--quiet"]);
    assert_eq!(bytes(&folder.path(DIRECTORY)), before);
    // What is left half-written by a process that was killed is completed.
    fs::remove_file(folder.path(&format!("{DIRECTORY}/configs/0001.toml"))).unwrap();
    folder.succeed(&["sweep", "spec.toml", "--quiet"]);
    assert_eq!(bytes(&folder.path(DIRECTORY)), before);

    for (spec, sets, parts) in [
        (
            SPEC.replace("[16, 32]", "[16, 64]"),
            &[][..],
            &["0001 is weight=0.01 batch=32 seed=7 instead of weight=0.01 batch=64"][..],
        ),
        (SPEC.replace("[16, 32]", "[16]"), &[], &["4 runs instead of 2"]),
        (
            SPEC.to_string(),
            &["--set", "train.log_every=3"],
            &["train.log_every = 10 instead of 3 in run 0000"],
        ),
        (SPEC.to_string(), &["--data", "/"], &["data from"]),
    ] {
        folder.write("spec.toml", &spec);
        let error = folder.fail(5, &[&["sweep", "spec.toml"][..], sets].concat());
        for part in parts.iter().chain(&["another sweep is there", "--out DIR"]) {
            assert!(error.contains(part), "{error}");
        }
        assert_eq!(bytes(&folder.path(DIRECTORY)), before);
    }
    // What is asked of Slurm is no part of what is computed.
    folder.write("spec.toml", &format!("{SPEC}\n[slurm]\npartition = \"long\"\n"));
    folder.succeed(&["sweep", "spec.toml", "--quiet"]);
    let after = bytes(&folder.path(DIRECTORY));
    let changed: Vec<&str> = after
        .iter()
        .filter(|(name, text)| before[*name] != **text)
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(changed.len(), 2, "{changed:?}");
    assert!(
        changed[0].ends_with("array.sbatch") && changed[1].ends_with("sweep.toml"),
        "{changed:?}"
    );
}

#[test]
fn a_sweep_is_trained_here_and_its_table_is_that_of_the_runs() {
    let folder = sweep(&SPEC.replace("seeds = [7]", "seeds = [7, 8]"));
    // The number of threads decides the order of sums.
    let trained = |arguments: &[&str]| {
        let output = folder.ebm(arguments).env("RAYON_NUM_THREADS", "1").output().unwrap();
        assert!(output.status.success(), "{}", command::stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let told = trained(&["sweep", "spec.toml", "--run", "--jobs", "2"]);
    let lines = told.lines().filter(|line| line.contains("/8] 000")).count();
    assert_eq!(lines, 8, "a line a run: {told}");
    assert!(
        told.contains("8 runs to train") && told.contains("0002 weight=0.01 batch=32 seed=7: exact NLL"),
        "{told}"
    );
    assert_eq!(states(&folder), ["done"; 8]);

    // Mean and standard error of two values a and b: (a + b) / 2 and |a - b| / 2.
    let nll = |run: usize| {
        let lines = metrics(&folder.path(&format!("{DIRECTORY}/runs/{run:04}")));
        let last = lines.into_iter().find(|line| line["event"] == "final").unwrap();
        last["metrics"]["nll"]["value"].as_f64().unwrap()
    };
    let table = collected(&folder);
    let mut means = Vec::new();
    for (point, row) in table["points"].as_array().unwrap().iter().enumerate() {
        let (a, b) = (nll(2 * point), nll(2 * point + 1));
        let figure = &row["figures"]["nll"];
        let near = |ours: &Value, truth: f64| (ours.as_f64().unwrap() - truth).abs() <= 1e-12 * (1.0 + truth.abs());
        assert!(
            near(&figure["mean"], (a + b) / 2.0) && near(&figure["standard_error"], (a - b).abs() / 2.0),
            "{row}"
        );
        assert_eq!(
            (&row["seeds"], &figure["runs"]),
            (&serde_json::json!([7, 8]), &2.into())
        );
        means.push((a + b) / 2.0);
    }
    let best = (0..4).min_by(|a, b| means[*a].total_cmp(&means[*b])).unwrap();
    assert_eq!(table["best"], best);
    let text = folder.succeed(&["sweep", "collect", DIRECTORY, "--sort", "nll", "--csv", "table.csv"]);
    let rows: Vec<&str> = text.lines().collect();
    assert!(rows[0].contains("point  weight  batch  seeds  state  steps"), "{text}");
    assert!(
        rows[1].starts_with(&format!("*  {best}")) && rows[1].contains("7,8    done   20/20"),
        "{text}"
    );
    assert_eq!(folder.read("table.csv").lines().count(), 9);

    // A configuration trains the same run by itself.
    trained(&[
        "train",
        &format!("{DIRECTORY}/configs/0005.toml"),
        "--run",
        "alone",
        "--quiet",
    ]);
    assert_eq!(
        folder.read("alone/metrics.jsonl"),
        folder.read(&format!("{DIRECTORY}/runs/0005/metrics.jsonl"))
    );
    let again = folder.succeed(&["sweep", "spec.toml", "--run"]);
    assert!(again.contains("all 8 runs are there already"), "{again}");
    fs::remove_dir_all(folder.path(&format!("{DIRECTORY}/runs/0003"))).unwrap();
    assert_eq!(states(&folder)[2..5], ["done", "missing", "done"]);
    let again = folder.succeed(&["sweep", "spec.toml", "--run"]);
    assert!(again.contains("7 runs are there already, 1 to train"), "{again}");
    assert_eq!(states(&folder), ["done"; 8]);
}

#[test]
fn a_run_that_fails_is_told_and_the_others_go_on() {
    let folder = sweep("base = \"run.toml\"\n[grid]\ndata.path = [\"a.csv\", \"b.csv\"]\n");
    let rows: String = (0..200).map(|i| format!("{},{}\n", i % 7, (i * i) % 11)).collect();
    folder.write(
        "run.toml",
        &TINY.replace(
            "\"25-gaussians\"",
            "{ kind = \"csv\", path = \"a.csv\", standardize = true }",
        ),
    );
    folder.write("a.csv", &rows);
    // Nothing is written where a point cannot be trained.
    let error = folder.fail(4, &["sweep", "spec.toml"]);
    assert!(
        error.contains("0001 (path=b.csv seed=7)") && error.contains("b.csv"),
        "{error}"
    );
    assert_eq!(folder.names(), ["a.csv", "run.toml", "spec.toml"]);

    folder.write("b.csv", &rows.replace('3', "4"));
    folder.succeed(&["sweep", "spec.toml", "--quiet"]);
    fs::rename(folder.path("a.csv"), folder.path("gone.csv")).unwrap();
    let error = folder.fail(8, &["sweep", "spec.toml", "--run", "--quiet"]);
    assert!(
        error.contains("1 of 2 runs failed, first 0000 path=a.csv seed=7") && error.contains("a.csv"),
        "{error}"
    );
    let text = folder.succeed(&["sweep", "collect", DIRECTORY]);
    assert!(
        text.contains("0000 (path=a.csv seed=7) failed: ") && text.contains("a.csv: "),
        "{text}"
    );
    assert_eq!(states(&folder), ["failed", "done"]);
    fs::rename(folder.path("gone.csv"), folder.path("a.csv")).unwrap();
    folder.succeed(&["sweep", "spec.toml", "--run", "--quiet"]);
    assert_eq!(states(&folder), ["done", "done"]);
}

#[test]
fn what_cannot_be_swept_is_refused_before_anything_is_written() {
    let folder = sweep(SPEC);
    for (spec, code, parts) in [
        ("gird = 3".to_string(), 3, &["spec.toml: gird: unknown key", "did you mean `grid`?"][..]),
        (SPEC.replace("0.1]", "-1]"), 3, &["0002 (weight=-1 batch=16 seed=7): spec.toml [grid]: upper.weight = -1: expected"]),
        (format!("{SPEC}[[point]]\nupper.weight = 0.1\ntrain.batch = 16\n"), 3, &["runs 0002 (weight=0.1 batch=16 seed=7) and 0004", "same configuration"]),
        // What only the models and the batch together tell.
        (
            "base = \"run.toml\"\nconfig = { lower = { kind = \"mi\", estimator = \"infonce\", group = 64 }, generator.noise = 0.1 }\n[grid]\ntrain.batch = [64, 32]"
                .into(),
            3,
            &["0001 (batch=32 seed=7)", "lower.group = 64", "at most train.batch = 32"],
        ),
    ] {
        folder.write("spec.toml", &spec);
        for more in [&[][..], &["--run"], &["--dry-run"]] {
            let error = folder.fail(code, &[&["sweep", "spec.toml"][..], more].concat());
            for part in parts {
                assert!(error.contains(part), "{spec}\n{error}");
            }
            assert_eq!(folder.names(), ["run.toml", "spec.toml"]);
        }
    }
    folder.write("spec.toml", SPEC);
    assert_eq!(folder.succeed(&["sweep", "spec.toml", "--dry-run", "--quiet"]), "");
    let listed = folder.succeed(&["sweep", "spec.toml", "--dry-run"]);
    assert_eq!(listed.lines().nth(2), Some("0002 weight=0.1 batch=16 seed=7"));
    assert!(
        folder
            .fail(5, &["sweep", "spec.toml", "--out", "."])
            .contains("no sweep of `ebm`")
    );
    assert!(folder.fail(5, &["sweep", "collect", "."]).contains("sweep.json"));
    assert!(folder.fail(3, &["sweep", "none.toml"]).contains("none.toml"));
    assert_eq!(folder.names(), ["run.toml", "spec.toml"]);
    for wrong in [
        &["sweep"][..],
        &["sweep", "spec.toml", "--jobs", "2"],
        &["sweep", "collect"],
    ] {
        folder.end(2, wrong);
    }
}

#[test]
fn the_examples_are_good_sweeps() {
    let folder = Folder::with("");
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/sweeps");
    let sweeps: Vec<_> = fs::read_dir(examples)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert!(!sweeps.is_empty());
    for sweep in sweeps {
        let listed = folder.succeed(&["sweep", sweep.to_str().unwrap(), "--dry-run"]);
        assert!(listed.lines().count() > 1, "{listed}");
    }
}

#[cfg(unix)]
mod signalled {
    use super::*;
    use std::process::{Child, Command, Stdio};

    /// Long enough that it cannot have ended by itself.
    const LONG: &str = "base = \"run.toml\"\n[config]\ntrain.steps = 100_000_000\ntrain.evaluate_every = 0\n\
        train.log_every = 1\n[grid]\ntrain.batch = [16, 32]\n";

    fn start(folder: &Folder, program: &str, arguments: &[&str]) -> Child {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(folder.path("."))
            .env("PATH", format!("{}:{path}", folder.path("bin").display()))
            .env("SLURM_ARRAY_TASK_ID", "1")
            .env("SLURM_ARRAY_JOB_ID", "5")
            // Complete configurations leave nothing to the environment.
            .env("EBM_TRAIN__BATCH", "8");
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn signal(child: &Child, name: &str) {
        let sent = Command::new("kill")
            .args([name, &child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Waits until a run has done more than some steps; they are many.
    fn wait_for_steps(folder: &Folder, child: &mut Child, run: &str, more_than: u64) {
        let file = folder.path(&format!("{DIRECTORY}/runs/{run}/metrics.jsonl"));
        let reached = |text: String| {
            let whole = text.rfind('\n').map(|end| text[..end].to_string());
            let last: Option<Value> = serde_json::from_str(whole?.lines().last()?).ok();
            last?["step"].as_u64()
        };
        while fs::read_to_string(&file)
            .ok()
            .and_then(reached)
            .is_none_or(|step| step <= more_than)
        {
            assert!(child.try_wait().unwrap().is_none(), "{run} ended");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    #[test]
    fn an_interrupted_sweep_goes_on_where_it_was() {
        let folder = sweep(LONG);
        // The values that are swept are left alone by the environment of the tests.
        let run = [
            "-c",
            "unset EBM_TRAIN__BATCH; exec \"$0\" sweep spec.toml --run --quiet",
            env!("CARGO_BIN_EXE_ebm-tested"),
        ];
        let mut steps = 0;
        for _ in 0..2 {
            let mut child = start(&folder, "sh", &run);
            wait_for_steps(&folder, &mut child, "0000", steps);
            assert_eq!(states(&folder), ["running", "missing"]);
            let busy = folder.fail(5, &["sweep", "spec.toml"]);
            assert!(busy.contains("another process sweeps"), "{busy}");
            signal(&child, "-INT");
            let output = child.wait_with_output().unwrap();
            let said = command::stderr(&output);
            assert_eq!(output.status.code(), Some(130), "{said}");
            assert!(said.starts_with("error: interrupted"), "{said}");
            let first = collected(&folder)["runs"][0].clone();
            assert_eq!(first["state"], "interrupted");
            assert!(first["steps"].as_u64().unwrap() > steps, "{first}");
            steps = first["steps"].as_u64().unwrap();
        }
        let log = folder.read(&format!("{DIRECTORY}/runs/0000/log.txt"));
        assert_eq!(log.matches("resumed=").count(), 1, "{log}");
    }

    /// Stand-ins for Slurm's commands: srun runs its program, scancel signals it, squeue says `state`, scontrol is noted.
    fn slurm(folder: &Folder, state: &str) {
        let srun = "while [ \"${1#--}\" != \"$1\" ]; do shift; done\necho $$ > srun.pid\nexec \"$@\"";
        folder.put_program("srun", srun);
        folder.put_program("scancel", "echo \"$@\" >> scancel.txt\nkill -TERM \"$(cat srun.pid)\"");
        folder.put_program("squeue", &format!("echo {state}"));
        folder.put_program("scontrol", "echo \"$@\" >> scontrol.txt");
    }

    #[test]
    fn the_script_trains_the_run_of_its_task() {
        let folder = sweep(SPEC);
        slurm(&folder, "RUNNING");
        folder.succeed(&["sweep", "spec.toml", "--quiet"]);
        let script = format!("{DIRECTORY}/array.sbatch");
        assert!(
            folder
                .program("bash", &["-n", &script])
                .output()
                .unwrap()
                .status
                .success()
        );
        if let Ok(output) = std::process::Command::new("shellcheck")
            .arg(folder.path(&script))
            .output()
        {
            let said = String::from_utf8(output.stdout).unwrap();
            assert!(output.status.success(), "{said}");
        }
        for attempt in 0..2 {
            let child = start(&folder, "bash", &[&script]);
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", command::stderr(&output));
            let said = String::from_utf8(output.stdout).unwrap();
            let lines: Vec<&str> = said.lines().collect();
            assert!(
                lines[0].starts_with("[ebm sweep] run 0001 starts on "),
                "{attempt}: {said}"
            );
            assert_eq!(
                lines.last(),
                Some(&"[ebm sweep] run 0001 ended with exit code 0"),
                "{attempt}: {said}"
            );
        }
        assert_eq!(states(&folder), ["missing", "done", "missing", "missing"]);
        let config = |path: &str| folder.read(path).parse::<toml::Table>().unwrap();
        let wanted = config(&format!("{DIRECTORY}/configs/0001.toml"));
        assert_eq!(config(&format!("{DIRECTORY}/runs/0001/config.toml")), wanted);
        assert_eq!(wanted["train"]["batch"].as_integer(), Some(32));
        assert!(!folder.path("scontrol.txt").exists());
        // What Slurm trained is trained here no more.
        let told = folder.succeed(&["sweep", "spec.toml", "--run"]);
        assert!(told.contains("1 runs are there already, 3 to train"), "{told}");
    }

    #[test]
    fn a_run_whose_time_is_up_saves_and_is_queued_again_and_one_that_is_cancelled_is_not() {
        let folder = sweep(LONG);
        folder.succeed(&["sweep", "spec.toml", "--quiet"]);
        let mut steps = 0;
        for state in ["RUNNING", "CANCELLED"] {
            slurm(&folder, state);
            let mut child = start(&folder, "bash", &[&format!("{DIRECTORY}/array.sbatch")]);
            wait_for_steps(&folder, &mut child, "0001", steps);
            signal(&child, "-USR1");
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(130), "{}", command::stderr(&output));
            let run = collected(&folder)["runs"][1].clone();
            assert_eq!(run["state"], "interrupted");
            assert!(run["steps"].as_u64().unwrap() > steps, "{run}");
            steps = run["steps"].as_u64().unwrap();
        }
        assert_eq!(folder.read("scancel.txt"), "--signal=TERM 5_1\n--signal=TERM 5_1\n");
        assert_eq!(folder.read("scontrol.txt"), "requeue 5_1\n");
    }

    #[test]
    fn what_failed_on_a_node_is_told_by_its_log() {
        let folder = sweep(SPEC);
        slurm(&folder, "RUNNING");
        folder.succeed(&["sweep", "spec.toml", "--quiet"]);
        fs::write(folder.path(&format!("{DIRECTORY}/configs/0001.toml")), "upper = 3").unwrap();
        let script = format!("bash {DIRECTORY}/array.sbatch > {DIRECTORY}/logs/0001.log 2>&1");
        let child = start(&folder, "sh", &["-c", &script]);
        assert_eq!(child.wait_with_output().unwrap().status.code(), Some(3));
        let run = collected(&folder)["runs"][1].clone();
        assert_eq!(run["state"], "failed");
        assert!(run["reason"].as_str().unwrap().contains("upper = 3"), "{run}");
    }
}
