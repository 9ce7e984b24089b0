//! Figures beyond the likelihood: outliers, a bracket of log Z, features from files, the generator's Jacobian.

mod command;

use command::Folder;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn figures(json: &str) -> Vec<Value> {
    let report: Value = serde_json::from_str(json).unwrap();
    report["figures"].as_array().unwrap().clone()
}

fn figure<'a>(figures: &'a [Value], name: &str) -> &'a Value {
    let found = figures.iter().find(|figure| figure["name"] == name);
    found.unwrap_or_else(|| panic!("{name} is not there: {figures:?}"))
}

fn fixture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ebm-cli/eval/tests/fixtures/metrics");
    folder.join(name)
}

#[test]
fn the_energy_tells_data_from_outliers() {
    let folder = Folder::tiny();
    folder.succeed(&["train", "run.toml", "--quiet"]);
    let found = figures(&folder.succeed(&["ood", "runs/run-seed7", "--samples", "300", "--json"]));
    // Points in the plane are no images, which alone can be inverted and blurred.
    let names: Vec<&str> = found.iter().map(|figure| figure["name"].as_str().unwrap()).collect();
    let kinds = ["uniform-noise", "gaussian-noise", "constant"];
    let expected = kinds.map(|kind| ["auroc", "auprc", "fpr95"].map(|key| format!("{key}/{kind}")));
    assert_eq!(names, expected.concat());
    for figure in &found {
        assert!((0.0..=1.0).contains(&figure["value"].as_f64().unwrap()), "{figure}");
        assert_eq!(figure["samples"], 600);
    }
    // Far away, the confinement alone raises the energy above that of all data.
    let far = "{ kind = \"25-gaussians\", spacing = 40 }";
    let said = folder.succeed(&["ood", "runs/run-seed7", "--against", far, "--json"]);
    let auroc = figure(&figures(&said), &format!("auroc/{far}"))["value"]
        .as_f64()
        .unwrap();
    assert!(auroc > 0.9, "{said}");
    // Data like the model's own is not told from it: the standard error is about 0.02.
    let said = folder.succeed(&["ood", "runs/run-seed7", "--against", "25-gaussians", "--json"]);
    let auroc = figure(&figures(&said), "auroc/25-gaussians")["value"].as_f64().unwrap();
    assert!((auroc - 0.5).abs() < 0.1, "{said}");
}

#[test]
fn outliers_that_cannot_be_had_are_told() {
    let folder = Folder::tiny();
    folder.succeed(&["train", "run.toml", "--quiet", "--set", "train.steps=2"]);
    let against = |given: &str, code| folder.fail(code, &["ood", "runs/run-seed7", "--against", given]);
    assert!(against("inverted", 2).contains("the data of this run are no images"));
    assert!(against("unifrom-noise", 2).contains("did you mean `uniform-noise`"));
    assert!(against("{ kind = \"npy\", path = \"no.npy\" }", 4).contains("no.npy"));
    folder.write("three.csv", "1,2,3\n4,5,6\n7,8,9\n1,1,1\n");
    let error = against("{ kind = \"csv\", path = \"three.csv\" }", 2);
    assert!(error.contains("have 3 dimensions; the model is of 2"), "{error}");
}

#[test]
fn log_z_is_bracketed_where_it_is_asked_for() {
    let folder = Folder::tiny();
    let keys = ["chains=60", "temperatures=60", "burn_in=20"].map(|key| format!("evaluate.annealing.{key}"));
    let mut arguments = vec!["train", "run.toml", "--quiet"];
    keys.iter().for_each(|key| arguments.extend(["--set", key]));
    folder.succeed(&arguments);
    let found = figures(&folder.succeed(&["evaluate", "runs/run-seed7", "--json"]));
    let number = |name: &str, key: &str| figure(&found, name)[key].as_f64().unwrap();
    let exact = number("log_z", "value");
    for (name, level) in [("ais_log_z", "certified"), ("reverse_ais_log_z", "asymptotic")] {
        assert_eq!(figure(&found, name)["guarantee"]["level"], level);
        let (off, error) = (number(name, "value") - exact, number(name, "standard_error"));
        assert!(off.abs() < 4.0 * error + 0.01, "{name}: off by {off} +- {error}");
    }
    let shift = number("ais_nll", "value") - number("ais_log_z", "value");
    assert!((shift - (number("nll", "value") - exact)).abs() < 1e-6, "{shift}");
    let error = folder.fail(3, &["train", "run.toml", "--set", "evaluate.annealing.chains=1"]);
    assert!(
        error.contains("evaluate.annealing.chains") && error.contains("at least 2"),
        "{error}"
    );
}

