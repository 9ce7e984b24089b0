//! Images from their files to pictures of samples.

mod command;

use command::{Folder, metrics};
use std::fs;

/// A run on stacks of digits that takes a second.
const STACKED: &str = r#"
[data]
kind = "stacked-mnist"
path = "mnist"

[generator]
latent = 3
hidden = [16]
output = "tanh"

[energy]
hidden = [16]

[lower]
kind = "sv"
solver = { iterative = { steps = 2, warm_start = true } }

[upper]
kind = "gp"
volume = "none"

[train]
steps = 6
batch = 8
evaluate_every = 3

[evaluate]
held_out = 50
generated = 50
"#;

/// An IDX file of bytes.
fn idx(sides: &[u32], byte: impl Fn(usize) -> u8) -> Vec<u8> {
    let mut file = vec![0, 0, 8, sides.len() as u8];
    sides.iter().for_each(|side| file.extend(side.to_be_bytes()));
    file.extend((0..sides.iter().product::<u32>() as usize).map(byte));
    file
}

/// A folder with a configuration and, in `data/mnist`, digits of 5 x 4.
fn digits(config: &str) -> Folder {
    let folder = Folder::with(config);
    fs::create_dir_all(folder.path("data/mnist")).unwrap();
    for (part, count) in [("train", 20), ("t10k", 10)] {
        let write = |kind: &str, file: &[u8]| fs::write(folder.path(&format!("data/mnist/{part}-{kind}-ubyte")), file);
        write("images-idx3", &idx(&[count, 5, 4], |i| (i * 37 % 256) as u8)).unwrap();
        write("labels-idx1", &idx(&[count], |i| (i % 10) as u8)).unwrap();
    }
    folder
}

#[test]
fn a_run_on_images_draws_what_it_generates_beside_what_is_real() {
    let folder = digits(STACKED);
    let said = folder.succeed(&["train", "run.toml", "--data", "data", "--run", "r"]);
    assert_eq!(said.lines().last(), Some("picture: r/pictures/samples.png"));
    for picture in [
        "samples-000000003.png",
        "samples-000000006.png",
        "samples.png",
        "curves.png",
    ] {
        let path = folder.path("r/pictures").join(picture);
        assert!(fs::metadata(&path).is_ok_and(|file| file.len() > 500), "{picture}");
    }
    assert!(!folder.path("r/pictures/density.png").exists());
    let last = metrics(&folder.path("r")).pop().unwrap();
    assert_eq!(last["metrics"]["data_energy"]["samples"], 50);
    // The run knows its data's folder, and takes another one.
    let evaluated = folder.succeed(&["evaluate", "r"]);
    fs::rename(folder.path("data"), folder.path("moved")).unwrap();
    let error = folder.fail(4, &["evaluate", "r"]);
    assert!(error.contains("data/mnist: there is no such file or folder"), "{error}");
    assert_eq!(folder.succeed(&["evaluate", "r", "--data", "moved"]), evaluated);
    let error = folder.fail(4, &["evaluate", "r", "--data", "nowhere"]);
    assert!(error.contains("--data nowhere"), "{error}");
}

#[test]
fn data_that_is_not_there_is_told_with_where_to_get_it() {
    let folder = Folder::with(STACKED);
    let error = folder.fail(4, &["train", "run.toml"]);
    for part in [
        "mnist: ",
        "download",
        "https://",
        "train-images-idx3-ubyte.gz",
        "--data DIR",
    ] {
        assert!(error.contains(part), "{part:?} is not in {error}");
    }
    assert_eq!(folder.names(), ["run.toml"]);
}

/// The part of MNIST that comes with the repository.
fn mnist_mini() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data/mnist-mini").into()
}

