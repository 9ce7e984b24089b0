use super::*;

/// Loads a sweep that stands in a folder with its base.
fn load(spec: &str, sets: &[&str]) -> Result<Sweep, ConfigFault> {
    let folder = tempfile::tempdir().unwrap();
    let [base, file] = ["run.toml", "spec.toml"].map(|name| folder.path().join(name));
    std::fs::write(base, "seed = 4\n[upper]\nweight = 0.5\n").unwrap();
    std::fs::write(&file, spec).unwrap();
    let sets: Vec<_> = sets.iter().map(|set| set.to_string()).collect();
    Sweep::load(&file, None, &sets)
}

/// Loads and resolves every point; the first fault, with the path of the folder cut off.
fn fault(spec: &str, sets: &[&str]) -> String {
    let resolved = load(spec, sets).and_then(|sweep| {
        let seeds = sweep.seeds.clone();
        let all = sweep.points.iter().flat_map(|point| seeds.iter().map(move |seed| (point, *seed)));
        all.into_iter().try_for_each(|(point, seed)| sweep.resolve(point, seed).map(drop))
    });
    let told = resolved.expect_err(spec).to_string();
    let start = told.find("spec.toml").or_else(|| told.find("run.toml")).unwrap_or(0);
    told[start..].to_string()
}

fn shown(point: &Point) -> String {
    let values = point.values.iter().map(|(key, value)| format!("{key}={value}"));
    values.collect::<Vec<_>>().join(" ")
}

#[test]
fn points_are_those_of_the_grid_then_the_listed_then_the_drawn() {
    let text = r#"
base = "run.toml"
seeds = [1, 2]
[config]
train.steps = 11
[grid]
upper = ["gp", "zero-gp"]
"upper.weight" = [1, 2.5]
[[point]]
lower.variant = "log-det"
energy.hidden = [8, 8]
[[point]]
[random]
samples = 2
[random.range]
"train.energy.optimizer.learning_rate" = { log = [1e-5, 1e-2] }
train.batch = { linear = [2, 100] }
"#;
    let sweep = load(text, &["train.log_every=7"]).unwrap();
    let all: Vec<String> = sweep.points.iter().map(shown).collect();
    let expected = [
        "upper=\"gp\" upper.weight=1",
        "upper=\"gp\" upper.weight=2.5",
        "upper=\"zero-gp\" upper.weight=1",
        "upper=\"zero-gp\" upper.weight=2.5",
        "lower.variant=\"log-det\" energy.hidden=[8, 8]",
        "",
    ];
    assert_eq!(all[..6], expected);
    assert_eq!((all.len(), &sweep.seeds[..], sweep.name.as_str()), (8, &[1, 2][..], "spec"));
    let keys = [
        "upper",
        "upper.weight",
        "lower.variant",
        "energy.hidden",
        "train.energy.optimizer.learning_rate",
        "train.batch",
    ];
    assert_eq!(sweep.keys(), keys);
    let of = |index: usize, seed| sweep.resolve(&sweep.points[index], seed).unwrap();
    let text = |resolved: &Resolved, key: &str| resolved.merged.find(key).map(value::text);
    let third = of(2, 2);
    assert_eq!((third.config.seed, third.config.train.steps, third.config.train.log_every), (2, 11, 7));
    assert_eq!(text(&third, "upper").as_deref(), Some("{ kind = \"zero-gp\", weight = 1 }"));
    // A point that does not set it has the value of the base, also for a component that it names with other options.
    let spec = "base = \"run.toml\"\n[[point]]\n\"upper.margin\" = 2\nupper = \"gp\"";
    let named = load(spec, &[]).unwrap();
    let named = named.resolve(&named.points[0], 1).unwrap();
    let expected = "{ kind = \"gp\", margin = 2, weight = 0.5 }";
    assert_eq!(text(&named, "upper").as_deref(), Some(expected));
    assert_eq!(text(&of(5, 1), "upper.weight").as_deref(), Some("0.5"));
    assert!((2..=100).contains(&of(6, 1).config.train.batch));
}

#[test]
fn a_draw_depends_on_its_seed_key_and_number_alone() {
    let spec = |samples: u32, seed: u32, more: &str| {
        let text = format!(
            "[random]\nsamples = {samples}\nseed = {seed}\n[random.range]\n{more}\"upper.weight\" = {{ log = [1e-3, 1.0] }}\n"
        );
        let sweep = load(&text, &[]).unwrap();
        let of_weight = |(key, _): &&(String, toml::Value)| key == "upper.weight";
        let weight = |point: &Point| point.values.iter().find(of_weight).unwrap().1.clone();
        sweep.points.iter().map(weight).collect::<Vec<_>>()
    };
    let few = spec(3, 1, "");
    assert_eq!(spec(5, 1, "")[..3], few[..]);
    assert_eq!(spec(3, 1, "\"train.batch\" = { linear = [2, 9] }\n"), few);
    assert_ne!(spec(3, 2, ""), few);
}

#[test]
fn seeds_are_a_list_or_a_number_from_the_configurations_on() {
    let seeds = |text: &str, sets: &[&str]| load(text, sets).unwrap().seeds;
    assert_eq!(seeds("base = \"run.toml\"\nseeds = 3", &[]), [4, 5, 6]);
    assert_eq!(seeds("base = \"run.toml\"\nseeds = 2", &["seed=9"]), [9, 10]);
    assert_eq!(seeds("seeds = [7, 1]", &[]), [7, 1]);
    assert_eq!(seeds("base = \"run.toml\"\ngrid.train.batch = [8]", &[]), [4]);
}

