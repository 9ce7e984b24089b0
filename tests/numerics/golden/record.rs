//! Recorded losses: the files, which have a line for each step, and the differences between two records.

use std::fs;
use std::path::{Path, PathBuf};

const COLUMNS: usize = 8;
const HEADER: &str = "step,energy_loss,generator_loss,data_energy,generated_energy,entropy,divergence,\
    energy_gradient_norm,generator_gradient_norm";

/// A step's figures in the order of the columns; a pair may not have all of them.
pub type Step = [Option<f64>; COLUMNS];

fn path(pair: &str) -> PathBuf {
    let precision = if cfg!(feature = "f64") { "f64" } else { "f32" };
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/{precision}/{pair}.csv"))
}

pub fn write(pair: &str, steps: &[Step]) {
    fs::write(path(pair), text(steps)).unwrap();
}

pub fn read(pair: &str) -> Vec<Step> {
    parse(&fs::read_to_string(path(pair)).unwrap_or_else(|error| panic!("{pair}: {error}")))
}

fn text(steps: &[Step]) -> String {
    // The shortest digits that give the same number back.
    let cell = |figure: Option<f64>| figure.map_or("-".to_string(), |value| format!("{value:e}"));
    let lines = (1..).zip(steps).map(|(number, step)| format!("{number},{}\n", step.map(cell).join(",")));
    format!("{HEADER}\n{}", lines.collect::<String>())
}

fn parse(text: &str) -> Vec<Step> {
    let lines = text.strip_prefix(HEADER).expect("the columns are those of a record").lines().skip(1);
    let figure = |cell: &str| (cell != "-").then(|| cell.parse().unwrap());
    let step = |line: &str| line.split(',').skip(1).map(figure).collect::<Vec<_>>().try_into().unwrap();
    lines.map(step).collect()
}

/// The figures that differ by more than `tolerance` times their size, or that are in one record only: a line each, with the step,
/// counted from 1, the name, both values and their difference.
pub fn differences(golden: &[Step], now: &[Step], tolerance: f64) -> Vec<String> {
    let mut found = Vec::new();
    for index in 0..golden.len().max(now.len()) {
        for (column, name) in HEADER.split(',').skip(1).enumerate() {
            let at = |steps: &[Step]| steps.get(index).and_then(|step| step[column]);
            let (then, now) = (at(golden), at(now));
            let difference = then.zip(now).map(|(then, now)| now - then);
            let size = then.unwrap_or(0.0).abs().max(usual(golden, column));
            // A NaN is within no tolerance.
            if difference.map_or(then == now, |difference| difference.abs() <= tolerance * size) {
                continue;
            }
            let told = |value: Option<f64>| value.map_or("-".to_string(), |value| format!("{value:.9e}"));
            let (step, then, now) = (index + 1, told(then), told(now));
            let difference = difference.map_or("-".to_string(), |difference| format!("{difference:.1e}"));
            found.push(format!("step {step:>2}  {name:<24} golden {then:>17}  now {now:>17}  difference {difference}"));
        }
    }
    found
}

/// The median size of a column: a value that passes through zero has no size of its own.
fn usual(golden: &[Step], column: usize) -> f64 {
    let mut sizes: Vec<f64> = golden.iter().filter_map(|step| Some(step[column]?.abs())).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.get(sizes.len() / 2).copied().unwrap_or(0.0)
}

/// Three steps, in the second of which a figure is another.
fn changed(column: usize, figure: Option<f64>) -> Vec<Step> {
    let mut steps = vec![[Some(1.0), Some(-2.0), Some(0.0), None, Some(3.0), Some(4.0), Some(5.0), Some(6.0)]; 3];
    steps[1][column] = figure;
    steps
}

#[test]
fn a_record_is_read_as_it_was_written() {
    for figure in [Some(-1e-300), Some(1.0 / 3.0), Some(7e8), None] {
        let steps = changed(4, figure);
        assert_eq!(parse(&text(&steps)), steps);
    }
}

#[test]
fn a_figure_is_measured_by_its_size_or_the_usual_one_of_its_column() {
    let found = |golden: &[Step], figure| differences(golden, &changed(1, Some(figure)), 1e-3).len();
    for (golden, near, far) in [(-2.0, -2.0019, -2.0021), (1e6, 1e6 + 900.0, 1e6 + 1100.0), (1e-9, 1.9e-3, 2.1e-3)] {
        let golden = changed(1, Some(golden));
        assert_eq!((found(&golden, near), found(&golden, far)), (0, 1));
    }
}

#[test]
fn what_is_missing_and_what_is_not_a_number_differs_and_is_told() {
    let golden = changed(0, Some(1.0));
    let told = [
        (0, None, "energy_loss"),
        (1, Some(-2.5), "step  2  generator_loss "),
        (1, Some(-2.5), "golden    -2.000000000e0  now    -2.500000000e0  difference -5.0e-1"),
        (2, Some(1e-9), "data_energy"),
        (3, Some(1.0), "generated_energy"),
        (4, Some(f64::NAN), "entropy"),
    ];
    for (column, figure, part) in told {
        let [found] = &differences(&golden, &changed(column, figure), 1e-3)[..] else { panic!("{part}") };
        assert!(found.contains(part), "{found}");
    }
    // Seven figures of the step that is not there.
    assert_eq!(differences(&golden, &golden[..2], 1e-3).len(), 7);
    assert_eq!(differences(&golden[..2], &golden, 1e-3).len(), 7);
}