#[test]
fn samples_are_written_as_others_read_them() {
    let folder = digits(STACKED);
    folder.succeed(&["train", "run.toml", "--data", "data", "--run", "r"]);
    folder.succeed(&["sample", "r", "-n", "3", "--out", "images", "--format", "png"]);
    assert_eq!(fs::read_dir(folder.path("images")).unwrap().count(), 3);
    assert!(folder.path("images/000002.png").exists());
    folder.succeed(&["sample", "r", "-n", "3", "--out", "images.npz"]);
    for show in ["samples", "interpolation", "neighbors"] {
        let out = format!("{show}.png");
        folder.succeed(&["sample", "r", "-n", "3", "--out", &out, "--show", show]);
        assert!(
            fs::metadata(folder.path(&out)).is_ok_and(|file| file.len() > 500),
            "{show}"
        );
    }
    for (arguments, part) in [
        (&["--out", "images", "--format", "png"][..], "new or empty"),
        (&["--out", "x.npz", "--show", "neighbors"], "ends with .png"),
        (
            &["--out", "x.png", "--show", "interpolation", "--refine", "3"],
            "leave out --refine",
        ),
    ] {
        let error = folder.fail(2, &[&["sample", "r", "-n", "3"], arguments].concat());
        assert!(error.contains(part), "{error}");
    }
    let error = folder.fail(2, &["sample", "r", "-n", "65", "--out", "x.png", "--show", "neighbors"]);
    assert!(error.contains("at most"), "{error}");
    // A model in one file knows that its samples are images.
    folder.succeed(&["export", "r", "--out", "m.safetensors"]);
    fs::remove_dir_all(folder.path("data")).unwrap();
    folder.succeed(&["sample", "m.safetensors", "-n", "3", "--out", "exported.npz"]);
    let bytes = |name: &str| fs::read(folder.path(name)).unwrap();
    assert_eq!(bytes("exported.npz"), bytes("images.npz"));

    let points = Folder::tiny();
    points.succeed(&["train", "run.toml", "--run", "r"]);
    let error = points.fail(2, &["sample", "r", "-n", "3", "--out", "x", "--format", "png"]);
    assert!(error.contains("this run's samples are none"), "{error}");
}

#[test]
fn an_interrupted_run_on_images_ends_with_the_same_bytes() {
    let folder = digits(STACKED);
    folder.succeed(&["train", "run.toml", "--data", "data", "--run", "whole"]);
    folder.succeed(&[
        "train",
        "run.toml",
        "--data",
        "data",
        "--run",
        "parts",
        "--set",
        "train.steps=3",
    ]);
    folder.succeed(&["train", "--resume", "parts", "--set", "train.steps=6"]);
    for name in ["energy", "generator"] {
        let weights = |run: &str| fs::read(folder.path(run).join(format!("weights/{name}.safetensors"))).unwrap();
        assert_eq!(weights("whole"), weights("parts"), "{name}");
    }
}

#[test]
fn a_run_that_goes_on_with_data_elsewhere_remembers_where() {
    let folder = digits(STACKED);
    folder.succeed(&[
        "train",
        "run.toml",
        "--data",
        "data",
        "--run",
        "r",
        "--set",
        "train.steps=3",
    ]);
    let go_on = ["train", "--resume", "r", "--set", "train.steps=6", "--quiet"];
    let marker = || folder.read("r/run.json");
    let first = marker();
    fs::rename(folder.path("data"), folder.path("moved")).unwrap();
    for more in [&[][..], &["--data", "nowhere"], &["--data", "r"]] {
        folder.fail(4, &[&go_on, more].concat());
        assert_eq!(marker(), first, "{more:?}");
    }
    folder.succeed(&[&go_on[..], &["--data", "moved"]].concat());
    let evaluated = folder.succeed(&["evaluate", "r"]);
    folder.succeed(&["sample", "r", "-n", "2", "--out", "x.png", "--show", "neighbors"]);
    folder.succeed(&["ood", "r", "--against", "constant", "--samples", "10"]);
    // So does one that has nothing left to do.
    let second = marker();
    fs::rename(folder.path("moved"), folder.path("again")).unwrap();
    folder.fail(4, &["train", "--resume", "r", "--data", "r"]);
    assert_eq!(marker(), second);
    folder.succeed(&["train", "--resume", "r", "--data", "again"]);
    assert_eq!(folder.succeed(&["evaluate", "r"]), evaluated);
    // What it was made from is as it was.
    let config = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["config"].clone();
    assert_eq!(config(&marker()), config(&first));
}

