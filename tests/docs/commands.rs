//! Commands are understood.

use anyhow::{Context, bail, ensure};
use ebm_cli::config::{Layers, Sweep};

use crate::command::words;
use ebm_tests::book::{Block, Page, packages, pages, root};

/// Programs that are not ours.
const OTHERS: [&str; 4] = [".", "cd", "sbatch", "tensorboard"];

/// The commands of a block of shell script, in order, without comments, variables and redirections: a program and its arguments.
fn commands(block: &Block) -> Vec<Vec<String>> {
    let script = block.text.replace("\\\n", " ");
    let mut commands = Vec::new();
    for line in script.lines() {
        for words in words(line).split(|word| ["&&", "||", "|", ";", "&"].contains(&word.as_str())) {
            let words = words.iter().take_while(|word| *word != ">").skip_while(|word| sets_a_variable(word));
            commands.push(words.cloned().collect());
        }
    }
    commands.retain(|command: &Vec<String>| !command.is_empty());
    commands
}

fn sets_a_variable(word: &str) -> bool {
    let is_part = |c: char| c.is_ascii_uppercase() || c == '_' || c.is_ascii_digit();
    word.split_once('=').is_some_and(|(name, _)| !name.is_empty() && name.chars().all(is_part))
}

fn understood(arguments: &[&str]) -> anyhow::Result<()> {
    ebm_cli::understands(arguments.iter().copied()).map_err(anyhow::Error::msg)
}

fn there(name: &str) -> anyhow::Result<()> {
    ensure!(root().join(name).exists(), "there is no {name}");
    Ok(())
}

/// Checks that a command can be run.
fn check(command: &[String]) -> anyhow::Result<()> {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let (program, arguments) = (words[0], &words[1..]);
    arguments.iter().filter(|one| one.starts_with("examples/")).try_for_each(|one| there(one))?;
    match program {
        // Also as cargo built it, wherever it is that it builds to.
        "ebm" | "target/debug/ebm" | "target/release/ebm" => ours(arguments),
        // The program that a launcher starts.
        "mpirun" | "srun" => {
            let at = arguments.iter().position(|one| *one == "ebm").context("it starts no ebm")?;
            ours(&arguments[at + 1..])
        }
        // With bounds of others, whose configurations are not known here.
        "./mine" => understood(arguments),
        "cargo" => cargo(arguments),
        program if OTHERS.contains(&program) => Ok(()),
        // A script of the repository.
        program if program.contains('/') => there(program),
        program => bail!("{program} is no program that is known here"),
    }
}

/// Checks the arguments of `ebm`: that its options exist, and that the values can be set.
fn ours(arguments: &[&str]) -> anyhow::Result<()> {
    understood(arguments)?;
    let sets = arguments.windows(2).filter(|pair| pair[0] == "--set");
    let sets: Vec<String> = sets.map(|pair| pair[1].to_string()).collect();
    let is_example = |one: &&&str| one.starts_with("examples/") && one.ends_with(".toml");
    let mut layers = Layers::default();
    if let Some(file) = arguments.iter().find(is_example) {
        if arguments[0] == "sweep" {
            return Ok(Sweep::load(&root().join(file), None, &sets).map(drop)?);
        }
        layers = layers.file(&root().join(file))?;
    }
    Ok(layers.sets(&sets).and_then(Layers::resolve).map(drop)?)
}

/// Checks the arguments of cargo: those after `--` where it runs `ebm`, or that the package or the test exists.
fn cargo(arguments: &[&str]) -> anyhow::Result<()> {
    let end = arguments.iter().position(|one| *one == "--").unwrap_or(arguments.len());
    let options = &arguments[..end];
    if options.first() == Some(&"run") {
        return ours(arguments.get(end + 1..).unwrap_or_default());
    }
    let value = |option: &str| options.windows(2).find(|pair| pair[0] == option).map(|pair| pair[1]);
    match (value("-p"), value("--test"), value("--bench")) {
        (Some("ebm-tests"), Some(suite), _) => there(&format!("tests/{suite}/main.rs")),
        (Some("ebm-tests"), _, Some(bench)) => there(&format!("benches/{bench}.rs")),
        (Some(package), ..) if !packages().contains(&package.to_string()) => bail!("there is no package {package}"),
        _ => Ok(()),
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
            faults.extend(check(&command).err().map(|fault| format!("{}: {command:?}: {fault}", block.place)));
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
            let wrong =
                |said: &String| said.contains("unrecognized subcommand") || said.contains("unexpected argument");
            let fault = ebm_cli::understands(words.iter().map(String::as_str)).err().filter(wrong);
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
        assert!(check(&words(text)).is_err(), "{text}");
    }
}

#[test]
fn a_script_is_taken_apart_as_a_shell_does() {
    let text = "A_B=1 ebm x --set 'a=[1, 2]' > y.toml   # words\ncd z && ebm \\\n  u & ebm v\n";
    let block = Block { place: "p.md:1".into(), start: 0, tags: vec!["sh".into()], text: text.into() };
    let found: Vec<_> = commands(&block).iter().map(|command| command.join("|")).collect();
    assert_eq!(found, ["ebm|x|--set|a=[1, 2]", "cd|z", "ebm|u", "ebm|v"]);
}
