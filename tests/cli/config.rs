//! Configurations: their layers, where values are from, the commented default.

use crate::command::{Folder, TINY, contains, ended};
use ebm_tests::examples;

/// The value and the comment of a key of a table, as `ebm config show` prints them.
fn shown(text: &str, table: &str, key: &str) -> Option<(String, String)> {
    let header = format!("[{table}]");
    let mut lines = text.lines().skip_while(|line| !table.is_empty() && *line != header);
    let prefix = format!("{key} = ");
    let line = lines.find(|line| line.starts_with(&prefix))?;
    let (value, origin) = line[prefix.len()..].split_once("  # ")?;
    Some((value.trim().to_string(), origin.trim().to_string()))
}

fn table(text: &str) -> toml::Table {
    text.parse().unwrap()
}

#[test]
fn every_value_is_shown_with_the_layer_it_is_from() {
    let folder = Folder::with("seed = 1\n[train]\nsteps = 10\nbatch = 20\nlog_every = 30\n");
    let mut command =
        folder.ebm("config show run.toml --set train.batch=22 --set upper=none --set train.generator.optimizer=lion");
    command.env("EBM_TRAIN__LOG_EVERY", "33").env("EBM_TRAIN__BATCH", "21");
    let (text, _) = ended(0, command.output());
    for (table, key, value, origin) in [
        ("", "seed", "1", "run.toml"),
        ("train", "steps", "10", "run.toml"),
        ("train", "batch", "22", "--set train.batch=22"),
        ("train", "log_every", "33", "environment variable EBM_TRAIN__LOG_EVERY"),
        ("train", "objective", "\"bidirectional\"", "default"),
        ("upper", "kind", "\"none\"", "--set upper=none"),
        ("train.energy.optimizer", "beta2", "0.99", "default for data in the plane"),
        ("train.energy.optimizer", "weight_decay", "0.0", "default"),
        ("train.generator.optimizer", "kind", "\"lion\"", "--set train.generator.optimizer=lion"),
        ("train.generator.optimizer", "beta2", "0.99", "default"),
        ("data", "kind", "\"25-gaussians\"", "default"),
        ("data", "deviation", "0.05", "default"),
    ] {
        let expected = Some((value.to_string(), origin.to_string()));
        assert_eq!(shown(&text, table, key), expected, "{table}.{key} in\n{text}");
    }
}

#[test]
fn what_is_shown_is_the_same_configuration() {
    let folder = Folder::tiny();
    let first = folder.succeed("config show run.toml --set upper=zero-gp --set seed=9");
    folder.write("shown.toml", &first);
    assert_eq!(table(&first), table(&folder.succeed("config show shown.toml")));
}

#[test]
fn a_number_that_changes_over_the_run_is_shown_with_its_course() {
    let folder = Folder::with(
        "[train]\nsteps = 10000\nlambda = { from = 1.0, to = 0.02, over = 10000 }\n\
         energy_weight = { steps = [[0, 0.5], [6000, 1.0]] }\n\
         [generator]\nnoise = { from = 0.05, to = 0.0125, over = 5000, course = \"exponential\" }\n",
    );
    let text = folder.succeed("config show run.toml");
    for line in [
        "# train.lambda: 1 at step 0, 0.51 at step 5000, 0.02 at step 10000",
        "# train.energy_weight: 0.5 at step 0, 0.5 at step 5000, 1 at step 10000",
        "# generator.noise: 0.05 at step 0, 0.0125 at step 5000, 0.0125 at step 10000",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line} in\n{text}");
    }
    assert_eq!(text.matches("at step 0").count(), 3, "{text}");
    folder.write("shown.toml", &text);
    assert_eq!(table(&text), table(&folder.succeed("config show shown.toml")));
}

#[test]
fn the_commented_default_is_shown() {
    let text = Folder::with("").succeed("config default");
    assert!(text.lines().filter(|line| line.starts_with('#')).count() > 50, "{text}");
    // It is what an empty file means.
    let folder = Folder::with("");
    folder.write("default.toml", &text);
    assert_eq!(table(&folder.succeed("config show run.toml")), table(&folder.succeed("config show default.toml")));
    assert_eq!(table(&text)["generator"]["kind"].as_str(), Some("flow"), "{text}");
}

