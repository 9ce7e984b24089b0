//! Bad input: one clear message, a documented exit code, nothing written or lost.

use crate::command::{Folder, PROGRAM, contains, ended, rows};

/// Trains with each assignment of a table, `assignment & ... | part of the error | ...`, and expects it to fail with every part and
/// nothing to be written.
fn refused(folder: &Folder, code: i32, table: &str) {
    let before = folder.names();
    for row in rows(table) {
        let sets: String = row[0].split(" & ").map(|one| format!(" --set '{one}'")).collect();
        folder.refuse(code, &format!("train run.toml{sets}"), &row[1..]);
        assert_eq!(folder.names(), before, "{row:?}");
    }
}

#[test]
fn a_bad_value_is_told_with_key_value_and_what_was_expected() {
    // The last ones show up in the models only: without noise there is no mutual information to bound.
    let table = r#"
        trian.steps=3               | trian | did you mean `train`?
        train.step=3                | train.step: | did you mean `steps`?
        upper.wieght=3              | upper.wieght | did you mean `weight`?
        generator.hiden=[3]         | generator.hiden | did you mean `hidden`?
        train.energy.optimizer.lr=1 | train.energy.optimizer.lr | `learning_rate`
        train.energy.optimizer=lionn | train.energy.optimizer.kind | did you mean "lion"?
        train.lambda=-1             | train.lambda = -1 | a finite number >= 0
        train.lambda={from=1, to=2} | train.lambda | from, to and over
        train.energy_weight=-1      | train.energy_weight = -1 | a finite number >= 0
        train.steps=many            | train.steps = "many" | a whole number >= 0
        train.steps=1.5             | train.steps = 1.5 | a whole number >= 0
        train.batch=-3              | train.batch = -3 | a whole number >= 0
        train.batch=1               | train.batch = 1 | at least 2
        upper.weight=heavy          | upper.weight = "heavy" | number
        upper.weight=nan            | upper.weight | finite number
        lower.solver=iterative      | lower.solver = "iterative" | { iterative = ... } | options of its own
        energy.hidden=[16, -4]      | energy.hidden[1] = -4 | a whole number >= 0
        energy.hidden=[16, 0]       | energy.hidden | 0 | between 1 and
        generator.hidden=128        | generator.hidden = 128 | a list
        generator.batch_norm=1      | generator.batch_norm = 1 | true or false
        upper=gpp                   | upper | "gpp" | did you mean `gp`?
        lower=svd                   | lower | "svd" | did you mean `sv`?
        data=26-gaussians           | data | did you mean `25-gaussians`?
        energy.kind=resnet          | energy | "resnet" | `mlp`
        energy.activation=rellu     | energy.activation = "rellu" | did you mean "relu"?
        train=3                     | train = 3 | a table
        upper=3                     | upper = 3 | upper bound
        seed=-1                     | seed = -1 | a whole number >= 0
        train.objective=likelihood  | train.objective | "maximum-likelihood"
        steps                       | --set steps | KEY=VALUE
        generator.noise=-0.1        | generator.noise = -0.1 | a finite number >= 0
        generator.noise=much        | generator.noise = "much" | a number, or { learned
        generator.noise.learnd=1    | generator.noise.learnd | did you mean `learned`?
        generator.noise={learned={start=0.5, max=0.3}} | generator.noise.learned.start = 0.5 | max = 0.3
        generator.noise={from=1, to=0, over=9, course="exponential"} | generator.noise = from 1 to 0 | two values > 0
        generator.noise={from=0.1, to=0, over=9} & lower=mi | generator.noise = from 0.1 to 0 | a number > 0
        train.data_penalty=-1       | train.data_penalty = -1 | a finite number >= 0
        train.refine.share=0.5 & train.refine.buffer=1 | train.refine.buffer = 1 | the chains that a step moves
        train.weighted=true & lower={kind="sv"}   | train.weighted = true | knows the density of the generator's samples
        train.objective=maximum-likelihood & train.weighted=true | train.weighted = true | which has no generator
        train.objective=maximum-likelihood & train.refine.share=0.5 | train.refine.share = 0.5 | "maximum-likelihood"
        lower=mi                    | generator.noise = 0 | a number > 0 | lower = "mi" needs it
        upper=diffusion & energy.time=static | energy.time = static | "auto" | upper = "diffusion"
        upper=diffusion & upper.t_min=0      | upper.t_min = 0 | above 0
        upper=diffusion & upper.t_max=1.5    | upper.t_max = 1.5 | (0, 1]
        upper.form=log-sobolev               | upper.form = log-sobolev | log-Sobolev constant of at least | has none
    "#;
    refused(&Folder::tiny(), 3, table);
    // K is about 3.2 times the root of the width: a constant of about exp(-410), whose reciprocal no bound can be divided by.
    let wide = "energy.activation=tanh & energy.hidden=[16384] & energy.init=kaiming & energy.init_gain=2.0";
    let told = "upper.form = log-sobolev | log-Sobolev constant of at least | its initial weights have";
    refused(&Folder::tiny(), 3, &format!("upper.form=log-sobolev & {wide} | {told}"));
}

#[test]
fn a_fault_in_the_file_is_told_with_the_file() {
    let infonce =
        "lower = { kind = 'mi', estimator = 'infonce', group = 64 }\n[generator]\nnoise = 0.1\n[train]\nbatch = 32\n";
    for (text, parts) in [
        ("[lower]\niteratons = 3\n", &["run.toml: lower.iteratons: unknown key"][..]),
        ("[train]\nsteps = \"ten\"\n", &["run.toml: train.steps = \"ten\""]),
        ("[train]\nsteps = 1\nsteps = 2\n", &["run.toml: line 3", "duplicate"]),
        ("[train\nsteps = 1\n", &["run.toml: line 1"]),
        ("colour = 1\n", &["run.toml: colour: unknown key", "`train`"]),
        ("[upper]\nkind = 3\n", &["run.toml: upper.kind = 3"]),
        // Faults that only the models and the batch together show.
        (infonce, &["lower.group = 64", "at most train.batch = 32"]),
    ] {
        let folder = Folder::with(text);
        folder.refuse(3, "train run.toml", parts);
        assert_eq!(folder.names(), ["run.toml"], "{text}");
    }
    let folder = Folder::tiny();
    folder.refuse(3, "train none.toml", &["none.toml"]);
    let (_, said) = ended(3, folder.ebm("config check run.toml").env("EBM_TRAIN__STEP", "3").output());
    contains(&said, &["EBM_TRAIN__STEP"]);
}

#[test]
fn sizes_for_which_there_is_no_memory_are_refused_before_anything_is_set_aside() {
    // Only Linux says how much there is.
    if cfg!(not(target_os = "linux")) {
        return;
    }
    let table = r#"
        train.batch=1000000000000       | train.batch = 1000000000000: training needs at least | of memory, and | a smaller batch
        generator.latent=1000000000000  | generator.latent = 1000000000000: training needs at least | narrower networks
        upper.projections=1000000000000 | train.batch = 32 and upper.projections = 1000000000000: training needs at least
        data={kind="gaussian", dimensions=1000000000} | training on data of 1000000000 dimensions needs at least
        evaluate.generated=100000000000000 | evaluate.generated = 100000000000000: the evaluation at the end of training
        evaluate.annealing.chains=100000000000000 | evaluate.annealing.chains = 100000000000000: the evaluation
        train.steps=1000000000000000 & train.refine={share=0.5, buffer=1000000000000000} | train.refine.buffer = 1000000000000000
    "#;
    refused(&Folder::tiny(), 3, table);
    let folder = Folder::trained("r");
    folder.refuse_all(
        r#"
        3 | config check run.toml --set train.batch=1000000000000 | train.batch = 1000000000000: training needs at least
        3 | config check run.toml --set upper.projections=1000000000000 | upper.projections = 1000000000000
    "#,
    );
    // There may well be room for as many samples as the command line takes.
    for (line, part) in [
        ("sample r -n 100000000 --out x.npy", "-n 100000000: drawing samples needs at least"),
        ("evaluate r --samples 100000000", "--samples 100000000: the evaluation needs at least"),
        ("ood r --samples 100000000", "--samples 100000000: scoring needs at least"),
    ] {
        let mut shell = folder.program("sh", "-c");
        let (_, error) = ended(3, shell.arg(format!("ulimit -v 1000000; exec '{PROGRAM}' {line}")).output());
        contains(&error, &["error: r: ", part, "ulimit -v allows 1.02 GB"]);
    }
}

#[test]
fn what_is_too_long_to_be_read_is_told_in_a_line_that_can_be() {
    let long = |letter: &str| letter.repeat(5_000_000);
    let texts = [
        (format!("[train]\n{} = 3\n", long("k")), "train.kkk"),
        (format!("[train]\nsteps = \"{}\"\n", long("v")), "train.steps = \"vvv"),
        (format!("[energy]\nhidden = [{}1]\n", "0, ".repeat(200_000)), "energy.hidden = [0, 0, "),
        (format!("upper = \"{}\"\n", long("g")), "upper = \"ggg"),
        (format!("colour = {}\n", long("v")), "line 1"),
    ];
    for (text, part) in texts {
        let folder = Folder::with(&text);
        let told = folder.fail(3, "config check run.toml");
        let beginning: String = told.chars().take(200).collect();
        assert!(told.contains(part) && told.len() < 5000, "{} bytes: {beginning}", told.len());
    }
    let folder = Folder::tiny();
    folder.write("long.toml", &"#".repeat((1 << 24) + 1));
    folder.refuse(3, "config check long.toml", &["long.toml: it is longer than 16 MiB"]);
    if cfg!(unix) {
        folder.refuse(3, "config check /dev/zero", &["/dev/zero: it is longer than 16 MiB; expected a configuration"]);
    }
}

#[test]
fn options_of_the_bound_by_mutual_information_are_told_by_key() {
    let folder = Folder::with("lower = \"mi\"\n[generator]\nnoise = 0.1\n");
    folder.succeed("config check run.toml");
    let table = r#"
        lower.estimator=nwjj    | lower.estimator = "nwjj" | did you mean "nwj"?
        lower.product=pairs     | lower.product = "pairs" | "all-pairs"
        lower.group=1           | lower.group = 1 | at least 2
        lower.critic.hidden=[0] | lower.critic.hidden | between 1 and
        lower.encoder.hiden=[3] | lower.encoder.hiden | did you mean `hidden`?
        lower.optimizer.lr=1    | lower.optimizer.lr | `learning_rate`
        lower.optimizer.learning_rate=0 | lower.optimizer.learning_rate = 0 | a finite number > 0
        lower.lambda=-1         | lower.lambda = -1 | a finite number >= 0
        train.batch=1           | train.batch = 1 | at least 2
        generator.noise=0       | generator.noise = 0 | lower = "mi" needs it
    "#;
    refused(&folder, 3, table);
    // The fault is in the file where it says nothing about noise.
    let parts = ["run.toml: generator.noise = 0: expected a number > 0"];
    Folder::with("lower = \"mi\"\n").refuse(3, "config check run.toml", &parts);
}

#[test]
fn bad_data_is_told_with_file_and_line() {
    let folder = Folder::tiny();
    let wide = "1,".repeat(1 << 20);
    for (name, text, parts) in [
        ("ragged.csv", "a,b\n1,2\n3\n4,5\n", "line 3"),
        ("text.csv", "a,b\n1,2\n3,x\n4,5\n", "line 3 | column 2 | \"x\""),
        ("nan.csv", "a,b\n1,2\n3,4\nNaN,5\n", "line 4 | column 1 | NaN"),
        ("infinite.csv", "1,2\n3,inf\n4,5\n", "line 2 | column 2 | inf"),
        ("empty.csv", "", ""),
        ("wide.csv", wide.as_str(), "line 1 | 1048577 values | at most 1048576 columns"),
        ("no.npy", "not an array", ""),
    ] {
        folder.write(name, text);
        let kind = &name[name.len() - 3..];
        let data = format!("data={{kind=\"{kind}\", path=\"{name}\"}}");
        refused(&folder, 4, &format!("{data} | {name} | {parts}"));
    }
    refused(&folder, 4, "data={kind=\"csv\", path=\"missing.csv\"} | missing.csv | No such file");
    refused(&folder, 3, "data=csv | data.path | file");
}

#[test]
fn an_existing_run_is_kept_unless_it_may_be_replaced() {
    let folder = Folder::tiny();
    let train = "train run.toml --run r --quiet --set train.steps=3";
    folder.succeed(train);
    let first = folder.read("r/metrics.jsonl");
    folder.refuse(5, train, &["--overwrite"]);
    // A bad configuration or missing data destroys nothing, even where replacing is allowed.
    for (code, assignment) in [(3, "train.batch=0"), (4, "data={kind=\"csv\", path=\"missing.csv\"}")] {
        folder.fail(code, &format!("{train} --overwrite --set '{assignment}'"));
    }
    assert_eq!(folder.read("r/metrics.jsonl"), first);
    folder.write("r/notes.txt", "mine");
    // A file, and a folder that is no run, are never replaced.
    for place in ["r/notes.txt", "r/notes.txt/run", "r/weights"] {
        folder.refuse(5, &format!("train run.toml --run {place} --overwrite"), &[place]);
    }
    folder.succeed(&format!("{train} --overwrite --set seed=8"));
    assert_ne!(folder.read("r/metrics.jsonl"), first);
    assert_eq!(folder.read("r/notes.txt"), "mine");
}

#[cfg(target_os = "linux")]
#[test]
fn a_place_that_cannot_be_written_is_named() {
    // Not even root can make a directory there.
    Folder::tiny().refuse(5, "train run.toml --run /proc/ebm-run", &["/proc/ebm-run"]);
}

#[test]
fn what_is_no_run_cannot_be_evaluated_or_sampled() {
    let folder = Folder::tiny();
    for place in [".", "nowhere", "run.toml"] {
        folder.fail(5, &format!("evaluate {place}"));
        folder.fail(5, &format!("sample {place} -n 3 --out x.npy"));
    }
    folder.train("r", "--set train.steps=2");
    folder.refuse(2, "sample r -n 3 --out x.jpg", &[".npz"]);
    folder.refuse(1, "sample r -n 3 --out no/x.npy", &["no/x.npy"]);
    folder.write("r/weights/energy.safetensors", "broken");
    folder.refuse(5, "evaluate r", &["energy.safetensors", "not what was written", "ebm runs restore r"]);
    assert!(!folder.path("x.npy").exists());
}

#[test]
fn a_wrong_command_line_is_code_two() {
    let folder = Folder::tiny();
    for line in ["trian", "train", "train run.toml --resume", "sample r -n 0"] {
        folder.run(2, line);
    }
}