#[test]
fn a_comparison_takes_its_data_from_another_folder() {
    let folder = digits(STACKED);
    let compare = ["compare", "run.toml", "--seeds", "1", "--out", "c", "--quiet"];
    let error = folder.fail(4, &compare);
    assert!(error.contains("mnist: ") && error.contains("--data DIR"), "{error}");
    let error = folder.fail(4, &[&compare[..], &["--data", "nowhere"]].concat());
    assert!(error.contains("--data nowhere"), "{error}");
    assert_eq!(folder.names(), ["data", "run.toml"]);
    let compare = [&compare[..], &["--data", "data", "--baseline", "run.toml"]].concat();
    folder.succeed(&compare);
    let run = "c/runs/sv+gp-seed0";
    folder.succeed(&["evaluate", run]);
    // The same command has nothing left to train.
    let weights = || {
        fs::metadata(folder.path(run).join("weights/energy.safetensors"))
            .unwrap()
            .modified()
            .unwrap()
    };
    let trained = weights();
    folder.succeed(&compare);
    assert_eq!(weights(), trained);
}

#[test]
fn the_digits_that_come_with_the_repository_are_what_they_are_said_to_be() {
    let folder = Folder::tiny();
    let said = folder.succeed(&["data", "check", &mnist_mini()]);
    for part in [
        "kind = \"idx\"",
        "2000 to train on, 200 held out",
        "28 x 28, 1 channel (D = 784)",
        "10: 0 (200), 1 (200), 2 (200)",
        "0.0000 to 1.0000, mean 0.1",
        "problems  none",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    let json = folder.succeed(&["data", "check", &mnist_mini(), "--json"]);
    let found: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(found["image"], serde_json::json!([28, 28, 1]));
}

#[test]
fn data_is_recognised_and_its_problems_told() {
    let folder = digits(STACKED);
    // The 20 images repeat after 256 levels: 5 * 4 * 37 i mod 256 has period 64, so none do; a constant one is put in.
    let constant = idx(&[20, 5, 4], |i| if i < 20 { 7 } else { (i * 37 % 256) as u8 });
    fs::write(folder.path("data/mnist/train-images-idx3-ubyte"), constant).unwrap();
    let said = folder.succeed(&["data", "check", "data/mnist"]);
    assert!(
        said.contains("problem   1 samples to train on have one value throughout"),
        "{said}"
    );
    folder.write("t.csv", "a,b\n1,2\n3,4\n5,6\n7,8\n");
    let said = folder.succeed(&["data", "check", "t.csv"]);
    assert!(
        said.contains("kind = \"csv\"") && said.contains("3 to train on, 1 held out"),
        "{said}"
    );
    fs::create_dir(folder.path("empty")).unwrap();
    folder.write("x.bin", "?");
    for (path, part) in [
        ("empty", "no PNG or JPEG file and no folder"),
        ("nowhere", "No such file"),
        ("x.bin", "of no known format"),
    ] {
        let error = folder.fail(4, &["data", "check", path]);
        assert!(error.contains(path) && error.contains(part), "{error}");
    }
}

#[test]
fn images_that_cannot_be_meant_end_a_training_before_it_begins() {
    let folder = digits(STACKED);
    let file = folder.path("data/mnist/t10k-labels-idx1-ubyte");
    fs::write(&file, idx(&[9], |i| i as u8)).unwrap();
    let error = folder.fail(4, &["train", "run.toml", "--data", "data", "--run", "r"]);
    assert!(error.contains("9 labels for 10 images"), "{error}");
    assert!(!folder.path("r").exists());
}