#[test]
fn what_looks_wrong_about_data_is_told_by_a_check_and_by_training() {
    let folder = Folder::with(&TINY.replace("\"25-gaussians\"", "{ kind = \"csv\", path = \"t.csv\" }"));
    let rows = |n: usize, width: usize| {
        let constant = |j: usize| j == 1 && width > 3;
        let cell =
            |i: usize, j: usize| if constant(j) { "14.62".into() } else { format!("0.{:02}", (i * (j + 7)) % 29) };
        let row = |i: usize| (0..width).map(|j| cell(i, j)).collect::<Vec<String>>().join(",") + "\n";
        (0..n).map(row).collect::<String>()
    };
    folder.write("t.csv", &rows(60, 3));
    let too_large = "warning: train.batch = 64 is more than the 49 samples to train on";
    for line in ["config check run.toml", "train run.toml --run r --quiet --set train.steps=2"] {
        contains(&folder.run(0, &format!("{line} --set train.batch=64")).1, &[too_large]);
        assert!(folder.run(0, "config check run.toml").1.is_empty());
    }
    folder.write("t.csv", &rows(12, 15));
    let few = "warning: 10 samples to train on are fewer than the 15 columns";
    let (_, warned) = folder.run(0, "config check run.toml");
    contains(&warned, &[few, "warning: columns of one value throughout", ": 2; remove them"]);
    folder.refuse(4, "config check run.toml --set data.standardize=true", &["column 2: it is 14.62 in all"]);
    // More columns than a hidden layer is wide: no Jacobian of full rank, and a lower bound of minus infinity.
    folder.write("t.csv", &rows(300, 40));
    let parts = ["generator = \"mlp\"", "its 40 latents", "the narrowest has 16 values", "lower = \"sv\"", "flow"];
    let (_, told) = folder.run(3, "config check run.toml");
    contains(&told, &parts);
    folder.refuse(3, "train run.toml --run w", &parts);
    assert!(!folder.path("w").exists());
    folder.run(0, "config check run.toml --set generator.hidden=[40]");
    folder.run(0, "config check run.toml --set lower=none --set upper=none");
    // Data that are not there are not looked at.
    folder.remove("t.csv");
    let (_, noted) = folder.run(0, "config check run.toml");
    contains(&noted, &["note: the data were not looked at", "t.csv"]);
}

#[test]
fn the_examples_are_good_configurations() {
    let folder = Folder::with("");
    let configs = examples(&["", "baselines", "compare", "pairs", "paper", "stacked-mnist"]);
    assert!(configs.len() >= 19, "{configs:?}");
    for config in configs {
        folder.succeed(&format!("config check {}", config.display()));
    }
}

#[test]
fn the_examples_are_good_sweeps() {
    let folder = Folder::with("");
    let sweeps = examples(&["sweeps"]);
    assert!(!sweeps.is_empty());
    for sweep in sweeps {
        let listed = folder.succeed(&format!("sweep {} --dry-run", sweep.display()));
        assert!(listed.lines().count() > 1, "{listed}");
    }
}

#[test]
fn the_weight_of_the_entropy_is_read_where_the_first_release_had_it() {
    let folder = Folder::with("[lower]\nkind = \"sv\"\nlambda = 0.5\n[train]\nbatch = 20\n");
    let text = folder.succeed("config show run.toml");
    let expected = ("0.5".to_string(), "run.toml".to_string());
    assert_eq!(shown(&text, "train", "lambda"), Some(expected));
    assert_eq!(text.matches("lambda = ").count(), 1, "{text}");
    folder.succeed("config check run.toml --set train.lambda=0.5");
    let error = folder.fail(3, "config check run.toml --set train.lambda=0.7");
    let told = "lower.lambda = 0.5: expected no other value than train.lambda = 0.7, which is its new name";
    assert!(error.contains(told), "{error}");
}
