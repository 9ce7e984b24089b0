//! Commands are understood.

use ebm_cli::config::{Layers, Sweep};

use super::shell::{Command, commands};
use ebm_tests::book::page::{Page, packages, pages, root};

/// Programs that are not ours.
const OTHERS: [&str; 4] = [".", "cd", "sbatch", "tensorboard"];

/// Returns the fault of a command, if it has one.
fn fault(command: &Command) -> Option<String> {
    let arguments: Vec<&str> = command.arguments.iter().map(String::as_str).collect();
    let is_missing = |one: &&&str| one.starts_with("examples/") && !root().join(one).exists();
    if let Some(missing) = arguments.iter().find(is_missing) {
        return Some(format!("there is no {missing}"));
    }
    match command.program.as_str() {
        // Also as cargo built it, wherever it is that it builds to.
        "ebm" | "target/debug/ebm" | "target/release/ebm" => ours(&arguments),
        // The program that a launcher starts.
        "mpirun" | "srun" => match arguments.iter().position(|one| *one == "ebm") {
            Some(at) => ours(&arguments[at + 1..]),
            None => Some("it starts no ebm".into()),
        },
        // With bounds of others, whose configurations are not known here.
        "./mine" => ebm_cli::understands(arguments).err(),
        "cargo" => cargo(&arguments),
        program if OTHERS.contains(&program) => None,
        // A script of the repository.
        program if program.contains('/') => (!root().join(program).is_file()).then(|| format!("there is no {program}")),
        program => Some(format!("{program} is no program that is known here")),
    }
}

/// Returns the fault in the arguments of `ebm`: an option that does not exist, or a value that cannot be set.
fn ours(arguments: &[&str]) -> Option<String> {
    if let Err(fault) = ebm_cli::understands(arguments.iter().copied()) {
        return Some(fault);
    }
    let sets = arguments.windows(2).filter(|pair| pair[0] == "--set");
    let sets: Vec<String> = sets.map(|pair| pair[1].to_string()).collect();
    let is_example = |one: &&&str| one.starts_with("examples/") && one.ends_with(".toml");
    let file = arguments.iter().find(is_example);
    if let (Some(file), Some(&"sweep")) = (file, arguments.first()) {
        let loaded = Sweep::load(&root().join(file), &sets);
        return loaded.err().map(|fault| fault.to_string());
    }
    let layers = match file {
        Some(file) => Layers::default().file(&root().join(file)),
        None => Ok(Layers::default()),
    };
    let resolved = layers.and_then(|layers| layers.sets(&sets)).and_then(Layers::resolve);
    resolved.err().map(|fault| fault.to_string())
}

/// Returns the fault in the arguments of cargo: one in those after `--` where it runs `ebm`, or a package or a test
/// that does not exist.
fn cargo(arguments: &[&str]) -> Option<String> {
    let (options, rest) = match arguments.iter().position(|one| *one == "--") {
        Some(end) => (&arguments[..end], &arguments[end + 1..]),
        None => (arguments, &[][..]),
    };
    if options.first() == Some(&"run") {
        return ours(rest);
    }
    let value = |option: &str| options.windows(2).find(|pair| pair[0] == option).map(|pair| pair[1]);
    let missing = |file: String| (!root().join(&file).exists()).then(|| format!("there is no {file}"));
    match (value("-p"), value("--test"), value("--bench")) {
        (Some("ebm-tests"), Some(suite), _) => missing(format!("tests/{suite}/main.rs")),
        (Some("ebm-tests"), _, Some(bench)) => missing(format!("benches/{bench}.rs")),
        (Some(package), ..) if !packages().contains(&package.to_string()) => {
            Some(format!("there is no package {package}"))
        }
        _ => None,
    }
}

#[test]
fn every_command_shown_is_understood() {
    let mut found = 0;
    let mut faults = Vec::new();
    let blocks = pages().iter().flat_map(Page::blocks).collect::<Vec<_>>();
    for block in blocks.iter().filter(|block| block.language() == "sh") {
        for command in commands(block) {
            found += 1;
            faults.extend(fault(&command).map(|fault| format!("{}: {command:?}: {fault}", block.place)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(found > 40);
}

/// In the running text values may be left out or stand for others, but commands and options must exist.
#[test]
fn every_command_in_the_running_text_exists() {
    let mut faults = Vec::new();
    for page in pages() {
        for (code, place) in page.code_spans() {
            let Some(words) = code.strip_prefix("ebm ").and_then(shlex::split) else {
                continue;
            };
            let understood = ebm_cli::understands(words.iter().map(String::as_str));
            let wrong =
                |said: &String| said.contains("unrecognized subcommand") || said.contains("unexpected argument");
            let fault = understood.err().filter(wrong);
            faults.extend(fault.map(|said| format!("{place}: {code}: {said}")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_is_not_understood_is_found() {
    for text in [
        "ebm trian run.toml",
        "ebm train run.toml --sett seed=1",
        "ebm train run.toml --set train.stepz=1",
        "ebm train examples/26-gaussians.toml",
        "ebm sweep examples/25-gaussians.toml",
        "ebm sample runs/a --out s.npy",
        "cargo run --release -- bounds lst",
        "cargo test -p ebm-tests --test numeric",
        "cargo test -p ebm-cor",
        "emb train run.toml",
        "scripts/cuda-tolchain.sh DIR",
        "mpirun -n 4 ebm trian run.toml",
        "target/debug/ebm trian run.toml",
        "srun true",
    ] {
        let mut words = shlex::split(text).unwrap().into_iter();
        let program = words.next().unwrap();
        let arguments = words.collect();
        let command = Command { program, arguments };
        assert!(fault(&command).is_some(), "{text}");
    }
}
