//! Runs that somebody else has made: what is in them leads nowhere else, is not waited for, and does not control the terminal.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::Duration;

use crate::command::{Files, Folder, contains, files, unlike};

/// Far longer than any of the commands takes.
const LIMIT: Duration = Duration::from_secs(300);
const READERS: [&str; 7] = [
    "runs list .",
    "runs inspect run",
    "runs verify run",
    "watch run --once",
    "evaluate run --samples 50",
    "sample run -n 3 --out x.npy",
    "train --resume run --quiet",
];
const LONGER: &str = "train --resume run --set train.steps=40 --quiet";

#[test]
fn pipes_in_place_of_files_are_not_waited_for() {
    let folder = Folder::trained("run");
    let checkpoint = folder.names_in("run/checkpoints").pop().unwrap();
    let manifest = format!("checkpoints/{checkpoint}/manifest.json");
    let names = ["run.json", "config.toml", "data.json", "versions.json", "summary.json", "metrics.jsonl", "lock.json"];
    for name in names.into_iter().chain(["weights/energy.safetensors", &manifest]) {
        let path = folder.path("run").join(name);
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        for line in READERS {
            let output = folder.ebm(line).timeout(LIMIT).output().unwrap();
            assert!(output.status.code().is_some_and(|code| [0, 5].contains(&code)), "{name}, {line}: {output:?}");
        }
        let _ = fs::remove_file(folder.path("x.npy"));
        fs::remove_dir_all(folder.path("run")).unwrap();
        folder.put("run", &files(&Folder::trained("run").path("run")));
        assert_eq!(folder.read_bytes(&format!("run/{name}")), bytes);
    }
}

#[test]
fn links_in_place_of_what_grows_or_is_pruned_are_refused_and_lead_nowhere() {
    for name in ["metrics.jsonl", "log.txt", "lock.json", "checkpoints", "pictures", "tensorboard"] {
        let folder = Folder::trained("run");
        let [own, elsewhere] = ["run", "elsewhere"].map(|place| folder.path(place).join(name));
        fs::create_dir(folder.path("elsewhere")).unwrap();
        if fs::rename(&own, &elsewhere).is_err() {
            fs::create_dir(&elsewhere).unwrap();
        }
        symlink(&elsewhere, &own).unwrap();
        let before = files(&folder.path("elsewhere"));
        folder.refuse(5, LONGER, &[&format!("run/{name}: "), "it is a link"]);
        assert_eq!(unlike(&files(&folder.path("elsewhere")), &before), [].into(), "{name}");
        if name == "lock.json" {
            continue;
        }
        // With its run replaced, nothing is left of it.
        folder.train("run", "--overwrite");
        assert_eq!(unlike(&files(&folder.path("elsewhere")), &before), [].into(), "{name}");
    }
}

#[test]
fn links_in_place_of_what_is_written_whole_are_replaced() {
    let folder = Folder::trained("run");
    fs::create_dir(folder.path("elsewhere")).unwrap();
    let names = ["config.toml", "versions.json", "data.json", "run.json", "summary.json", "pictures/curves.png"];
    for name in names {
        let [own, elsewhere] =
            [folder.path("run").join(name), folder.path("elsewhere").join(name.trim_start_matches("pictures/"))];
        fs::rename(&own, &elsewhere).unwrap();
        symlink(&elsewhere, &own).unwrap();
    }
    let before = files(&folder.path("elsewhere"));
    folder.succeed(LONGER);
    assert_eq!(unlike(&files(&folder.path("elsewhere")), &before), [].into());
    folder.succeed("runs verify run");
}

#[test]
fn control_characters_are_shown_and_not_sent_to_the_terminal() {
    let folder = Folder::trained("run");
    let text = folder.read("run/run.json").replace("run.toml", "a\\u001b[2J\\n\\u009bb.toml");
    folder.write("run/run.json", &text);
    folder.write("run/summary.json", r#"{"status": "o\u001b[2Jdd\nstate", "steps": 30, "reason": "re\u009bason"}"#);
    for (line, parts) in [
        ("runs list .", &["o\\u{1b}[2Jdd\\nstate"][..]),
        ("runs inspect run", &["a\\u{1b}[2J\\n\\u{9b}b.toml", "o\\u{1b}[2Jdd\\nstate"]),
        ("watch run --once", &["o\\u{1b}[2Jdd\\nstate", "re\\u{9b}ason"]),
        ("runs list . --json", &["\\u001b", "\\n"]),
    ] {
        let told = folder.succeed(line);
        contains(&told, parts);
        assert!(told.chars().all(|letter| letter == '\n' || !letter.is_control()), "{line}: {told:?}");
    }
    assert_eq!(folder.json("runs list . --json")[0]["state"]["ended"], "o\u{1b}[2Jdd\nstate");
}

#[test]
#[cfg(target_os = "linux")]
fn a_copy_that_shares_its_files_stays_as_it_is_when_the_run_goes_on() {
    let folder = Folder::trained("run");
    folder.script("cp -al run copy");
    let before: Files = files(&folder.path("copy"));
    folder.succeed(LONGER);
    assert_eq!(unlike(&files(&folder.path("copy")), &before), [].into());
    folder.succeed("train --resume copy --set train.steps=40 --quiet");
    assert_eq!(unlike(&folder.lasting("copy"), &folder.lasting("run")), [].into());
}
