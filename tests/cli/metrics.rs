//! Metrics beyond the likelihood: outliers, a bracket of log Z, features from files, the generator's Jacobian.

use crate::command::{Folder, contains, figure};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

const RUN: &str = "runs/run-seed7";

fn trained(more: &str) -> Folder {
    let folder = Folder::tiny();
    folder.train(RUN, more);
    folder
}

/// The value of a figure of a report, or another number with it.
fn number(report: &Value, name: &str, key: &str) -> f64 {
    figure(report, name)[key].as_f64().unwrap()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../ebm-cli/eval/tests/fixtures/metrics").join(name)
}

#[test]
fn the_energy_tells_data_from_outliers() {
    let folder = Folder::trained(RUN);
    let report = folder.json(&format!("ood {RUN} --samples 300 --json"));
    let found = report["figures"].as_array().unwrap();
    // Points in the plane are not images, which alone can be inverted and blurred.
    let names: Vec<&str> = found.iter().map(|figure| figure["name"].as_str().unwrap()).collect();
    let kinds = ["uniform-noise", "gaussian-noise", "constant"];
    let expected = kinds.map(|kind| ["auroc", "auprc", "fpr95"].map(|key| format!("{key}/{kind}")));
    assert_eq!(names, expected.concat());
    for figure in found {
        assert!((0.0..=1.0).contains(&figure["value"].as_f64().unwrap()), "{figure}");
        assert_eq!(figure["samples"], 600);
    }
    let auroc = |against: &str| {
        let report = folder.json(&format!("ood {RUN} --against '{against}' --json"));
        number(&report, &format!("auroc/{against}"), "value")
    };
    // Far away, the confinement alone raises the energy above that of all data.
    let far = auroc("{ kind = \"25-gaussians\", spacing = 40 }");
    assert!(far > 0.9, "{far}");
    // Data like the model's own is not told from it: the standard error is about 0.02.
    let own = auroc("25-gaussians");
    assert!((own - 0.5).abs() < 0.1, "{own}");
    // The gradient is long far away, and the energy is far from that of the data.
    let scores = "--score typicality --score gradient-norm";
    let report =
        folder.json(&format!("ood {RUN} --against '{{ kind = \"25-gaussians\", spacing = 40 }}' {scores} --json"));
    for score in ["typicality", "gradient-norm"] {
        let name = format!("auroc/{{ kind = \"25-gaussians\", spacing = 40 }}/{score}");
        assert!(number(&report, &name, "value") > 0.9, "{name}");
    }

    folder.write("three.csv", "1,2,3\n4,5,6\n7,8,9\n1,1,1\n");
    folder.refuse_all(
        r#"
        2 | ood runs/run-seed7 --against inverted | the data of this run are no images
        2 | ood runs/run-seed7 --against unifrom-noise | did you mean `uniform-noise`
        4 | ood runs/run-seed7 --against '{ kind = "npy", path = "no.npy" }' | no.npy
        2 | ood runs/run-seed7 --against '{ kind = "csv", path = "three.csv" }' | have 3 dimensions; the model is of 2
        "#,
    );
}

#[test]
fn log_z_is_bracketed_where_it_is_asked_for() {
    let keys = ["chains=60", "temperatures=60", "burn_in=20"].map(|key| format!(" --set evaluate.annealing.{key}"));
    let folder = trained(&keys.concat());
    let found = folder.json(&format!("evaluate {RUN} --json"));
    let value = |name: &str| number(&found, name, "value");
    for (name, level) in [("ais_log_z", "certified"), ("reverse_ais_log_z", "asymptotic")] {
        assert_eq!(figure(&found, name)["guarantee"]["level"], level);
        let (off, error) = (value(name) - value("log_z"), number(&found, name, "standard_error"));
        assert!(off.abs() < 4.0 * error + 0.01, "{name}: off by {off} +- {error}");
    }
    let shift = value("ais_nll") - value("ais_log_z");
    assert!((shift - (value("nll") - value("log_z"))).abs() < 1e-6, "{shift}");
    let line = "train run.toml --set evaluate.annealing.chains=1";
    folder.refuse(3, line, &["evaluate.annealing.chains", "at least 2"]);
    let line = "train run.toml --set evaluate.annealing.sampler=true";
    folder.refuse(3, line, &["evaluate.annealing.sampler", "set chains to some hundred"]);
}

#[test]
fn the_generators_weights_bound_log_z_and_a_gaussian_stands_beside() {
    let folder = trained("--set generator.kind=flow");
    let found = folder.json(&format!("evaluate {RUN} --json"));
    let value = |name: &str| number(&found, name, "value");
    let (off, error) = (value("weights_log_z") - value("log_z"), number(&found, "weights_log_z", "standard_error"));
    assert!(off < 4.0 * error + 0.01, "off by {off} +- {error}");
    assert_eq!(figure(&found, "weights_log_z")["guarantee"]["level"], "certified");
    // The data's variance is 1 along each axis: log(2 pi e).
    assert!((value("gaussian_nll") - 2.838).abs() < 0.2, "{}", value("gaussian_nll"));
    // Final evaluations search for wells, those on the way do not.
    let searched = |line: &Value| !line["metrics"]["distant_states"].is_null();
    let lines = folder.metrics(RUN);
    assert!(lines.iter().all(|line| searched(line) == (line["event"] == "final")), "{lines:?}");

    let folder = Folder::trained(RUN);
    let found = folder.json(&format!("evaluate {RUN} --json"));
    let absent = found["absent"].as_array().unwrap().iter().find(|absent| absent["name"] == "weights_nll");
    contains(absent.unwrap()["reason"].as_str().unwrap(), &["no density"]);
}

