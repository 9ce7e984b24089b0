//! A run of the first release is read, evaluated and continued as that release did.

use crate::command::{Folder, contains, figure, files};
use std::path::Path;

/// Compares an evaluation with the figures of the first release.
fn assert_figures(folder: &Folder, more: &str, expected: &[(&str, f64)], tolerance: f64) {
    let report = folder.json(&format!("evaluate run --json {more}"));
    for (name, expected) in expected {
        let found = figure(&report, name);
        let far = (found["value"].as_f64().unwrap() - expected).abs();
        assert!(far < tolerance, "{found} is not {expected}");
    }
}

#[test]
fn a_run_of_the_first_release_is_read_evaluated_and_gone_on_with() {
    // 300 steps of `sv` and `gp` on two moons, with warm starts and averages.
    let folder = Folder::with("");
    folder.put("run", &files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/first-release-run")));
    contains(&folder.succeed("runs list ."), &["./run", "sv+gp", "300/300", "3.615", "completed"]);
    contains(&folder.succeed("runs inspect run"), &["first-release.toml", "300 of 300", "step 150", "step 300"]);
    contains(
        &folder.succeed("runs verify run"),
        &[
            "metrics: good, 10 lines",
            "configuration: good; without a hash",
            "summary: good; without a hash",
            "weights of energy: good, 6 arrays; without a hash",
            "step 150: good, 9 files; its manifest without a checksum",
            "step 300: good, 9 files; its manifest without a checksum",
        ],
    );
    contains(&folder.succeed("watch run --once"), &["step 300/300"]);
    folder.succeed("sample run -n 10 --out x.npy");

    let at_the_end = [
        ("nll", 3.615_333_5),
        ("log_z", 1.088_446_0),
        ("lower", 3.338_501_6),
        ("upper", 3.625_623_0),
        ("gap", 0.287_121_5),
        ("entropy", 2.238_637_9),
        ("divergence", 0.006_063_2),
        ("data_energy", 2.617_654_1),
        ("generated_energy", 1.517_790_4),
    ];
    assert_figures(&folder, "", &at_the_end, 1e-4);
    let before = [("nll", 3.843_849_6), ("log_z", 1.612_678_8)];
    assert_figures(&folder, "--checkpoint 150", &before, 1e-4);

    // Steps that the first release did not do, and its results for them.
    folder.succeed("train --resume run --set train.steps=360 --quiet");
    let later = [
        ("nll", 3.527_528_5),
        ("log_z", 0.808_762_3),
        ("lower", 3.306_281_5),
        ("upper", 3.438_259_0),
        ("entropy", 2.371_367_7),
        ("data_energy", 2.789_605_5),
        ("generated_energy", 1.854_691_7),
    ];
    assert_figures(&folder, "", &later, 1e-3);
    let config = folder.read_toml("run/config.toml");
    assert_eq!(config["train"]["lambda"].as_float(), Some(0.9));
}
