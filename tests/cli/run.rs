//! A run from its configuration to its samples.

use crate::command::{Folder, contains, ended, figure, tiny_with_table, unlike};

#[test]
fn a_run_is_trained_evaluated_and_sampled() {
    let folder = Folder::tiny();
    let said = folder.succeed("train run.toml");
    let run = "runs/run-seed7";
    let files = "run.json config.toml versions.json data.json metrics.jsonl log.txt summary.json weights/energy.safetensors \
        weights/generator.safetensors pictures/density.png pictures/curves.png pictures/sandwich.png";
    for file in files.split(' ') {
        assert!(folder.has_file(&format!("{run}/{file}"), 1), "{file}");
    }
    assert_eq!(said.lines().last(), Some("picture: runs/run-seed7/pictures/density.png"));
    contains(&said, &["steps/s", "NLL"]);

    let lines = folder.metrics(run);
    let steps = |event: &str| -> Vec<u64> {
        let of_event = lines.iter().filter(|line| line["event"] == event);
        of_event.map(|line| line["step"].as_u64().unwrap()).collect()
    };
    assert_eq!(steps("training"), [1, 10, 20, 30]);
    assert_eq!(steps("evaluation"), [10, 20, 30]);
    assert_eq!(steps("final"), [30]);
    for line in lines.iter().filter(|line| line["event"] != "training") {
        let value = |name: &str| line["metrics"][name]["value"].as_f64().unwrap();
        for (side, wrong) in [("lower", 1.0), ("upper", -1.0)] {
            let excess = wrong * (value(side) - value("nll"));
            let told = |key: &str| line["sandwich"][side][key].as_f64().unwrap();
            assert!((told("excess") - excess).abs() < 1e-9, "{line}");
            assert_eq!(line["sandwich"][side]["held"], excess <= told("tolerance"), "{line}");
        }
        assert!((value("gap") - (value("upper") - value("lower"))).abs() < 1e-9, "{line}");
    }
    contains(&folder.read("runs/run-seed7/log.txt"), &["sandwich: lower "]);
    let last = &lines.last().unwrap()["metrics"];
    assert_eq!([&last["nll"]["unit"], &last["good_share"]["unit"]], ["nats", "share"]);

    let evaluated = folder.succeed("evaluate runs/run-seed7");
    contains(&evaluated, &["exact NLL", "modes covered", "\nSandwich: "]);
    let report = folder.json("evaluate runs/run-seed7 --json");
    // The weights were read back: the same data and quadrature give the same value.
    assert_eq!(figure(&report, "nll")["value"], last["nll"]["value"]);

    folder.succeed("sample runs/run-seed7 -n 100 --out x.npy");
    let npy = folder.read_bytes("x.npy");
    assert!(npy.starts_with(b"\x93NUMPY") && npy.len() > 100 * 2 * 4);
    folder.succeed("sample runs/run-seed7 -n 50 --out x.npz --refine 3");
    folder.succeed("sample runs/run-seed7 -n 50 --out x.png --refine 3 --method hmc");
    assert!(folder.read_bytes("x.png").starts_with(b"\x89PNG"));
}

#[test]
fn one_configuration_and_seed_give_the_same_bytes() {
    let folder = Folder::tiny();
    for (run, seed) in [("a", 1), ("b", 1), ("c", 2)] {
        folder.train(run, &format!("--set seed={seed} --set train.energy.average=0.9"));
    }
    let [a, b, c] = ["a", "b", "c"].map(|run| folder.lasting(run));
    assert!(a.contains_key("weights/energy-average.safetensors"), "{:?}", a.keys());
    assert_eq!(unlike(&a, &b), [].into(), "equal runs differ");
    assert!(unlike(&a, &c).iter().eq(a.keys()), "not everything depends on the seed");
}

#[test]
fn the_environment_and_the_command_line_reach_the_run() {
    let folder = Folder::tiny();
    let mut command = folder.ebm("train run.toml --set upper=none --quiet");
    command.env("EBM_TRAIN__STEPS", "3").assert().success();
    let config = folder.read_toml("runs/run-seed7/config.toml");
    assert_eq!(config["train"]["steps"].as_integer(), Some(3));
    assert_eq!(config["upper"]["kind"].as_str(), Some("none"));
    let versions = folder.read_json("runs/run-seed7/versions.json");
    assert_eq!(versions["components"]["upper"]["crate"], "bounds-gp");
    assert_eq!(versions["seed"], 7);
}

#[test]
fn without_bounds_none_are_reported() {
    let folder = Folder::tiny();
    let said = folder.succeed("train run.toml --run r --set lower=none --set upper=wgan-gp");
    assert!(said.contains("exact NLL") && !said.contains("bound"), "{said}");
    for line in folder.metrics("r") {
        for absent in ["lower", "upper", "gap", "entropy", "entropy_ceiling", "divergence"] {
            assert!(line["metrics"].get(absent).is_none(), "{absent}: {line}");
        }
        assert!(line.get("sandwich").is_none(), "{line}");
    }
    assert!(!folder.path("r/pictures/sandwich.png").exists());
    // One side alone has a verdict of its own.
    folder.train("s", "--set upper=none");
    let last = folder.metrics("s").pop().unwrap();
    assert!(last["sandwich"]["lower"]["held"].is_boolean() && last["sandwich"].get("upper").is_none());
    assert!(folder.path("s/pictures/sandwich.png").exists());
}

