//! Damage to the files of a run is found by whatever reads them, named, and can be undone.

use crate::command::{Files, Folder, TINY, contains, files, unlike};
use std::{fs, path::Path, sync::LazyLock};

const CHECKPOINTS: &str = "\n[checkpoint]\nseconds = 0.0\nevery = 10\nkeep = 3\n";
const MANIFEST: &str = "checkpoints/step-000000000030/manifest.json";

/// A run with checkpoints of steps 10, 20 and 30, and another one of another seed.
static RUNS: LazyLock<[Files; 2]> = LazyLock::new(|| {
    let folder = Folder::with(&format!("{TINY}{CHECKPOINTS}"));
    ["", "--set seed=8"].map(|more| {
        folder.train("run", more);
        let found = files(&folder.path("run"));
        fs::remove_dir_all(folder.path("run")).unwrap();
        found
    })
});

fn folder() -> Folder {
    let folder = Folder::with(&format!("{TINY}{CHECKPOINTS}"));
    folder.put("run", &RUNS[0]);
    folder
}

fn put(folder: &Folder, name: &str, bytes: &[u8]) {
    fs::write(folder.path("run").join(name), bytes).unwrap();
}

/// The files that evaluation, sampling, export and a resume rely on.
fn relied_on() -> impl Iterator<Item = &'static str> {
    let fixed = ["config.toml", "versions.json", "data.json", "summary.json"];
    fixed.into_iter().chain(RUNS[0].keys().map(String::as_str).filter(|name| name.starts_with("weights/")))
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}

/// Expects `ebm runs verify` to find the file damaged.
#[track_caller]
fn assert_found(folder: &Folder, name: &str, what: &str) {
    println!("{name}: {what}");
    let (told, _) = folder.run(5, "runs verify run");
    let is_it = |line: &str| line.contains("DAMAGED") && line.contains(name);
    assert!(told.lines().any(is_it), "{name}, {what}: {told}");
}

/// Expects every command that reads the run to refuse it, name the file and say what to do, and to write nothing.
#[track_caller]
fn assert_refused(folder: &Folder, name: &str) {
    let way_out = "from the checkpoint of step 30: ebm runs restore run";
    for line in ["evaluate run", "sample run -n 3 --out x.npy", "export run --out m.safetensors", "train --resume run"]
    {
        folder.refuse(5, line, &[name, way_out]);
    }
    assert_eq!(folder.names(), ["run", "run.toml"]);
}

#[test]
fn flipped_bits_and_lost_ends_of_every_file_are_found() {
    let folder = folder();
    contains(
        &folder.succeed("runs verify run"),
        &["summary: good\n", "weights of energy: good", "configuration: good\n"],
    );
    for name in relied_on().chain([MANIFEST, "metrics.jsonl"]) {
        let whole = &RUNS[0][name];
        let length = whole.len();
        let places = [0, 1, 7, 12, 20, 60, 90, length / 3, length / 2, length - 3, length - 1];
        for at in places.into_iter().filter(|at| *at < length) {
            put(&folder, name, &flipped(whole, at));
            assert_found(&folder, name, &format!("byte {at} of {length}"));
        }
        for cut in [0, 1, 9, 40, length / 2, length - 1] {
            put(&folder, name, &whole[..cut]);
            assert_found(&folder, name, &format!("{cut} of {length} bytes"));
        }
        fs::remove_file(folder.path("run").join(name)).unwrap();
        if name != "summary.json" {
            assert_found(&folder, name, "removed");
        }
        put(&folder, name, whole);
    }
    folder.succeed("runs verify run");
}

#[test]
fn damaged_runs_are_refused_with_the_way_out_which_gives_them_back() {
    let folder = folder();
    for name in relied_on() {
        put(&folder, name, &flipped(&RUNS[0][name], RUNS[0][name].len() / 2));
        assert_refused(&folder, name);
        let told = folder.succeed("runs restore run");
        match name {
            "config.toml" | "versions.json" | "data.json" => {
                contains(&told, &[name, "restored from the checkpoint of step 30"])
            }
            _ => {
                contains(&told, &["the checkpoint of step 30: ebm train --resume run"]);
                folder.succeed("train --resume run --quiet");
            }
        }
        let unlike = unlike(&files(&folder.path("run")), &RUNS[0]);
        // These have times in them.
        let timed = ["log.txt", "lock.json", "summary.json"];
        assert!(unlike.iter().all(|name| timed.contains(&name.as_str())), "{name}: {unlike:?}");
        folder.succeed("runs verify run");
    }
    contains(&folder.succeed("runs restore run"), &["nothing to restore"]);
}

#[test]
fn files_of_other_runs_and_other_names_are_found() {
    let folder = folder();
    let [own, other] = &*RUNS;
    let (energy, generator) = ("weights/energy.safetensors", "weights/generator.safetensors");
    let swaps = [
        (energy, &own[generator]),
        (energy, &other[energy]),
        ("summary.json", &own["versions.json"]),
        ("versions.json", &own["summary.json"]),
        ("config.toml", &other["config.toml"]),
        // One that was not there, and would be taken for the average of the others.
        ("weights/energy-average.safetensors", &own[energy]),
    ];
    for (name, bytes) in swaps {
        put(&folder, name, bytes);
        assert_found(&folder, name, "swapped");
        assert_refused(&folder, name);
        match own.get(name) {
            Some(whole) => put(&folder, name, whole),
            None => fs::remove_file(folder.path("run").join(name)).unwrap(),
        }
    }
    // The summary of the other run is whole, and the files it names are not these.
    put(&folder, "summary.json", &other["summary.json"]);
    assert_found(&folder, energy, "summary of another run");
    assert_refused(&folder, "config.toml");
}

