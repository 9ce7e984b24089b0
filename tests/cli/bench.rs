//! The output of `ebm bench`. Times vary and are not checked, except for plausibility.

use crate::command::{Folder, contains};
use ebm_cli::bench::PROBLEMS;
use ebm_cli::config::{RunConfig, load_alone};
use serde_json::Value;
use std::path::Path;

const PHASES: [&str; 9] = [
    "weighing",
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
    let told = folder.json("bench --filter '25-Gaussians sv' --seconds 0.05 --json -");
    for key in ["ebm", "rustc", "target", "precision", "device", "cores", "threads"] {
        assert!(!told["machine"][key].is_null(), "{key}");
    }
    assert_eq!(told["seconds"], 0.05);
    let problems = told["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1);
    let problem = &problems[0];
    assert_eq!(problem["problem"], "25-gaussians sv+gp");
    assert_eq!(["batch", "latent", "width"].map(|key| &problem[key]), [200, 2, 2]);
    // 2-100-100-1 with two slopes and a factor; 2-100-100-2 with two slopes and two batch-norms.
    assert_eq!(problem["energy_parameters"], 200 + 100 + 10_000 + 100 + 100 + 1 + 2 + 1);
    let generator = 200 + 100 + 10_000 + 100 + 200 + 2 + 2 + 400;
    assert_eq!(problem["generator_parameters"], generator);
    let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{value} in {problem:#?}"));
    let [least, median, most] = ["least", "median", "most"].map(|key| number(&problem["step_seconds"][key]));
    assert!(0.0 < least && least <= median && median <= most);
    assert!(number(&problem["steps"]) >= 1.0 && number(&problem["seconds"]) >= 0.05);
    let phases = PHASES.map(|phase| number(&problem["phase_seconds"][phase]));
    assert!(phases[1..].iter().all(|seconds| *seconds > 0.0), "{problem:#?}");
    assert!(problem["phases_overlap"].is_boolean());
    // A part takes no longer than the whole; those of an energy step may run beside each other.
    let [weighing, whole, data, divergence, energy_update, _, _, generator, generator_update] = phases;
    // These settings weigh no samples.
    assert_eq!(weighing, 0.0);
    assert!(data.max(divergence) + energy_update <= whole, "{problem:#?}");
    assert!(generator_update <= generator, "{problem:#?}");
    let rate = number(&problem["flop_per_second"]) / number(&problem["steps_per_second"]);
    let flop = number(&problem["flop_per_step"]);
    assert!((rate / flop - 1.0).abs() < 1e-9);
    // A step has these products of 200 rows at least: of each network, a forward and a backward pass with the weights' gradient.
    let weights = (200 + 10_000 + 100) + (200 + 10_000 + 200);
    assert!(flop > f64::from(200 * 2 * 3 * weights), "{problem:#?}");
}

#[test]
fn tables_have_a_row_a_problem_and_a_file_has_the_same_beside_them() {
    let folder = Folder::with("");
    let text = folder.succeed("bench --filter 25-gaussians --seconds 0.01 --json bench.json");
    let told = folder.read_json("bench.json");
    let problems = told["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 2);
    for problem in problems {
        let name = problem["problem"].as_str().unwrap();
        // In the rates and in the phases.
        assert_eq!(text.lines().filter(|line| line.starts_with(name)).count(), 2, "{text}");
    }
    contains(&text, &["steps/s", "GFLOP/s", "energy step", "entropy", "generator step"]);
    assert!(text.starts_with("ebm "), "{text}");
}

#[test]
fn what_cannot_be_done_is_told_before_anything_is_timed() {
    let folder = Folder::with("");
    folder.refuse_all(
        "2 | bench --filter imagenet | --filter imagenet: no problem has that in its name; there are 25-gaussians
         2 | bench --json no/such/bench.json | --json no/such/bench.json: expected a file in a folder that is there",
    );
    contains(&folder.run(2, "bench --seconds 0").1, &["expected a number of seconds from 0.01 to 3600"]);
    folder.run(2, "bench --json");
}

#[test]
fn timings_are_told_where_their_file_cannot_be_written() {
    let folder = Folder::with("");
    // No file system allows names of so many letters.
    let name = "x".repeat(300);
    let (table, said) = folder.run(1, &format!("bench --filter '25-gaussians sv' --seconds 0.01 --json {name}"));
    contains(&said, &["xxx: cannot write the file"]);
    contains(&table, &["\n25-gaussians sv+gp "]);
}

fn parts(config: &RunConfig) -> Value {
    serde_json::json!({
        "generator": config.generator,
        "energy": config.energy,
        "lower": config.lower,
        "upper": config.upper,
        "batch": config.train.batch,
    })
}

#[test]
fn the_problems_are_those_of_the_examples() {
    // A pair of a comparison has its settings in the run's own configuration.
    let folder = Folder::with("");
    let compared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/compare/plain-25-gaussians.toml");
    let short = "--set train.steps=1 --set train.evaluate_every=0 --set evaluate.held_out=10 --set evaluate.generated=10 \
                 --set evaluate.quadrature.tolerance=1e-2 --set evaluate.quadrature.max_evaluations=10000";
    let pair = "--lower mi --upper diffusion --seeds 1 --out c --quiet";
    folder.run(0, &format!("compare {} {pair} {short}", compared.display()));
    let run = folder.path("c/runs/mi+diffusion-seed0/config.toml");
    let examples = [
        ("25-gaussians sv+gp", "paper/25-gaussians.toml"),
        ("25-gaussians mi+diffusion", run.to_str().unwrap()),
        ("stacked-mnist sv+gp", "stacked-mnist/sv-gp.toml"),
        ("stacked-mnist cnn sv+gp", "stacked-mnist/cnn-sv-gp.toml"),
        ("cifar-10 dcgan sv+gp", "paper/cifar-10.toml"),
    ];
    assert_eq!(PROBLEMS.map(|problem| problem.name), examples.map(|(name, _)| name));
    for (problem, (name, file)) in PROBLEMS.iter().zip(examples) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(file);
        let mut expected = parts(&load_alone(&path).unwrap().config);
        if name.starts_with("cifar-10") {
            // As for the same step in PyTorch.
            expected["upper"]["volume"] = "none".into();
        }
        let config = problem.config().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(parts(&config), expected, "{name}");
    }
}
