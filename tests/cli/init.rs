//! `ebm init`: from data to a configuration that trains.

use crate::command::{Folder, contains};
use std::fs;

/// Rows of three columns, none constant, in units of their own.
fn three_columns() -> String {
    let rows = (0..300).map(|i| format!("{},{},{}\n", 20 + i % 37, (i * i) % 101, f64::from(i) * 0.001));
    format!("height,weight,time\n{}", rows.collect::<String>())
}

fn shown(folder: &Folder, file: &str) -> toml::Table {
    folder.succeed(&format!("config show {file}")).parse().unwrap()
}

#[test]
fn a_table_is_described_and_gets_a_configuration_that_trains() {
    let folder = Folder::with("");
    folder.write("t.csv", &three_columns());
    let said = folder.succeed("init t.csv --output a.toml");
    contains(
        &said,
        &["kind = \"csv\"", "243 to train on", "D = 3", "height", "a.toml", "settings for tables", "ebm train a.toml"],
    );
    let text = folder.read("a.toml");
    contains(&text, &["path = \"t.csv\"", "standardize = true", "# Every column to mean 0", "[generator]\n#"]);
    assert!(!text.contains("held_out") && !text.contains("dither"), "only what is not a default: {text}");
    folder.succeed("config check a.toml");
    let short = "--set train.steps=2 --set train.batch=16 --set evaluate.held_out=20 --set evaluate.generated=20";
    folder.succeed(&format!("train a.toml --run r --quiet {short}"));
    // The settings are the defaults for such data, written out.
    folder.write("b.toml", "data = { kind = \"csv\", path = \"t.csv\", standardize = true }\n");
    assert_eq!(shown(&folder, "a.toml"), shown(&folder, "b.toml"));
    contains(&folder.succeed("config show b.toml"), &["its defaults are those for tables", "# default for tables"]);
    assert!(!folder.succeed("config show a.toml").contains("its defaults"));
}

#[test]
fn the_defaults_of_a_run_are_in_its_configuration_and_are_not_chosen_again() {
    let folder = Folder::with("data = { kind = \"csv\", path = \"t.csv\", standardize = true }\n");
    folder.write("t.csv", &three_columns());
    let short = "--set train.steps=2 --set train.batch=16 --set evaluate.held_out=20 --set evaluate.generated=20";
    folder.train("r", short);
    let mut kept = folder.read_toml("r/config.toml");
    assert_eq!(kept["generator"]["kind"].as_str(), Some("flow"));
    folder.succeed("evaluate r");
    folder.succeed("train --resume r --quiet --set train.steps=4");
    kept["train"]["steps"] = 4.into();
    assert_eq!(folder.read_toml("r/config.toml"), kept);
}

#[test]
fn a_data_set_is_known_by_its_name_and_what_is_neither_is_told() {
    let folder = Folder::with("");
    let said = folder.succeed("init two-moons --output m.toml");
    contains(&said, &["two-moons: ", "settings for data in the plane"]);
    folder.write("b.toml", "data = \"two-moons\"\n");
    assert_eq!(shown(&folder, "m.toml"), shown(&folder, "b.toml"));
    folder.refuse_all(
        "4 | init two-moon --output x.toml   | two-moon: there is no such file | did you mean `two-moons`?
         4 | init nowhere.csv -o x.toml      | nowhere.csv: there is no such file
         1 | init two-moons -o no/x.toml     | no/x.toml",
    );
    assert_eq!(folder.names(), ["b.toml", "m.toml", "run.toml"]);
}

#[test]
fn a_file_that_is_there_is_kept_unless_it_may_be_replaced() {
    let folder = Folder::with("seed = 3\n");
    folder.refuse(1, "init two-moons", &["run.toml", "--force"]);
    assert_eq!(folder.read("run.toml"), "seed = 3\n");
    folder.succeed("init two-moons --force");
    contains(&folder.read("run.toml"), &["kind = \"two-moons\""]);
}

#[test]
fn a_path_is_found_from_the_folder_of_the_configuration() {
    let folder = Folder::with("");
    folder.write("t.csv", &three_columns());
    fs::create_dir(folder.path("configs")).unwrap();
    folder.succeed("init t.csv --output configs/a.toml");
    folder.succeed("config check configs/a.toml");
}

#[test]
fn what_cannot_be_modelled_is_told_before_anything_is_written() {
    let folder = Folder::with("");
    folder.write("c.csv", &(0..60).map(|i| format!("{i},14.62,{}\n", i * i % 13)).collect::<String>());
    let (said, error) = folder.run(4, "init c.csv -o c.toml");
    contains(&said, &["columns of one value; remove them: column 2 (14.62)"]);
    contains(&error, &["c.csv", "column 2: it is 14.62 in all"]);
    folder.write("gap.csv", "a,b\n1,2\n3,\n");
    folder.refuse(4, "init gap.csv -o gap.toml", &["gap.csv: line 3, column 2 (b)"]);
    assert!(!folder.path("c.toml").exists() && !folder.path("gap.toml").exists());
}

#[test]
fn steps_and_too_few_rows_are_told() {
    let folder = Folder::with("");
    let rows = |n: usize, width: usize| {
        let row =
            |i: usize| (0..width).map(|j| ((i * i + 3 * i * j + j) % 7).to_string()).collect::<Vec<_>>().join(",");
        (0..n).map(|i| row(i) + "\n").collect::<String>()
    };
    folder.write("steps.csv", &rows(100, 3));
    contains(&folder.succeed("init steps.csv -o steps.toml"), &["few different values", "column 3 (4 values)"]);
    contains(&folder.read("steps.toml"), &["dither = 0.1", "# Noise, in standard deviations"]);
    folder.write("few.csv", &rows(10, 12));
    let (said, warned) = folder.run(0, "init few.csv -o few.toml");
    contains(&said, &["fewer than the 12 columns"]);
    contains(&warned, &["warning: 8 samples to train on are fewer than the 12 columns"]);
}

#[test]
fn what_pandas_writes_is_told_and_the_delimiter_is_found() {
    let folder = Folder::with("");
    folder.write(
        "index.csv",
        &format!(",x,y\n{}", (0..30).map(|i| format!("{i},{},{i}.5\n", i * i)).collect::<String>()),
    );
    folder.refuse(4, "data check index.csv", &["column 1 ()", "index=False", "drop = [\"1\"]"]);
    folder
        .write("numbered.csv", &format!("0,1\n{}", (0..30).map(|i| format!("{i}.5,{}\n", i * i)).collect::<String>()));
    contains(
        &folder.succeed("data check numbered.csv"),
        &["the first line counts the columns", "header = \"present\""],
    );
    folder.write("plain.csv", &(0..30).map(|i| format!("{i}.5;{}\n", i * i)).collect::<String>());
    contains(&folder.succeed("init plain.csv -o plain.toml"), &["problems  none"]);
    contains(&folder.read("plain.toml"), &["delimiter = \";\""]);
}

#[test]
fn images_get_nets_for_their_size() {
    let folder = Folder::with("");
    let digits = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data/mnist-mini");
    let said = folder.succeed(&format!("init {digits} --output d.toml"));
    contains(&said, &["1800 to train on", "settings for images"]);
    let config = folder.read_toml("d.toml");
    assert_eq!(config["energy"]["image"], toml::Value::from(vec![28, 28, 1]));
    assert_eq!((config["generator"]["kind"].as_str(), config["data"].get("standardize")), (Some("conv"), None));
    folder.succeed("config check d.toml");
}
