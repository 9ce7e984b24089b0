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