#[test]
fn features_from_files_are_compared_as_the_reference_packages_do() {
    let folder = Folder::tiny();
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(fixture("prdc.json")).unwrap()).unwrap();
    let distance = |real: &str, generated: &str| {
        let (real, generated) = (fixture(real), fixture(generated));
        let said = folder.succeed(&[
            "distance",
            real.to_str().unwrap(),
            generated.to_str().unwrap(),
            "--json",
        ]);
        figures(&said)
    };
    let found = distance("real.npz", "fake.npz");
    let close = |found: &Value, expected: &Value| {
        let (found, expected) = (found["value"].as_f64().unwrap(), expected.as_f64().unwrap());
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    };
    close(figure(&found, "frechet"), &expected["frechet"]);
    let of_five = expected["cases"]
        .as_array()
        .unwrap()
        .iter()
        .find(|case| case["k"] == 5)
        .unwrap();
    for name in ["precision", "recall", "density", "coverage"] {
        close(figure(&found, name), &of_five[name]);
        let protocol = figure(&found, name)["protocol"].as_str().unwrap().to_string();
        assert!(
            protocol.contains("BLAKE3") && protocol.contains("70 generated and 90 real samples"),
            "{protocol}"
        );
    }
    let moments = distance("real-moments.npz", "fake.npz");
    close(figure(&moments, "frechet"), &expected["frechet"]);
    assert_eq!(moments.len(), 1);
}

#[test]
fn files_without_features_are_told() {
    let folder = Folder::tiny();
    folder.succeed(&["train", "run.toml", "--quiet", "--set", "train.steps=2"]);
    folder.succeed(&["sample", "runs/run-seed7", "-n", "5", "--out", "samples.npz"]);
    let error = folder.fail(4, &["distance", "samples.npz", "samples.npz"]);
    assert!(
        error.contains("samples.npz") && error.contains("expected `features`"),
        "{error}"
    );
    let error = folder.fail(2, &["evaluate", "runs/run-seed7", "--extractor", "net.onnx"]);
    assert!(error.contains("no images"), "{error}");
}

#[test]
fn the_jacobian_of_a_generator_is_diagnosed() {
    let folder = Folder::tiny();
    folder.succeed(&["train", "run.toml", "--quiet"]);
    let said = folder.succeed(&["diagnose", "runs/run-seed7", "--json", "--out", "spectrum.png"]);
    let found: Value = serde_json::from_str(&said).unwrap();
    let number = |path: &str| {
        found
            .pointer(path)
            .and_then(Value::as_f64)
            .unwrap_or_else(|| panic!("{path}: {said}"))
    };
    assert_eq!(
        (number("/latent"), number("/data"), number("/latents")),
        (2.0, 2.0, 64.0)
    );
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
    let picture = std::fs::read(folder.path("spectrum.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG") && picture.len() > 5000);

    // The entropy terms are those that the run's own bound reports, on other latents.
    let evaluated = figures(&folder.succeed(&["evaluate", "runs/run-seed7", "--json"]));
    let entropy_of_bound = figure(&evaluated, "entropy");
    let (theirs, error) = (&entropy_of_bound["value"], &entropy_of_bound["standard_error"]);
    let off = (entropy("smallest") - theirs.as_f64().unwrap()).abs();
    let error = error
        .as_f64()
        .unwrap()
        .hypot(number("/entropies/smallest/standard_error"));
    assert!(off < 5.0 * error, "{off} {error}");

    // Equal bytes of equal runs, at any checkpoint or in one file.
    assert_eq!(folder.succeed(&["diagnose", "runs/run-seed7", "--json"]), said);
    assert_eq!(
        folder.succeed(&["diagnose", "runs/run-seed7", "--json", "--checkpoint", "latest"]),
        said
    );
    folder.succeed(&["export", "runs/run-seed7", "--out", "m.safetensors"]);
    assert_eq!(folder.succeed(&["diagnose", "m.safetensors", "--json"]), said);
    let text = folder.succeed(&["diagnose", "runs/run-seed7", "--samples", "5"]);
    assert!(
        text.starts_with("Jacobian of the generator, [2, 2], at 5 latents"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_diagnosed_is_told() {
    let folder = Folder::tiny();
    folder.succeed(&["train", "run.toml", "--quiet", "--set", "train.steps=2"]);
    let error = folder.fail(2, &["diagnose", "runs/run-seed7", "--out", "spectrum.jpg"]);
    assert!(
        error.contains("--out spectrum.jpg") && error.contains(".png"),
        "{error}"
    );
    let train = |name: &str, more: &[&str]| {
        let common = ["train", "run.toml", "--quiet", "--run", name, "--set", "train.steps=2"];
        folder.succeed(&[&common[..], more].concat());
        folder.fail(2, &["diagnose", name, "--out", "spectrum.png"])
    };
    let error = train(
        "tall",
        &[
            "--set",
            "generator.latent=3",
            "--set",
            "lower=none",
            "--set",
            "upper=none",
        ],
    );
    assert!(error.contains("d = 3 latent and D = 2 data dimensions"), "{error}");
    let error = train("exact", &["--set", "train.objective=maximum-likelihood"]);
    assert!(error.contains("no generator"), "{error}");
    assert!(!folder.path("spectrum.png").exists());
}
