//! Bad input: one clear message, a documented exit code, nothing written or lost.

mod command;

use command::Folder;
use std::fs;

/// Trains with assignments, expects a failure that names every part, and that nothing was written.
fn refused(folder: &Folder, code: i32, assignments: &[&str], parts: &[&str]) {
    let mut arguments = vec!["train", "run.toml"];
    assignments
        .iter()
        .for_each(|assignment| arguments.extend(["--set", assignment]));
    let before = folder.names();
    let error = folder.fail(code, &arguments);
    for part in parts {
        assert!(error.contains(part), "{assignments:?}: {part:?} is not in {error}");
    }
    assert_eq!(folder.names(), before, "{assignments:?}");
}

#[test]
fn a_bad_value_is_told_with_key_value_and_what_was_expected() {
    let folder = Folder::tiny();
    for (assignment, parts) in [
        ("trian.steps=3", &["trian", "did you mean `train`?"][..]),
        ("train.step=3", &["train.step:", "did you mean `steps`?"]),
        ("upper.wieght=3", &["upper.wieght", "did you mean `weight`?"]),
        ("generator.hiden=[3]", &["generator.hiden", "did you mean `hidden`?"]),
        (
            "train.energy.optimizer.lr=1",
            &["train.energy.optimizer.lr", "`learning_rate`"],
        ),
        ("train.steps=many", &["train.steps = \"many\"", "a whole number >= 0"]),
        ("train.steps=1.5", &["train.steps = 1.5", "a whole number >= 0"]),
        ("train.batch=-3", &["train.batch = -3", "a whole number >= 0"]),
        ("train.lambda=-1", &["train.lambda = -1", "a finite number >= 0"]),
        (
            "train.energy.optimizer=lionn",
            &["train.energy.optimizer.kind", "did you mean \"lion\"?"],
        ),
        ("train.batch=1", &["train.batch = 1", "at least 2"]),
        ("upper.weight=heavy", &["upper.weight = \"heavy\"", "number"]),
        ("upper.weight=nan", &["upper.weight", "finite number"]),
        (
            "lower.solver=iterative",
            &[
                "lower.solver = \"iterative\"",
                "{ iterative = ... }",
                "options of its own",
            ],
        ),
        (
            "energy.hidden=[16, -4]",
            &["energy.hidden[1] = -4", "a whole number >= 0"],
        ),
        ("energy.hidden=[16, 0]", &["energy.hidden", "0", "between 1 and"]),
        ("generator.hidden=128", &["generator.hidden = 128", "a list"]),
        ("generator.batch_norm=1", &["generator.batch_norm = 1", "true or false"]),
        ("upper=gpp", &["upper", "\"gpp\"", "did you mean `gp`?"]),
        ("lower=svd", &["lower", "\"svd\"", "did you mean `sv`?"]),
        ("data=26-gaussians", &["data", "did you mean `25-gaussians`?"]),
        ("energy.kind=resnet", &["energy", "\"resnet\"", "`mlp`"]),
        (
            "energy.activation=rellu",
            &["energy.activation = \"rellu\"", "did you mean \"relu\"?"],
        ),
        ("train=3", &["train = 3", "a table"]),
        ("upper=3", &["upper = 3", "upper bound"]),
        ("seed=-1", &["seed = -1", "a whole number >= 0"]),
        (
            "train.objective=likelihood",
            &["train.objective", "\"maximum-likelihood\""],
        ),
        ("steps", &["--set steps", "KEY=VALUE"]),
        (
            "generator.noise=-0.1",
            &["generator.noise = -0.1", "a finite number >= 0"],
        ),
        (
            "generator.noise=much",
            &["generator.noise = \"much\"", "a number, or { learned"],
        ),
        (
            "generator.noise.learnd=1",
            &["generator.noise.learnd", "did you mean `learned`?"],
        ),
        (
            "generator.noise={learned={start=0.5, max=0.3}}",
            &["generator.noise.learned.start = 0.5", "max = 0.3"],
        ),
        // Without noise there is no mutual information to bound.
        (
            "lower=mi",
            &["generator.noise = 0", "a number > 0", "lower = \"mi\" needs it"],
        ),
    ] {
        refused(&folder, 3, &[assignment], parts);
    }
}

