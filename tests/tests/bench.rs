//! What `ebm bench` prints. Times vary and are not looked at, but for their sense.

mod command;

use command::{Folder, stderr};
use ebm_cli::bench::PROBLEMS;
use ebm_cli::config::{RunConfig, load_alone};
use serde_json::Value;
use std::path::Path;

use ebm_tests as _; // every bound is linked in

const PHASES: [&str; 8] = [
    "energy_step",
    "data_term",
    "divergence",
    "energy_update",
    "sampling",
    "entropy",
    "generator_step",
    "generator_update",
];

#[test]
fn json_has_the_machine_and_every_figure_of_a_problem() {
    let folder = Folder::with("");
    let text = folder.succeed(&[
        "bench",
        "--filter",
        "25-Gaussians sv",
        "--seconds",
        "0.05",
        "--json",
        "-",
    ]);
    let told: Value = serde_json::from_str(&text).unwrap();
    for key in ["ebm", "rustc", "target", "precision", "device", "cores", "threads"] {
        assert!(!told["machine"][key].is_null(), "{key}");
    }
    assert_eq!(told["seconds"], 0.05);
    let problems = told["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1);
    let problem = &problems[0];
    assert_eq!(problem["problem"], "25-gaussians sv+gp");
    assert_eq!(
        (&problem["batch"], &problem["latent"], &problem["width"]),
        (&200.into(), &2.into(), &2.into())
    );
    // 2-100-100-1 with two slopes and a factor; 2-100-100-2 with two slopes and two batch-norms.
    assert_eq!(problem["energy_parameters"], 200 + 100 + 10_000 + 100 + 100 + 1 + 2 + 1);
    assert_eq!(
        problem["generator_parameters"],
        200 + 100 + 10_000 + 100 + 200 + 2 + 2 + 400
    );
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{value} in {problem:#?}"));
    let [least, median, most] = ["least", "median", "most"].map(|key| number(&problem["step_seconds"][key]));
    assert!(0.0 < least && least <= median && median <= most);
    assert!(number(&problem["steps"]) >= 1.0 && number(&problem["seconds"]) >= 0.05);
    for phase in PHASES {
        assert!(number(&problem["phase_seconds"][phase]) > 0.0, "{phase}");
    }
    assert!(problem["phases_overlap"].is_boolean());
    // Parts are no longer than what they are parts of; those of an energy step may run beside each other.
    let [
        whole,
        data,
        divergence,
        energy_update,
        _,
        _,
        generator,
        generator_update,
    ] = PHASES.map(|phase| number(&problem["phase_seconds"][phase]));
    assert!(
        data.max(divergence) + energy_update <= whole && generator_update <= generator,
        "{problem:#?}"
    );
    let rate = number(&problem["flop_per_second"]) / number(&problem["steps_per_second"]);
    assert!((rate / number(&problem["flop_per_step"]) - 1.0).abs() < 1e-9);
    // A step has these products of 200 rows at least: of each network, a forward and a backward pass with the weights' gradient.
    let weights = (200 + 10_000 + 100) + (200 + 10_000 + 200);
    assert!(
        number(&problem["flop_per_step"]) > f64::from(200 * 2 * 3 * weights),
        "{problem:#?}"
    );
}

#[test]
fn tables_have_a_row_a_problem_and_a_file_has_the_same_beside_them() {
    let folder = Folder::with("");
    let arguments = [
        "bench",
        "--filter",
        "25-gaussians",
        "--seconds",
        "0.01",
        "--json",
        "bench.json",
    ];
    let text = folder.succeed(&arguments);
    let told: Value = serde_json::from_str(&folder.read("bench.json")).unwrap();
    assert_eq!(told["problems"].as_array().unwrap().len(), 2);
    for problem in told["problems"].as_array().unwrap() {
        let name = problem["problem"].as_str().unwrap();
        // In the rates and in the phases.
        assert_eq!(text.lines().filter(|line| line.starts_with(name)).count(), 2, "{text}");
    }
    for heading in ["steps/s", "GFLOP/s", "energy step", "entropy", "generator step"] {
        assert!(text.contains(heading), "{text}");
    }
    assert!(text.starts_with("ebm "), "{text}");
}

#[test]
fn what_cannot_be_done_is_told_before_anything_is_timed() {
    let folder = Folder::with("");
    let error = folder.fail(2, &["bench", "--filter", "imagenet"]);
    assert!(
        error.contains("--filter imagenet: no problem has that in its name; there are 25-gaussians"),
        "{error}"
    );
    let error = folder.fail(2, &["bench", "--json", "no/such/folder/bench.json"]);
    assert!(
        error.contains("--json no/such/folder/bench.json: expected a file in a folder that is there"),
        "{error}"
    );
    let error = folder.end(2, &["bench", "--seconds", "0"]);
    assert!(
        error.contains("expected a number of seconds from 0.01 to 3600"),
        "{error}"
    );
    folder.end(2, &["bench", "--json"]);
}

#[test]
fn timings_are_told_where_their_file_cannot_be_written() {
    let folder = Folder::with("");
    // No file system has names of so many letters.
    let name = "x".repeat(300);
    let arguments = [
        "bench",
        "--filter",
        "25-gaussians sv",
        "--seconds",
        "0.01",
        "--json",
        &name,
    ];
    let output = folder.ebm(&arguments).output().unwrap();
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("xxx: cannot write the file"), "{said}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("\n25-gaussians sv+gp "), "{text}");
}

/// The networks, the bounds and the batch.
fn parts(config: &RunConfig) -> Value {
    serde_json::json!({
        "generator": serde_json::to_value(&config.generator).unwrap(),
        "energy": serde_json::to_value(&config.energy).unwrap(),
        "lower": serde_json::to_value(&config.lower).unwrap(),
        "upper": serde_json::to_value(&config.upper).unwrap(),
        "batch": config.train.batch,
    })
}

#[test]
fn the_problems_are_those_of_the_examples() {
    let examples = [
        ("25-gaussians sv+gp", "paper/25-gaussians.toml"),
        ("25-gaussians mi+diffusion", "pairs/mi-diffusion-25-gaussians.toml"),
        ("stacked-mnist sv+gp", "stacked-mnist/sv-gp.toml"),
        ("stacked-mnist cnn sv+gp", "stacked-mnist/cnn-sv-gp.toml"),
        ("cifar-10 dcgan sv+gp", "paper/cifar-10.toml"),
    ];
    assert_eq!(PROBLEMS.map(|problem| problem.name), examples.map(|(name, _)| name));
    for (problem, (name, file)) in PROBLEMS.iter().zip(examples) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(file);
        let mut expected = parts(&load_alone(&path).unwrap().config);
        if name.starts_with("cifar-10") {
            // As the same step in PyTorch has it.
            expected["upper"]["volume"] = "none".into();
        }
        assert_eq!(
            parts(&problem.config().unwrap_or_else(|e| panic!("{e}"))),
            expected,
            "{name}"
        );
    }
}