/// A mistake a line: the file with `|` for a line break, what is set above it after `--set`, and a part of the message. A list
/// of a hundred values is written LONG.
const MISTAKES: &str = r#"
=> spec.toml: grid: missing; a sweep has a [grid]
[grid | => spec.toml: line 1
gird = 1 => spec.toml: gird: unknown key; did you mean `grid`?
grid = 1 => spec.toml: grid = 1: expected a table
[grid] => spec.toml: grid.KEY: missing; expected keys
grid.train.batch = 4 => spec.toml: grid.train.batch = 4: expected a list
grid.train.batch = [] => spec.toml: grid.train.batch = []: expected a list with at least one
grid.train.batch = [4, 8, 4] => spec.toml: grid.train.batch = [4, 8, 4]: expected each value once, and 4 is there twice
[grid] | "train.batch" = [4] | train.batch = [8] => spec.toml: grid.train.batch: given twice
grid."train..batch" = [4] => spec.toml: grid.train..batch: expected a key
grid.seed = [4] => spec.toml: grid.seed: the seeds of a sweep are given by `seeds`
grid.train.stepz = [4] => spec.toml [grid]: train.stepz: unknown key; did you mean `steps`?
grid.upper.weight = [1, "x"] => spec.toml [grid]: upper.weight = "x": expected a finite number
[[point]] | upper.weight = 1 | [[point]] | upper.weight = -1 => spec.toml [[point]] 2: upper.weight = -1: expected
point = [] => spec.toml: point = []: expected at least one point
point = 3 => spec.toml: point = 3: expected [[point]]
point = [3] => spec.toml: point[0] = 3: expected a table
seeds = [] => spec.toml: seeds = []: expected a list with at least one value
seeds = [1, 1] => spec.toml: seeds = [1, 1]: expected each value once
seeds = [1, -1] => spec.toml: seeds[1] = -1: expected a whole number >= 0
seeds = 0 => spec.toml: seeds = 0: expected 1 to 10000
seeds = "x" => spec.toml: seeds = "x": expected a list of whole numbers
random.samples = 3 => spec.toml: random.range: missing
random.range.train.batch = { linear = [2, 9] } => spec.toml: random.samples = 0: expected 1 to 10000
random = { samples = 2, range.batch = { linear = [9, 2] } } => spec.toml: random.range.batch = { linear = [9, 2] }: expected { linear = [LOW, HIGH] }
random.sample = 2 => spec.toml: random.sample: unknown key; did you mean `samples`?
slurm.cpu = 2 => spec.toml: slurm.cpu: unknown key; did you mean `cpus`?
slurm.cpus = "two" => spec.toml: slurm.cpus = "two": expected a whole number >= 0
slurm.cpus = 0 => spec.toml: slurm.cpus = 0: expected a whole number >= 1
slurm.time = "soon" => spec.toml: slurm.time = "soon": expected "MINUTES"
slurm.time = "1" => spec.toml: slurm.warning = 120: expected less than the 60 seconds
slurm.partition = "a b" => spec.toml: slurm.partition = "a b": expected the name
slurm.mem = "8 GB" => spec.toml: slurm.mem = "8 GB": expected a size
slurm.mem = "G" => spec.toml: slurm.mem = "G": expected a size
slurm.setup = ["a", "b\nc"] => spec.toml: slurm.setup[1] = "b\nc": expected one line
slurm.options = ["account=x"] => spec.toml: slurm.options[0] = "account=x": expected an option
local.jobs = 0 => spec.toml: local.jobs = 0: expected a whole number >= 1
local.jobs = 1025 => spec.toml: local.jobs = 1025: expected a whole number >= 1, and at most 1024
name = "a b" => spec.toml: name = "a b": expected letters
base = 3 => spec.toml: base = 3: expected a text in quotes
base = "no.toml" => no.toml: No such file
seeds = 2 | config.train.stepz = 4 => spec.toml [config]: train.stepz: unknown key
config = 4 => spec.toml: config = 4: expected a table
grid.upper.weight = [1, 2] --set upper.weight=3 => --set upper.weight=3: upper.weight = 3: expected 1: the sweep gives this key its values
base = "run.toml" | [grid] | upper = [{ kind = "gp", weight = 1 }] | "upper.weight" = [2] => spec.toml [grid]: upper = { kind = "gp", weight = 2 }: expected { kind = "gp", weight = 1 }
seeds = 101 | grid.train.batch = LONG => spec.toml: seeds: 100 points with 101 seeds each: a sweep has at most 10000 runs
[grid] | train.batch = LONG | train.steps = LONG | train.log_every = LONG => spec.toml: grid: 1000000 points: a sweep
"#;

#[test]
fn every_mistake_is_told_with_file_key_value_and_what_was_expected() {
    let long: Vec<_> = (1..=100).map(|n| n.to_string()).collect();
    let long = format!("[{}]", long.join(", "));
    for line in MISTAKES.trim().lines() {
        let (given, expected) = line.split_once("=> ").unwrap();
        let (spec, set) = match given.split_once(" --set ") {
            Some((spec, set)) => (spec, vec![set.trim()]),
            None => (given, Vec::new()),
        };
        let spec = spec.replace(" | ", "\n").replace("LONG", &long);
        let told = fault(&spec, &set);
        assert!(told.contains(expected), "{line}\n{told}");
    }
}