#[test]
fn a_fault_in_the_file_is_told_with_the_file() {
    for (text, parts) in [
        (
            "[lower]\niteratons = 3\n",
            &["run.toml: lower.iteratons: unknown key"][..],
        ),
        ("[train]\nsteps = \"ten\"\n", &["run.toml: train.steps = \"ten\""]),
        ("[train]\nsteps = 1\nsteps = 2\n", &["run.toml: line 3", "duplicate"]),
        ("[train\nsteps = 1\n", &["run.toml: line 1"]),
        ("colour = 1\n", &["run.toml: colour: unknown key", "`train`"]),
        ("[upper]\nkind = 3\n", &["run.toml: upper.kind = 3"]),
    ] {
        refused(&Folder::with(text), 3, &[], parts);
    }
    let folder = Folder::tiny();
    assert!(folder.fail(3, &["train", "none.toml"]).contains("none.toml"));
    let output = folder
        .ebm(&["config", "check", "run.toml"])
        .env("EBM_TRAIN__STEP", "3")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(
        command::stderr(&output).contains("EBM_TRAIN__STEP"),
        "{}",
        command::stderr(&output)
    );
}

#[test]
fn options_of_the_bound_by_mutual_information_are_told_by_key() {
    let folder = Folder::with("lower = \"mi\"\n[generator]\nnoise = 0.1\n");
    folder.succeed(&["config", "check", "run.toml"]);
    for (assignment, parts) in [
        (
            "lower.estimator=nwjj",
            &["lower.estimator = \"nwjj\"", "did you mean \"nwj\"?"][..],
        ),
        ("lower.product=pairs", &["lower.product = \"pairs\"", "\"all-pairs\""]),
        ("lower.group=1", &["lower.group = 1", "at least 2"]),
        ("lower.critic.hidden=[0]", &["lower.critic.hidden", "between 1 and"]),
        (
            "lower.encoder.hiden=[3]",
            &["lower.encoder.hiden", "did you mean `hidden`?"],
        ),
        ("lower.optimizer.lr=1", &["lower.optimizer.lr", "`learning_rate`"]),
        ("lower.lambda=-1", &["lower.lambda = -1", "a finite number >= 0"]),
        (
            "lower.optimizer.learning_rate=0",
            &["lower.optimizer.learning_rate = 0", "a finite number > 0"],
        ),
        ("train.batch=1", &["train.batch = 1", "at least 2"]),
        ("generator.noise=0", &["generator.noise = 0", "lower = \"mi\" needs it"]),
    ] {
        refused(&folder, 3, &[assignment], parts);
    }
    // The fault is in the file where it says nothing about noise.
    let silent = Folder::with("lower = \"mi\"\n");
    let error = silent.fail(3, &["config", "check", "run.toml"]);
    assert!(
        error.contains("run.toml: generator.noise = 0: expected a number > 0"),
        "{error}"
    );
}

#[test]
fn bad_data_is_told_with_file_and_line() {
    let folder = Folder::tiny();
    let missing = "data={kind=\"csv\", path=\"missing.csv\"}";
    refused(&folder, 4, &[missing], &["missing.csv", "No such file"]);
    for (name, text, parts) in [
        ("ragged.csv", "a,b\n1,2\n3\n4,5\n", &["line 3"][..]),
        ("text.csv", "a,b\n1,2\n3,x\n4,5\n", &["line 3", "column 2", "\"x\""]),
        ("nan.csv", "a,b\n1,2\n3,4\nNaN,5\n", &["line 4", "column 1", "NaN"]),
        ("infinite.csv", "1,2\n3,inf\n4,5\n", &["line 2", "column 2", "inf"]),
        ("empty.csv", "", &["empty.csv"]),
    ] {
        folder.write(name, text);
        let data = format!("data={{kind=\"csv\", path=\"{name}\"}}");
        refused(&folder, 4, &[&data], &[&[name], parts].concat());
    }
    refused(&folder, 3, &["data=csv"], &["data.path", "file"]);
    folder.write("no.npy", "not an array");
    refused(&folder, 4, &["data={kind=\"npy\", path=\"no.npy\"}"], &["no.npy"]);
}