#[test]
fn features_from_files_are_compared_as_the_reference_packages_do() {
    let folder = Folder::tiny();
    let expected: Value = serde_json::from_str(&fs::read_to_string(fixture("prdc.json")).unwrap()).unwrap();
    let distance = |real: &str, generated: &str| {
        let [real, generated] = [real, generated].map(|name| fixture(name).display().to_string());
        folder.json(&format!("distance {real} {generated} --json"))
    };
    let close = |found: &Value, name: &str, expected: &Value| {
        let (found, expected) = (number(found, name, "value"), expected.as_f64().unwrap());
        assert!((found - expected).abs() < 1e-6, "{name}: {found} {expected}");
    };
    let found = distance("real.npz", "fake.npz");
    let of_five = expected["cases"].as_array().unwrap().iter().find(|case| case["k"] == 5).unwrap();
    for name in ["precision", "recall", "density", "coverage"] {
        close(&found, name, &of_five[name]);
        let protocol = figure(&found, name)["protocol"].as_str().unwrap();
        contains(protocol, &["BLAKE3", "70 generated and 90 real samples"]);
    }
    let moments = distance("real-moments.npz", "fake.npz");
    [found, moments.clone()].iter().for_each(|found| close(found, "frechet", &expected["frechet"]));
    assert_eq!(moments["figures"].as_array().unwrap().len(), 1);
}

#[test]
fn files_without_features_are_told() {
    let folder = trained("--set train.steps=2");
    folder.succeed(&format!("sample {RUN} -n 5 --out samples.npz"));
    let parts = ["samples.npz", "expected `features`"];
    folder.refuse(4, "distance samples.npz samples.npz", &parts);
    folder.refuse(2, &format!("evaluate {RUN} --extractor net.onnx"), &["no images"]);
    // An array alone is features, and every set of them is at no distance from itself.
    folder.succeed(&format!("sample {RUN} -n 50 --out samples.npy"));
    let found = folder.json("distance samples.npy samples.npy --json");
    assert!(number(&found, "frechet", "value") < 1e-9, "{found}");
    assert_eq!(number(&found, "precision", "value"), 1.0);
}

#[test]
fn the_jacobian_of_a_generator_is_diagnosed() {
    let folder = Folder::trained(RUN);
    let said = folder.succeed(&format!("diagnose {RUN} --json --out spectrum.png"));
    let found: Value = serde_json::from_str(&said).unwrap();
    let number = |path: &str| {
        let value = found.pointer(path).and_then(Value::as_f64);
        value.unwrap_or_else(|| panic!("{path}: {said}"))
    };
    assert_eq!(["/latent", "/data", "/latents"].map(number), [2.0, 2.0, 64.0]);
    assert_eq!(number("/smallest/median"), number("/spectrum/0/median"));
    assert_eq!(number("/largest/median"), number("/spectrum/1/median"));
    assert!(number("/condition/least") >= 1.0 && number("/effective_rank/greatest") <= 2.0 + 1e-9);
    let entropy = |name: &str| number(&format!("/entropies/{name}/value"));
    assert!(entropy("smallest") <= entropy("exact") && entropy("exact") <= entropy("ceiling"));
    assert!((entropy("exact") - entropy("smallest") - entropy("exact_over_smallest")).abs() < 1e-9);
    // A step more is never worse, and in the plane one is enough.
    assert!(number("/solver/0/ratio/median") >= number("/solver/1/ratio/median"));
    assert!((number("/solver/1/ratio/median") - 1.0).abs() < 1e-3);
    assert_eq!(found["solver"][7]["steps"], 50);
    let picture = folder.read_bytes("spectrum.png");
    assert!(picture.starts_with(b"\x89PNG") && picture.len() > 5000);

    // The entropy terms are those that the run's own bound reports, on other latents.
    let evaluated = folder.json(&format!("evaluate {RUN} --json"));
    let of_bound = |key: &str| figure(&evaluated, "entropy")[key].as_f64().unwrap();
    let off = (entropy("smallest") - of_bound("value")).abs();
    let error = of_bound("standard_error").hypot(number("/entropies/smallest/standard_error"));
    assert!(off < 5.0 * error, "{off} {error}");

    // Equal bytes of equal runs, at any checkpoint or in one file.
    folder.succeed(&format!("export {RUN} --out m.safetensors"));
    for of in [RUN, &format!("{RUN} --checkpoint latest"), "m.safetensors"] {
        assert_eq!(folder.succeed(&format!("diagnose {of} --json")), said);
    }
    let text = folder.succeed(&format!("diagnose {RUN} --samples 5"));
    assert!(text.starts_with("Jacobian of the generator, [2, 2], at 5 latents"), "{text}");
}

#[test]
fn what_cannot_be_diagnosed_is_told() {
    let folder = trained("--set train.steps=2");
    let jpeg = format!("diagnose {RUN} --out spectrum.jpg");
    folder.refuse(2, &jpeg, &["--out spectrum.jpg", ".png"]);
    for (name, sets, part) in [
        (
            "tall",
            "--set generator.latent=3 --set lower=none --set upper=none",
            "d = 3 latent and D = 2 data dimensions",
        ),
        ("exact", "--set train.objective=maximum-likelihood", "no generator"),
    ] {
        folder.train(name, &format!("--set train.steps=2 {sets}"));
        folder.refuse(2, &format!("diagnose {name} --out spectrum.png"), &[part]);
    }
    assert!(!folder.path("spectrum.png").exists());
}