#[test]
fn without_a_whole_checkpoint_nothing_is_promised() {
    let folder = folder();
    for step in [10, 20, 30] {
        put(&folder, &format!("checkpoints/step-{step:012}/manifest.json"), b"{");
    }
    put(&folder, "config.toml", &flipped(&RUNS[0]["config.toml"], 200));
    for line in ["runs restore run", "evaluate run"] {
        folder.refuse(5, line, &["config.toml", "no checkpoint can restore it"]);
    }
    let (told, _) = folder.run(5, "runs verify run");
    assert_eq!(told.matches("no checkpoint is whole").count(), 3, "{told}");
    assert!(!told.contains("goes on from the last whole one"), "{told}");
}

#[test]
fn a_description_of_the_data_that_is_gone_is_missed_in_a_run_without_an_end_too() {
    let folder = folder();
    for name in ["summary.json", "data.json"] {
        folder.remove(&format!("run/{name}"));
    }
    assert_found(&folder, "data.json", "removed");
    assert_refused(&folder, "data.json");
    contains(&folder.succeed("runs restore run"), &["data.json: restored from the checkpoint of step 30"]);
    assert_eq!(folder.read_bytes("run/data.json"), RUNS[0]["data.json"]);
    folder.succeed("train --resume run --quiet");
}

#[test]
fn files_without_their_checksums_are_not_taken_for_those_of_an_earlier_version() {
    let folder = folder();
    for name in ["summary.json", MANIFEST] {
        put(&folder, name, without(&["checksum"], &folder.read(&format!("run/{name}"))).as_bytes());
        let (told, _) = folder.run(5, "runs verify run");
        contains(&told, &[&format!("DAMAGED: run/{name}: its checksum is missing")]);
        if name != MANIFEST {
            assert_refused(&folder, name);
        }
        put(&folder, name, &RUNS[0][name]);
    }
    folder.succeed("runs verify run");
}

/// An indented JSON object without the lines of these keys.
fn without(keys: &[&str], text: &str) -> String {
    let is_one = |line: &str| keys.iter().any(|key| line.trim_start().starts_with(&format!("\"{key}\": ")));
    text.lines().filter(|line| !is_one(line)).map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_manifest_that_says_another_step_is_found_and_passed_over() {
    let folder = folder();
    let text = folder.read(&format!("run/{MANIFEST}"));
    let changed = text.replacen("\"step\": 30", "\"step\": 20", 1);
    assert_ne!(changed, text);
    // With its checksum, and as an earlier version wrote it, without one.
    let unchecked = without(&["checksum", "config_text", "data_text"], &changed);
    for text in [changed, unchecked] {
        put(&folder, MANIFEST, text.as_bytes());
        assert_found(&folder, MANIFEST, "another step");
        for line in ["evaluate run", "sample run -n 3 --out x.npy", "export run --out m.safetensors"] {
            folder.refuse(5, &format!("{line} --checkpoint 30"), &[MANIFEST, "--checkpoint 20"]);
        }
    }
    folder.remove("run/summary.json");
    contains(&folder.run(0, "train --resume run --quiet").1, &["a checkpoint cannot be used", MANIFEST]);
    assert!(unlike(&folder.lasting("run"), &lasting(&RUNS[0])).is_empty());
    folder.succeed("runs verify run");
}

fn lasting(run: &Files) -> Files {
    let folder = Folder::with("");
    folder.put("run", run);
    folder.lasting("run")
}

#[test]
fn pruning_counts_whole_checkpoints_only_and_leaves_the_others() {
    let folder = folder();
    let energy = |step: u64| format!("checkpoints/step-{step:012}/energy.safetensors");
    put(&folder, &energy(30), b"gone");
    let told = folder.succeed("runs prune run --dry-run");
    contains(
        &told,
        &["skipped the checkpoint of step 30", "energy.safetensors", "would remove checkpoints of steps 10 "],
    );
    assert_eq!(folder.checkpoints("run"), [10, 20, 30].into());
    contains(
        &folder.succeed("runs prune run"),
        &["skipped the checkpoint of step 30", "removed checkpoints of steps 10 "],
    );
    assert_eq!(folder.checkpoints("run"), [20, 30].into());
    put(&folder, &energy(20), b"gone");
    contains(&folder.succeed("runs prune run"), &["step 20", "step 30", "nothing to remove"]);
    assert_eq!(folder.checkpoints("run"), [20, 30].into());
}

#[test]
fn damage_to_a_run_of_the_first_release_is_found_as_far_as_it_can_be() {
    let folder = Folder::with("");
    let run = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/first-release-run"));
    folder.put("run", &run);
    for name in ["config.toml", "versions.json", "summary.json", "weights/energy.safetensors"] {
        put(&folder, name, &run[name][..run[name].len() / 2]);
        assert_found(&folder, name, "cut");
        folder.refuse(5, "evaluate run", &[name]);
        put(&folder, name, &run[name]);
    }
    put(&folder, "weights/energy.safetensors", b"gone");
    contains(&folder.succeed("runs restore run"), &["ebm train --resume run"]);
    folder.succeed("train --resume run --quiet");
    folder.succeed("runs verify run");
}