#[test]
fn an_existing_run_is_kept_unless_it_may_be_replaced() {
    let folder = Folder::tiny();
    let train = ["train", "run.toml", "--run", "r", "--quiet", "--set", "train.steps=3"];
    folder.succeed(&train);
    let first = folder.read("r/metrics.jsonl");
    assert!(folder.fail(5, &train).contains("--overwrite"));
    // A bad configuration or missing data loses nothing, even where replacing is allowed.
    for (code, assignment) in [(3, "train.batch=0"), (4, "data={kind=\"csv\", path=\"missing.csv\"}")] {
        folder.fail(code, &[&train[..], &["--overwrite", "--set", assignment]].concat());
    }
    assert_eq!(folder.read("r/metrics.jsonl"), first);
    folder.write("r/notes.txt", "mine");
    folder.succeed(&[&train[..], &["--overwrite", "--set", "seed=8"]].concat());
    assert_ne!(folder.read("r/metrics.jsonl"), first);
    assert_eq!(folder.read("r/notes.txt"), "mine");
}

#[test]
fn what_is_no_run_is_never_replaced() {
    let folder = Folder::tiny();
    fs::create_dir(folder.path("thesis")).unwrap();
    folder.write("thesis/chapter.tex", "years of work");
    folder.write("file", "text");
    for place in ["thesis", "file", "file/run"] {
        for overwrite in [&[][..], &["--overwrite"]] {
            let error = folder.fail(5, &[&["train", "run.toml", "--run", place][..], overwrite].concat());
            assert!(error.contains(place), "{error}");
        }
    }
    assert_eq!(folder.read("thesis/chapter.tex"), "years of work");
    assert_eq!(folder.read("file"), "text");
    assert_eq!(folder.names(), ["file", "run.toml", "thesis"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_place_that_cannot_be_written_is_named() {
    // Not even root can make a directory there.
    let error = Folder::tiny().fail(5, &["train", "run.toml", "--run", "/proc/ebm-run"]);
    assert!(error.contains("/proc/ebm-run"), "{error}");
}

#[test]
fn what_is_no_run_cannot_be_evaluated_or_sampled() {
    let folder = Folder::tiny();
    for place in [".", "nowhere", "run.toml"] {
        folder.fail(5, &["evaluate", place]);
        folder.fail(5, &["sample", place, "-n", "3", "--out", "x.npy"]);
    }
    folder.succeed(&["train", "run.toml", "--run", "r", "--quiet", "--set", "train.steps=2"]);
    assert!(
        folder
            .fail(2, &["sample", "r", "-n", "3", "--out", "x.jpg"])
            .contains(".npz")
    );
    assert!(
        folder
            .fail(1, &["sample", "r", "-n", "3", "--out", "no/x.npy"])
            .contains("no/x.npy")
    );
    fs::write(folder.path("r/weights/energy.safetensors"), "broken").unwrap();
    let error = folder.fail(5, &["evaluate", "r"]);
    assert!(
        error.contains("energy.safetensors") && error.contains("safetensors file"),
        "{error}"
    );
    assert!(!folder.path("x.npy").exists());
}

#[test]
fn a_wrong_command_line_is_code_two() {
    let folder = Folder::tiny();
    for arguments in [
        &["trian"][..],
        &["train"],
        &["train", "run.toml", "--resume"],
        &["sample", "r", "-n", "0"],
    ] {
        let output = folder.ebm(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn models_that_a_bound_cannot_work_with_are_refused_before_anything_is_written() {
    let folder = Folder::tiny();
    refused(
        &folder,
        3,
        &["upper=diffusion", "energy.time=static"],
        &["energy.time = static", "\"auto\"", "upper = \"diffusion\""],
    );
    refused(
        &folder,
        3,
        &["upper=diffusion", "upper.t_min=0"],
        &["upper.t_min = 0", "above 0"],
    );
    refused(
        &folder,
        3,
        &["upper=diffusion", "upper.t_max=1.5"],
        &["upper.t_max = 1.5", "(0, 1]"],
    );
    // What only the models and the batch together tell.
    let infonce = Folder::with(
        "lower = { kind = \"mi\", estimator = \"infonce\", group = 64 }\n[generator]\nnoise = 0.1\n[train]\nbatch = 32\n",
    );
    let error = infonce.fail(3, &["train", "run.toml"]);
    assert!(
        error.contains("lower.group = 64") && error.contains("at most train.batch = 32"),
        "{error}"
    );
    assert_eq!(infonce.names(), ["run.toml"]);
}
