//! Code that does not compile, and the compiler's messages: each of `tests/messages/*.rs` has one mistake, and beside
//! it the message, which must name the way out.
//!
//! `REGENERATE_MESSAGES=1 cargo test -p ebm-tests --test cli messages` writes the messages anew, for another compiler.

use crate::command::{Folder, ended};
use crate::new::{CARGO, PROFILE, unify, workshop};
use ebm_tests::book::root;
use serde_json::Value;
use std::fs;

/// The errors of one of a crate's programs, with paths from the root of the workspace.
fn errors(folder: &Folder, program: &str) -> String {
    let options = "--quiet --message-format json -- --verbose --diagnostic-width=140";
    let line = format!("rustc --profile {PROFILE} --bin {program} {options}");
    let mut command = folder.program(CARGO, &line);
    let (said, _) = ended(101, command.current_dir(folder.path("mistakes")).output());
    let entries = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let errors = entries.filter(|entry| entry["message"]["level"] == "error" && entry["message"]["code"].is_object());
    let rendered = errors.map(|error| error["message"]["rendered"].as_str().unwrap().to_string());
    let core = format!("{}/ebm-core/", root().display());
    rendered.collect::<String>().replace("src/bin/", "tests/messages/").replace(&core, "")
}

/// The lines without their numbers, which move in the files of `ebm-core`, and without the margin, which is as wide as those.
fn without_numbers(text: &str) -> Vec<String> {
    let line = |line: &str| {
        let line = line.trim_start_matches(|letter: char| letter == ' ' || letter.is_ascii_digit());
        match line.strip_prefix("--> src/").and_then(|place| place.split_once(':')) {
            Some((file, _)) => format!("--> src/{file}"),
            None => line.to_string(),
        }
    };
    text.trim_end().lines().map(line).collect()
}

#[test]
fn mistakes_do_not_compile_and_the_message_names_the_way_out() {
    let folder = workshop();
    folder.succeed(&format!("new bound mistakes --lower --local {}", root().display()));
    unify(&folder, "mistakes");
    folder.link(&root().join("tests/messages"), "mistakes/src/bin");
    for file in folder.names_in("mistakes/src/bin") {
        let Some(mistake) = file.strip_suffix(".rs") else {
            continue;
        };
        let (found, expected) = (errors(&folder, mistake), root().join(format!("tests/messages/{mistake}.stderr")));
        if std::env::var_os("REGENERATE_MESSAGES").is_some() {
            fs::write(expected, found).unwrap();
        } else {
            let expected = fs::read_to_string(expected).unwrap();
            assert_eq!(without_numbers(&found), without_numbers(&expected), "{mistake}:\n{found}");
        }
    }
}
