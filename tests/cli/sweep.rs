//! A sweep from its file to its table: written, trained here, and trained as Slurm would.

use crate::command::{Folder, contains, ended, files, rows, tiny_with_table, two_columns, unlike};
use serde_json::Value;
use std::fs;

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

fn within(file: &str) -> String {
    format!("{DIRECTORY}/{file}")
}

fn collected(folder: &Folder) -> Value {
    folder.succeed(&format!("sweep collect {DIRECTORY} --json table.json"));
    folder.read_json("table.json")
}

fn states(folder: &Folder) -> Vec<String> {
    let table = collected(folder);
    let runs = table["runs"].as_array().unwrap().iter();
    runs.map(|run| run["state"].as_str().unwrap().to_string()).collect()
}

#[test]
fn a_sweep_is_written_complete_and_the_same_command_changes_nothing() {
    let folder = sweep(SPEC);
    let told = folder.succeed("sweep spec.toml");
    contains(&told, &["4 runs in runs/sweep-spec", "sbatch runs/sweep-spec/array.sbatch"]);
    let list = folder.read(&within("points.csv"));
    let expected = [
        "index,name,point,seed,upper.weight,train.batch",
        "0,weight=0.01 batch=16 seed=7,0,7,0.01,16",
        "1,weight=0.01 batch=32 seed=7,1,7,0.01,32",
        "2,weight=0.1 batch=16 seed=7,2,7,0.1,16",
        "3,weight=0.1 batch=32 seed=7,3,7,0.1,32",
    ];
    assert_eq!(list.lines().collect::<Vec<_>>(), expected);
    assert_eq!(folder.read(&within("sweep.toml")), SPEC);
    // A configuration is that of the base with the values of its point, and nothing is left to a default.
    let shown = folder.succeed("config show run.toml --set train.steps=20 --set upper.weight=0.1 --set train.batch=16");
    let shown: toml::Table = shown.parse().unwrap();
    assert_eq!(folder.read_toml(&within("configs/0002.toml")), shown);

    let before = files(&folder.path(DIRECTORY));
    folder.succeed("sweep spec.toml --quiet");
    assert_eq!(unlike(&files(&folder.path(DIRECTORY)), &before), [].into());
    // Files that a killed process left half-written are completed.
    folder.remove(&within("configs/0001.toml"));
    folder.succeed("sweep spec.toml --quiet");
    assert_eq!(unlike(&files(&folder.path(DIRECTORY)), &before), [].into());

    for row in rows(
        "[16, 64] | 0001 is weight=0.01 batch=32 seed=7 instead of weight=0.01 batch=64
         [16]     | 4 runs instead of 2
         [16, 32] --set train.log_every=3 | train.log_every = 10 instead of 3 in run 0000
         [16, 32] --data / | data from",
    ) {
        let (batches, more) = row[0].split_at(row[0].find(']').unwrap() + 1);
        folder.write("spec.toml", &SPEC.replace("[16, 32]", batches));
        let parts = [row[1], "another sweep is there", "--out DIR"];
        folder.refuse(5, &format!("sweep spec.toml{more}"), &parts);
        assert_eq!(unlike(&files(&folder.path(DIRECTORY)), &before), [].into());
    }
    // The options of Slurm do not change what is computed.
    folder.write("spec.toml", &format!("{SPEC}\n[slurm]\npartition = \"long\"\n"));
    folder.succeed("sweep spec.toml --quiet");
    let changed = ["array.sbatch", "sweep.toml"].map(String::from);
    assert_eq!(unlike(&files(&folder.path(DIRECTORY)), &before), changed.into());
}