#[test]
fn data_of_any_width_is_read_from_a_table() {
    let folder = Folder::tiny();
    let rows = (0..200).map(|i| format!("{},{},{}\n", i % 7, (i * i) % 11, i % 5));
    folder.write("table.csv", &rows.collect::<String>());
    let data = "data={kind=\"csv\", path=\"table.csv\", standardize=true}";
    let said = folder.succeed(&format!("train run.toml --run r --set '{data}'"));
    let pictures: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("picture: r/pictures/")).collect();
    assert_eq!(pictures, ["marginals.png", "pairs.png", "energies.png"]);
    for picture in pictures {
        assert!(folder.has_file(&format!("r/pictures/{picture}"), 501), "{picture}");
    }
    contains(&said, &["1 or 2 dimensions"]);
    folder.succeed("evaluate r");
    folder.succeed("sample r -n 10 --out x.npy");
}

#[test]
fn an_energy_is_trained_alone_by_exact_likelihood() {
    let folder = Folder::tiny();
    folder.succeed("train run.toml --run r --set train.objective=maximum-likelihood");
    folder.fail(2, "sample r -n 10 --out x.npy");
    folder.succeed("sample r -n 10 --out x.npy --refine 2");
}

#[test]
fn a_generator_that_misses_most_modes_is_no_success() {
    let folder = Folder::tiny();
    // Nothing is learned: the samples stay where they start, around the middle.
    let still = "--set train.evaluate_every=0 --set train.generator.optimizer.learning_rate=1e-12 \
        --set train.energy.optimizer.learning_rate=1e-12";
    let line = format!("train run.toml --run r --set train.steps=500 {still}");
    folder.refuse(7, &line, &["the run diverged: ", "the generated samples cover ", " of the data's 25 modes"]);
    let summary = folder.read_json("r/summary.json");
    assert!(summary["status"] == "diverged" && summary["steps"] == 500, "{summary}");
    // Too short to be judged by what it has learned.
    folder.train("short", &format!("--set train.steps=499 {still}"));
}

#[test]
fn what_goes_wrong_on_the_way_is_told_once_with_the_settings_to_change() {
    let folder = Folder::tiny();
    // Nothing is learned, so that the samples say next to nothing of their latents.
    let still = "--set train.evaluate_every=0 --set train.generator.optimizer.learning_rate=1e-12 \
        --set train.energy.optimizer.learning_rate=1e-12 --set generator.noise=0.05 --set upper=none \
        --set 'lower={kind=\"mi\", estimator=\"barber-agakov\", optimizer={learning_rate=1e-12}}'";
    let line = format!("train run.toml --run r --set train.log_every=100 --set train.steps=1000 {still}");
    let (said, error) = folder.run(7, &line);
    assert!(error.starts_with("error: ") && error.contains("the run diverged: "), "{error}");
    let told = "warning: step 900: the mutual information of samples and latents stays below 1 nat";
    // When it is seen, and in the last lines.
    assert_eq!(said.matches(told).count(), 2, "{said}");
    assert_eq!(folder.read("r/log.txt").matches("stays below 1 nat").count(), 1);
    let summary = folder.read_json("r/summary.json");
    let warnings = summary["evaluation"]["warnings"].to_string();
    contains(&warnings, &["step 900: the mutual information", "lower.encoder", "train.head_start"]);
}

#[test]
fn an_energy_without_confinement_and_likelihood_is_warned_of() {
    let folder = Folder::with(&tiny_with_table("three.csv"));
    let rows: String = (0..200).map(|i| format!("{},{},{}\n", i % 7, (i * i) % 11, (i * 3) % 13)).collect();
    folder.write("three.csv", &rows);
    let (line, told) = ("train run.toml", "not known to be normalisable");
    assert!(folder.succeed(&format!("{line} --run loose --set energy.confinement=0")).contains(told));
    assert!(!folder.succeed(&format!("{line} --run bound")).contains(told));
}

#[test]
fn one_sided_training_diverges_and_the_program_says_so() {
    let folder = Folder::tiny();
    let fast = "--set upper=none --set train.steps=1000 --set train.evaluate_every=200 --set energy.confinement=0.1 \
        --set train.energy.optimizer.learning_rate=0.02 --set train.generator.optimizer.learning_rate=0.0005";
    let line = format!("train run.toml --run r {fast}");
    folder.refuse(7, &line, &["diverged", "upper = \"gp\""]);
    assert_eq!(folder.read_json("r/summary.json")["status"], "diverged");
    contains(&folder.read("r/log.txt"), &["diverge"]);
}

#[test]
fn a_nan_ends_the_run_with_its_term_and_saved_weights() {
    let folder = Folder::tiny();
    let wild = "train run.toml --run r --set train.generator.optimizer.learning_rate=1e38";
    let error = folder.fail(6, wild);
    assert!(error.contains("step ") && (error.contains("NaN") || error.contains("inf")), "{error}");
    assert!(folder.path("r/weights/energy.safetensors").exists());
    assert_eq!(folder.read_json("r/summary.json")["status"], "not-finite");
}

#[test]
#[cfg(not(feature = "mpi"))]
fn several_processes_of_a_program_without_mpi_are_refused_by_the_first_of_them() {
    let folder = Folder::tiny();
    let launched = |rank: &str, code| {
        let mut command = folder.ebm("train run.toml --run r");
        ended(code, command.env("OMPI_COMM_WORLD_RANK", rank).env("OMPI_COMM_WORLD_SIZE", "2").output())
    };
    let (_, said) = launched("0", 2);
    let expected = "error: mpirun started 2 processes, and this program was built without MPI";
    assert!(said.starts_with(expected), "{said}");
    assert_eq!(launched("1", 0), Default::default());
    assert!(!folder.path("r").exists());
}
