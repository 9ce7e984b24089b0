//! Images from their files to pictures of samples.

use crate::command::{Folder, contains, files, unlike};
use serde_json::Value;
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

fn idx(sides: &[u32], byte: impl Fn(usize) -> u8) -> Vec<u8> {
    let mut file = vec![0, 0, 8, sides.len() as u8];
    sides.iter().for_each(|side| file.extend(side.to_be_bytes()));
    file.extend((0..sides.iter().product::<u32>() as usize).map(byte));
    file
}

/// A folder with a configuration and, in `data/mnist`, digits of 5 x 4.
fn digits() -> Folder {
    let folder = Folder::with(STACKED);
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
    let folder = digits();
    let said = folder.succeed("train run.toml --data data --run r");
    let pictures: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("picture: r/pictures/")).collect();
    assert_eq!(pictures, ["samples.png", "energies.png"]);
    for picture in ["samples-000000003", "samples-000000006", "samples", "energies", "curves"] {
        assert!(folder.has_file(&format!("r/pictures/{picture}.png"), 501), "{picture}");
    }
    assert!(!folder.path("r/pictures/density.png").exists());
    let last = folder.metrics("r").pop().unwrap();
    assert_eq!(last["metrics"]["data_energy"]["samples"], 50);
    // The run knows its data's folder, and takes another one.
    let evaluated = folder.succeed("evaluate r");
    folder.rename("data", "moved");
    folder.refuse(4, "evaluate r", &["data/mnist: there is no such file or folder"]);
    assert_eq!(folder.succeed("evaluate r --data moved"), evaluated);
    folder.refuse(4, "evaluate r --data nowhere", &["--data nowhere"]);
}

#[test]
fn data_that_is_not_there_is_told_with_where_to_get_it() {
    let folder = Folder::with(STACKED);
    let parts = ["mnist: ", "download", "https://", "train-images-idx3-ubyte.gz", "--data DIR"];
    folder.refuse(4, "train run.toml", &parts);
    assert_eq!(folder.names(), ["run.toml"]);
}

#[test]
fn samples_are_written_as_others_read_them() {
    let folder = digits();
    folder.train("r", "--data data");
    folder.succeed("sample r -n 3 --out images --format png");
    assert_eq!(folder.names_in("images").len(), 3);
    assert!(folder.path("images/000002.png").exists());
    folder.succeed("sample r -n 3 --out images.npz");
    for show in ["samples", "interpolation", "neighbors"] {
        folder.succeed(&format!("sample r -n 3 --out {show}.png --show {show}"));
        assert!(folder.has_file(&format!("{show}.png"), 501), "{show}");
    }
    folder.refuse_all(
        "2 | sample r -n 3 --out images --format png        | new or empty
         2 | sample r -n 3 --out x.npz --show neighbors     | ends with .png
         2 | sample r -n 3 --out x.png --show interpolation --refine 3 | leave out --refine
         2 | sample r -n 65 --out x.png --show neighbors    | at most",
    );
    // A model in one file knows that its samples are images.
    folder.succeed("export r --out m.safetensors");
    fs::remove_dir_all(folder.path("data")).unwrap();
    folder.succeed("sample m.safetensors -n 3 --out exported.npz");
    assert_eq!(folder.read_bytes("exported.npz"), folder.read_bytes("images.npz"));

    let points = Folder::tiny();
    points.train("r", "");
    points.refuse(2, "sample r -n 3 --out x --format png", &["this run's samples are none"]);
}

#[test]
fn a_run_that_goes_on_with_data_elsewhere_remembers_where_and_ends_with_the_same_bytes() {
    let folder = digits();
    folder.train("whole", "--data data");
    folder.train("r", "--data data --set train.steps=3");
    let go_on = "train --resume r --set train.steps=6 --quiet";
    let marker = || folder.read("r/run.json");
    let first = marker();
    folder.rename("data", "moved");
    for more in ["", "--data nowhere", "--data r"] {
        folder.fail(4, &format!("{go_on} {more}"));
        assert_eq!(marker(), first, "{more}");
    }
    folder.succeed(&format!("{go_on} --data moved"));
    let weights = |run: &str| files(&folder.path(run).join("weights"));
    assert_eq!(unlike(&weights("whole"), &weights("r")), [].into());
    let evaluated = folder.succeed("evaluate r");
    folder.succeed("sample r -n 2 --out x.png --show neighbors");
    folder.succeed("ood r --against constant --samples 10");
    // So does one that has nothing left to do.
    let second = marker();
    folder.rename("moved", "again");
    folder.fail(4, "train --resume r --data r");
    assert_eq!(marker(), second);
    folder.succeed("train --resume r --data again");
    assert_eq!(folder.succeed("evaluate r"), evaluated);
    // Its source is unchanged.
    let config = |text: &str| serde_json::from_str::<Value>(text).unwrap()["config"].clone();
    assert_eq!(config(&marker()), config(&first));
}