#[test]
fn a_sweep_is_trained_here_and_its_table_is_that_of_the_runs() {
    let folder = sweep(&SPEC.replace("seeds = [7]", "seeds = [7, 8]"));
    // The number of threads decides the order of sums.
    let trained = |line: &str| ended(0, folder.ebm(line).env("RAYON_NUM_THREADS", "1").output()).0;
    let told = trained("sweep spec.toml --run --jobs 2");
    let lines = told.lines().filter(|line| line.contains("/8] 000")).count();
    assert_eq!(lines, 8, "a line a run: {told}");
    contains(&told, &["8 runs to train", "0002 weight=0.01 batch=32 seed=7: exact NLL"]);
    assert_eq!(states(&folder), ["done"; 8]);

    let nll = |run: usize| folder.final_value(&within(&format!("runs/{run:04}")), "nll").unwrap();
    let table = collected(&folder);
    let means = [0, 1, 2, 3].map(|point| (nll(2 * point) + nll(2 * point + 1)) / 2.0);
    for (row, mean) in table["points"].as_array().unwrap().iter().zip(means) {
        let figure = &row["figures"]["nll"];
        let ours = figure["mean"].as_f64().unwrap();
        assert!((ours - mean).abs() <= 1e-12 * (1.0 + mean.abs()), "{row}");
        assert_eq!((&row["seeds"], &figure["runs"]), (&serde_json::json!([7, 8]), &2.into()));
    }
    let best = (0..4).min_by(|a, b| means[*a].total_cmp(&means[*b])).unwrap();
    assert_eq!(table["best"], best);
    let text = folder.succeed(&format!("sweep collect {DIRECTORY} --sort nll --csv table.csv"));
    let rows: Vec<&str> = text.lines().collect();
    contains(rows[0], &["point  weight  batch  seeds  state  steps"]);
    contains(rows[1], &["7,8    done   20/20"]);
    assert!(rows[1].starts_with(&format!("*  {best}")), "{text}");
    assert_eq!(folder.read("table.csv").lines().count(), 9);

    // A configuration trains the same run by itself.
    trained(&format!("train {DIRECTORY}/configs/0005.toml --run alone --quiet"));
    let theirs = folder.read(&within("runs/0005/metrics.jsonl"));
    assert_eq!(folder.read("alone/metrics.jsonl"), theirs);
    let again = folder.succeed("sweep spec.toml --run");
    contains(&again, &["all 8 runs are there already"]);
    fs::remove_dir_all(folder.path(&within("runs/0003"))).unwrap();
    assert_eq!(states(&folder)[2..5], ["done", "missing", "done"]);
    let again = folder.succeed("sweep spec.toml --run");
    contains(&again, &["7 runs are there already, 1 to train"]);
    assert_eq!(states(&folder), ["done"; 8]);
}

#[test]
fn a_run_that_fails_is_told_and_the_others_go_on() {
    let folder = sweep("base = \"run.toml\"\n[grid]\ndata.path = [\"a.csv\", \"b.csv\"]\n");
    folder.write("run.toml", &tiny_with_table("a.csv"));
    folder.write("a.csv", &two_columns());
    // Nothing is written where a point cannot be trained.
    folder.refuse(4, "sweep spec.toml", &["0001 (path=b.csv seed=7)", "b.csv"]);
    assert_eq!(folder.names(), ["a.csv", "run.toml", "spec.toml"]);

    folder.write("b.csv", &two_columns().replace('3', "4"));
    folder.succeed("sweep spec.toml --quiet");
    folder.rename("a.csv", "gone.csv");
    let parts = ["1 of 2 runs failed, first 0000 path=a.csv seed=7", "a.csv"];
    folder.refuse(8, "sweep spec.toml --run --quiet", &parts);
    let text = folder.succeed(&format!("sweep collect {DIRECTORY}"));
    contains(&text, &["0000 (path=a.csv seed=7) failed: ", "a.csv: "]);
    assert_eq!(states(&folder), ["failed", "done"]);
    folder.rename("gone.csv", "a.csv");
    folder.succeed("sweep spec.toml --run --quiet");
    assert_eq!(states(&folder), ["done", "done"]);
}

