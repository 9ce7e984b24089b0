//! From nothing to a trained run: new crates, their own tests, their programs, and one program with all.
//!
//! It compiles `ebm` for the new crates, in the workspace's target directory, where all other dependencies are built already.

use crate::command::{Folder, PROGRAM, contains, ended};
use ebm_tests::book::{Page, packages, root};
use std::fs;
use std::path::{Path, PathBuf};

/// The profile that the tests themselves are built with: its dependencies are there.
pub const PROFILE: &str = if cfg!(debug_assertions) { "dev" } else { "release" };
pub const CARGO: &str = env!("CARGO");

fn target() -> PathBuf {
    Path::new(PROGRAM).ancestors().nth(2).unwrap().to_path_buf()
}

/// Features that the workspace turns on in what a bound depends on. A new crate that does as well finds all of that built.
const UNIFIED: &str = r#"
[target.'cfg(all())'.dependencies]
bitflags = { version = "2", features = ["std"] }
bytemuck = { version = "1", features = ["extern_crate_alloc"] }
indexmap = "2"
memchr = "2"
rustix = { version = "1", features = ["process", "system"] }
serde_core = "1"
tracing-core = "0.1"
"#;

/// Has a new crate turn on the same features.
pub fn unify(folder: &Folder, name: &str) {
    let manifest = format!("{name}/Cargo.toml");
    folder.write(&manifest, &(folder.read(&manifest) + UNIFIED));
}

/// A folder below which cargo builds in the workspace's target directory, from what was fetched. Seen from a new crate, this
/// workspace's own crates are dependencies of another path, and compiled anew: quickly, where they do not compute.
pub fn workshop() -> Folder {
    let folder = Folder::with("");
    let profile = |package: String| {
        let level = u8::from(!["ebm-cli", "ebm-data", "ebm-eval"].contains(&&*package));
        format!("[profile.dev.package.{package}]\nopt-level = {level}\ndebug = false\n")
    };
    let profiles = packages().into_iter().map(profile);
    let common = format!("[build]\ntarget-dir = {:?}\n[net]\noffline = true\n", target());
    fs::create_dir(folder.path(".cargo")).unwrap();
    folder.write(".cargo/config.toml", &(common + &profiles.collect::<String>()));
    folder
}

/// Runs a program in a folder of the workshop, which must succeed; its stdout.
fn done(folder: &Folder, within: &str, program: &Path, line: &str) -> String {
    let mut command = folder.program(program.to_str().unwrap(), line);
    ended(0, command.current_dir(folder.path(within)).output()).0
}

fn cargo(folder: &Folder, within: &str, line: &str) -> String {
    done(folder, within, Path::new(CARGO), line)
}

/// Has `ebm` write a crate, which must be formatted.
fn new_crate(folder: &Folder, what: &str, name: &str) {
    let told = folder.succeed(&format!("new {what} {name} --local {}", root().display()));
    contains(&told, &["cargo test"]);
    unify(folder, name);
    cargo(folder, name, "fmt --check");
}

/// Follows the start of the book's page on writing a bound, from nothing to a trained run. Only the profile is that of
/// these tests, and the run is short.
fn done_as_in_the_book(folder: &Folder) {
    folder.link(&root(), "path/to/ebm");
    folder.put_program("ebm", &format!("exec {PROGRAM} \"$@\""));
    folder.write("unified.toml", UNIFIED);
    let unified = folder.path("unified.toml").display().to_string();
    let shim = format!(
        "[ \"$2\" = --release ] || exit 2\n\
         command=$1; shift 2\n\
         grep -q cfg.all Cargo.toml || cat {unified} >> Cargo.toml\n\
         [ $command = test ] && set -- --lib --tests \"$@\"\n\
         [ $command = run ] && set -- \"$@\" --quiet --set train.steps=60 --set train.evaluate_every=30\n\
         exec {CARGO} $command --profile {PROFILE} \"$@\""
    );
    folder.put_program("cargo", &shim);
    let blocks = Page::read("docs/src/write-a-bound.md").blocks();
    let commands = blocks.iter().find(|block| block.language() == "sh").unwrap();
    assert_eq!(commands.text.lines().count(), 3, "{}", commands.text);
    let told = folder.script(&commands.text);
    contains(&told, &["the_value_is_that_of_the_formula"]);
    cargo(folder, "noise-floor", "fmt --check");
    at_its_end(folder, "noise-floor/runs/example-seed0");
}

/// The metrics are of a whole run.
fn at_its_end(folder: &Folder, run: &str) {
    let last = folder.metrics(run).pop().unwrap();
    assert_eq!(last["step"], 60, "{last}");
}

/// Trains with the program that was built.
fn trained(folder: &Folder, run: &str, config: &str) {
    let short = "--quiet --set train.steps=60 --set train.evaluate_every=30";
    done(folder, "", &folder.path("mine"), &format!("train {config} --run runs/{run} {short}"));
    at_its_end(folder, &format!("runs/{run}"));
}

/// Has `ebm` build a program with crates, which must end with this code; returns the stderr.
fn build(folder: &Folder, code: i32, with: &[&str]) -> String {
    let with: String = with.iter().map(|one| format!(" --with {one}")).collect();
    let local = root();
    let mut command = folder.ebm(&format!("build --profile {PROFILE} --out mine --local {}{with}", local.display()));
    ended(code, command.env("CARGO_TARGET_DIR", target()).env("CARGO", CARGO).output()).1
}