#[test]
fn a_comparison_takes_its_data_from_another_folder() {
    let folder = digits();
    let compare = "compare run.toml --seeds 1 --out c --quiet";
    folder.refuse(4, compare, &["mnist: ", "--data DIR"]);
    folder.refuse(4, &format!("{compare} --data nowhere"), &["--data nowhere"]);
    assert_eq!(folder.names(), ["data", "run.toml"]);
    let compare = format!("{compare} --data data --baseline run.toml");
    folder.succeed(&compare);
    folder.succeed("evaluate c/runs/sv+gp-seed0");
    // The same command has nothing left to train.
    let weights = folder.path("c/runs/sv+gp-seed0/weights/energy.safetensors");
    let written = || fs::metadata(&weights).unwrap().modified().unwrap();
    let trained = written();
    folder.succeed(&compare);
    assert_eq!(written(), trained);
}

#[test]
fn the_digits_that_come_with_the_repository_are_what_they_are_said_to_be() {
    let folder = Folder::tiny();
    let digits = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data/mnist-mini");
    let said = folder.succeed(&format!("data check {digits}"));
    contains(
        &said,
        &[
            "kind = \"idx\"",
            "1800 to train on, 200 for validation, 200 held out",
            "28 x 28, 1 channel (D = 784)",
            "10: 0 (",
            "0.0000 to 1.0000, mean 0.1",
            "problems  none",
        ],
    );
    let found = folder.json(&format!("data check {digits} --json"));
    assert_eq!(found["image"], serde_json::json!([28, 28, 1]));
}

#[test]
fn data_is_recognised_and_its_problems_told() {
    let folder = digits();
    // The 20 images repeat after 256 levels: 5 * 4 * 37 i mod 256 has period 64, so none do; a constant one is put in.
    let constant = idx(&[20, 5, 4], |i| if i < 20 { 7 } else { (i * 37 % 256) as u8 });
    fs::write(folder.path("data/mnist/train-images-idx3-ubyte"), constant).unwrap();
    let said = folder.succeed("data check data/mnist");
    contains(&said, &["problem   1 samples to train on or for validation have one value throughout"]);
    folder.write("t.csv", "a,b\n1,2\n3,4\n5,6\n7,8\n");
    let said = folder.succeed("data check t.csv");
    contains(&said, &["kind = \"csv\"", "2 to train on, 1 for validation, 1 held out"]);
    fs::create_dir(folder.path("empty")).unwrap();
    folder.write("x.bin", "?");
    folder.refuse_all(
        "4 | data check empty   | empty | no PNG, JPEG, WebP, BMP or TIFF file and no folder
         4 | data check nowhere | nowhere | No such file
         4 | data check x.bin   | x.bin | of no known format",
    );
}

/// A BMP file of 2 x 2 pixels, whose levels count from `first`.
fn bmp(first: u8) -> Vec<u8> {
    let mut file = b"BM".to_vec();
    // Sizes of the file, of nothing, of the headers, of the second one; width, height.
    file.extend([70u32, 0, 54, 40, 2, 2].iter().flat_map(|number| number.to_le_bytes()));
    // Planes and bits of a pixel; no compression, the size of the pixels, and what nobody needs.
    file.extend([1u16, 24].iter().flat_map(|number| number.to_le_bytes()));
    file.extend([0u32, 16, 0, 0, 0, 0].iter().flat_map(|number| number.to_le_bytes()));
    // A row of 6 bytes is filled up to 8.
    file.extend((0..16).map(|place| first + place));
    file
}

#[test]
fn files_that_are_left_out_of_a_folder_of_images_are_told() {
    let digits = "kind = \"stacked-mnist\"\npath = \"mnist\"";
    let folder = Folder::with(&STACKED.replace(digits, "kind = \"image-folder\"\npath = \"pictures\""));
    fs::create_dir(folder.path("pictures")).unwrap();
    for image in 0..20 {
        fs::write(folder.path(&format!("pictures/{image:02}.bmp")), bmp(11 * image)).unwrap();
    }
    let said = folder.succeed("data check pictures");
    contains(&said, &["kind = \"image-folder\"", "size      2 x 2, 3 channels (D = 12)", "problems  none"]);
    folder.write("pictures/a.gif", "?");
    folder.write("pictures/b.txt", "?");
    let told = "pictures: 2 of 22 files were left out, which are not PNG, JPEG, WebP, BMP or TIFF: a.gif, b.txt";
    contains(&folder.succeed("data check pictures"), &[&format!("problem   {told}")]);
    let (_, warnings) = folder.run(0, "config check run.toml");
    contains(&warnings, &["warning: ", told]);
}

#[test]
fn images_that_cannot_be_meant_end_a_training_before_it_begins() {
    let folder = digits();
    fs::write(folder.path("data/mnist/t10k-labels-idx1-ubyte"), idx(&[9], |i| i as u8)).unwrap();
    folder.refuse(4, "train run.toml --data data --run r", &["9 labels for 10 images"]);
    assert!(!folder.path("r").exists());
}