#[test]
fn what_cannot_be_swept_is_refused_before_anything_is_written() {
    let folder = sweep(SPEC);
    // A fault that only the models and the batch together show.
    let infonce = "lower = { kind = \"mi\", estimator = \"infonce\", group = 64 }, generator.noise = 0.1";
    let infonce = format!("base = \"run.toml\"\nconfig = {{ {infonce} }}\n[grid]\ntrain.batch = [64, 32]");
    let twice = format!("{SPEC}[[point]]\nupper.weight = 0.1\ntrain.batch = 16\n");
    let negative = "0002 (weight=-1 batch=16 seed=7): spec.toml [grid]: upper.weight = -1: expected";
    let same = "runs 0002 (weight=0.1 batch=16 seed=7) and 0004";
    for (spec, parts) in [
        ("gird = 3", &["spec.toml: gird: unknown key", "did you mean `grid`?"][..]),
        (&SPEC.replace("0.1]", "-1]"), &[negative]),
        (&twice, &[same, "same configuration"]),
        (&infonce, &["0001 (batch=32 seed=7)", "lower.group = 64", "at most train.batch = 32"]),
    ] {
        folder.write("spec.toml", spec);
        for more in ["", "--run", "--dry-run"] {
            folder.refuse(3, &format!("sweep spec.toml {more}"), parts);
            assert_eq!(folder.names(), ["run.toml", "spec.toml"]);
        }
    }
    folder.write("spec.toml", SPEC);
    assert_eq!(folder.succeed("sweep spec.toml --dry-run --quiet"), "");
    let listed = folder.succeed("sweep spec.toml --dry-run");
    assert_eq!(listed.lines().nth(2), Some("0002 weight=0.1 batch=16 seed=7"));
    folder.refuse_all(
        "5 | sweep spec.toml --out . | no sweep of `ebm`
         5 | sweep collect .         | sweep.json
         3 | sweep none.toml         | none.toml",
    );
    assert_eq!(folder.names(), ["run.toml", "spec.toml"]);
    for wrong in ["sweep", "sweep spec.toml --jobs 2", "sweep collect"] {
        folder.run(2, wrong);
    }
}

#[cfg(unix)]
mod signalled {
    use super::*;
    use crate::command::{PROGRAM, signal, wait_for};
    use std::process::{Child, Command, Stdio};

    /// Long enough that it cannot have ended by itself.
    const LONG: &str = "base = \"run.toml\"\n[config]\ntrain.steps = 100_000_000\ntrain.evaluate_every = 0\n\
        train.log_every = 1\n[grid]\ntrain.batch = [16, 32]\n";