#[test]
fn a_new_bound_of_either_side_is_tested_trained_with_and_linked_with_others() {
    let folder = workshop();
    done_as_in_the_book(&folder);
    new_crate(&folder, "bound --upper", "calm-energy");
    let told = cargo(&folder, "calm-energy", &format!("test --profile {PROFILE} --lib --tests"));
    contains(&told, &["the_value_is_that_of_the_formula"]);

    let neighbours = root().join("examples/entropy-knn");
    build(&folder, 0, &["noise-floor", "calm-energy", neighbours.to_str().unwrap()]);
    let mine = folder.path("mine");
    let listed = done(&folder, "", &mine, "bounds list");
    for name in ["noise-floor", "calm-energy", "entropy-knn"] {
        assert!(listed.lines().any(|line| line.starts_with(name)), "{listed}");
    }
    trained(&folder, "calm-energy", "calm-energy/example.toml");
    trained(&folder, "neighbours", neighbours.join("example.toml").to_str().unwrap());

    // Two crates that register one name: the program is built, does not start, and nothing is put in place.
    folder.remove("mine");
    fs::create_dir_all(folder.path("copy/src")).unwrap();
    for file in ["Cargo.toml", "src/lib.rs"] {
        let text = folder.read(&format!("noise-floor/{file}"));
        let renamed = text.replace("name = \"noise-floor\"", "name = \"loud-floor\"");
        folder.write(&format!("copy/{file}"), &renamed);
    }
    let manifest = folder.read("copy/Cargo.toml");
    let (before, after) = manifest.split_once("[[bin]]").unwrap();
    let (_, after) = after.split_once("[dependencies]").unwrap();
    folder.write("copy/Cargo.toml", &format!("{before}[dependencies]{after}"));
    let error = build(&folder, 1, &["noise-floor", "copy"]);
    let last = error.lines().last().unwrap();
    let names = ["noise-floor 0.1.0 and", "loud-floor 0.1.0 and"];
    assert!(names.iter().any(|name| last.contains(name)), "{last}");
    assert!(!mine.exists());
}

/// The tests of a new crate compile neither the command line, nor its drawing and parsing libraries, nor the trainer.
#[test]
fn the_tests_of_a_new_bound_compile_no_more_than_it_needs() {
    let folder = workshop();
    new_crate(&folder, "bound --lower", "noise-floor");
    let packages = cargo(&folder, "noise-floor", "tree --prefix none --edges normal,build,dev --format {p}");
    let packages: Vec<&str> = packages.lines().filter_map(|line| line.split(' ').next()).collect();
    for present in ["ebm-core", "ebm-conformance"] {
        assert!(packages.contains(&present), "{packages:?}");
    }
    for absent in ["ebm-cli", "ebm-train", "ebm-eval", "ebm-data", "clap", "plotters", "image", "figment"] {
        assert!(!packages.contains(&absent), "{absent}");
    }
}

/// Each is started, tested, linked in with the others, and trained with.
#[test]
fn a_new_energy_generator_data_set_and_metric_are_tested_and_linked_in() {
    let folder = workshop();
    let kinds = [("energy", "my-bowl"), ("generator", "my-map"), ("dataset", "my-circle"), ("metric", "my-spread")];
    for (kind, name) in kinds {
        new_crate(&folder, kind, name);
        let told = cargo(&folder, name, &format!("test --profile {PROFILE} --lib --tests"));
        contains(
            &told,
            &[if kind == "metric" { "the_value_is_that_of_the_formula" } else { "its_options_are_read_back" }],
        );
    }
    build(&folder, 0, &kinds.map(|(_, name)| name));
    for (_, name) in kinds {
        trained(&folder, name, &format!("{name}/example.toml"));
    }
    let measured = folder.metrics("runs/my-spread").pop().unwrap();
    assert!(measured["metrics"]["my_spread"]["value"].as_f64().is_some_and(|value| value >= 0.0), "{measured}");
    let listed = done(&folder, "", &folder.path("mine"), "list");
    for (kind, name) in [("data set", "my-circle"), ("metric", "my_spread")] {
        assert!(listed.lines().any(|line| line.starts_with(name) && line.contains(kind)), "{listed}");
    }
    // A crate that registers nothing is built, does not start, and is named.
    folder.write("my-map/src/lib.rs", "");
    contains(&build(&folder, 1, &["my-map"]), &["the crate my_map is linked in and registers nothing"]);
}

#[test]
fn what_cannot_be_used_is_refused_by_name_and_nothing_is_written() {
    let folder = Folder::with("");
    folder.refuse_all(
        r#"
        2 | new bound gp --lower | "gp"
        2 | new bound Floor --lower | "Floor"
        2 | new dataset two-moons | "two-moons"
        2 | new metric good-share | "good-share"
        2 | new bound my-floor --lower --local . | --local .
        2 | build --with ./nowhere | ./nowhere
        2 | build --with . | no Cargo.toml
        1 | new bound my-floor --lower --path . | not an empty folder
        "#,
    );
    // A dry run shows the program.
    let told = folder.succeed("build --with my-bound@1.2 --dry-run");
    let parts = ["my-bound = { version = \"1.2\" }", "ebm_cli::main!(my_bound);", "cargo build --profile release"];
    contains(&told, &parts);
    assert_eq!(folder.names(), ["run.toml"]);

    let (_, said) = ended(1, folder.ebm("build --with my-bound").env("CARGO", folder.path("no-cargo")).output());
    contains(&said, &["cargo was not found"]);
}