    /// Starts a script as the second task of a job of Slurm.
    fn start(folder: &Folder, script: &str) -> Child {
        let mut command = Command::new("bash");
        command
            .args(["-c", script])
            .current_dir(folder.path("."))
            .env("PATH", folder.search_path())
            .env("SLURM_ARRAY_TASK_ID", "1")
            .env("SLURM_ARRAY_JOB_ID", "5")
            // Complete configurations leave nothing to the environment.
            .env("EBM_TRAIN__BATCH", "8");
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Waits until a run has done more than some steps; they are many.
    fn wait_for_steps(folder: &Folder, child: &mut Child, run: &str, more_than: u64) {
        wait_for(child, || folder.step(&within(&format!("runs/{run}"))) > more_than);
    }

    /// Interrupts the script; the run's row then has more steps than before.
    fn interrupt(folder: &Folder, child: Child, name: &str, run: usize, steps: &mut u64) -> String {
        signal(name, child.id());
        let (_, said) = ended(130, child.wait_with_output());
        let row = &collected(folder)["runs"][run];
        assert_eq!(row["state"], "interrupted");
        assert!(row["steps"].as_u64().unwrap() > *steps, "{row}");
        *steps = row["steps"].as_u64().unwrap();
        said
    }

    #[test]
    fn an_interrupted_sweep_goes_on_where_it_was() {
        let folder = sweep(LONG);
        // The values that are swept are left alone by the environment of the tests.
        let run = format!("unset EBM_TRAIN__BATCH; exec {PROGRAM} sweep spec.toml --run --quiet");
        let mut steps = 0;
        for _ in 0..2 {
            let mut child = start(&folder, &run);
            wait_for_steps(&folder, &mut child, "0000", steps);
            assert_eq!(states(&folder), ["running", "missing"]);
            folder.refuse(5, "sweep spec.toml", &["another process sweeps"]);
            let said = interrupt(&folder, child, "-INT", 0, &mut steps);
            assert!(said.starts_with("error: interrupted"), "{said}");
        }
        let log = folder.read(&within("runs/0000/log.txt"));
        assert_eq!(log.matches("resumed=").count(), 1, "{log}");
    }

    /// A sweep that is written, and stand-ins for Slurm's commands: srun runs its program, scancel signals it, squeue says
    /// `state`, scontrol is noted.
    fn queued(spec: &str) -> Folder {
        let folder = sweep(spec);
        let srun = "while [ \"${1#--}\" != \"$1\" ]; do shift; done\necho $$ > srun.pid\nexec \"$@\"";
        folder.put_program("srun", srun);
        folder.put_program("scancel", "echo \"$@\" >> scancel.txt\nkill -TERM \"$(cat srun.pid)\"");
        folder.put_program("squeue", "echo RUNNING");
        folder.put_program("scontrol", "echo \"$@\" >> scontrol.txt");
        folder.succeed("sweep spec.toml --quiet");
        folder
    }

    #[test]
    fn the_script_trains_the_run_of_its_task() {
        let folder = queued(SPEC);
        let script = within("array.sbatch");
        folder.program("bash", &format!("-n {script}")).assert().success();
        if let found @ Ok(_) = Command::new("shellcheck").arg(folder.path(&script)).output() {
            ended(0, found);
        }
        for attempt in 0..2 {
            let (said, _) = ended(0, start(&folder, &format!("exec bash {script}")).wait_with_output());
            assert!(said.starts_with("[ebm sweep] run 0001 starts on "), "{attempt}: {said}");
            let last = said.lines().last();
            assert_eq!(last, Some("[ebm sweep] run 0001 ended with exit code 0"), "{attempt}: {said}");
        }
        assert_eq!(states(&folder), ["missing", "done", "missing", "missing"]);
        let wanted = folder.read_toml(&within("configs/0001.toml"));
        assert_eq!(folder.read_toml(&within("runs/0001/config.toml")), wanted);
        assert_eq!(wanted["train"]["batch"].as_integer(), Some(32));
        assert!(!folder.path("scontrol.txt").exists());
        // Runs that Slurm trained are not trained again here.
        let told = folder.succeed("sweep spec.toml --run");
        contains(&told, &["1 runs are there already, 3 to train"]);
    }

    #[test]
    fn a_run_whose_time_is_up_saves_and_is_queued_again_and_one_that_is_cancelled_is_not() {
        let folder = queued(LONG);
        let mut steps = 0;
        for state in ["RUNNING", "CANCELLED"] {
            folder.put_program("squeue", &format!("echo {state}"));
            let mut child = start(&folder, &format!("exec bash {DIRECTORY}/array.sbatch"));
            wait_for_steps(&folder, &mut child, "0001", steps);
            interrupt(&folder, child, "-USR1", 1, &mut steps);
        }
        assert_eq!(folder.read("scancel.txt"), "--signal=TERM 5_1\n--signal=TERM 5_1\n");
        assert_eq!(folder.read("scontrol.txt"), "requeue 5_1\n");
    }

    #[test]
    fn what_failed_on_a_node_is_told_by_its_log() {
        let folder = queued(SPEC);
        folder.write(&within("configs/0001.toml"), "upper = 3");
        let script = format!("bash {DIRECTORY}/array.sbatch > {DIRECTORY}/logs/0001.log 2>&1");
        ended(3, start(&folder, &script).wait_with_output());
        let run = &collected(&folder)["runs"][1];
        assert_eq!(run["state"], "failed");
        contains(run["reason"].as_str().unwrap(), &["upper = 3"]);
    }
}
