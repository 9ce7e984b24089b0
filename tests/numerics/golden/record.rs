//! The files with the recorded losses: one line per step.

use std::fs;
use std::path::{Path, PathBuf};

/// The figures of a step, in the order of a record's columns.
pub const COLUMNS: [&str; 8] = [
    "energy_loss",
    "generator_loss",
    "data_energy",
    "generated_energy",
    "entropy",
    "divergence",
    "energy_gradient_norm",
    "generator_gradient_norm",
];

/// One value each; a pair may not have all of them.
pub type Step = [Option<f64>; COLUMNS.len()];

/// The mark for a value that the pair does not have.
const ABSENT: &str = "-";

fn path(pair: &str) -> PathBuf {
    let precision = if cfg!(feature = "f64") { "f64" } else { "f32" };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(precision);
    folder.join(format!("{pair}.csv"))
}

/// Writes the record of a pair.
pub fn write(pair: &str, steps: &[Step]) {
    fs::write(path(pair), text(steps)).unwrap();
}

/// Reads the record of a pair.
pub fn read(pair: &str) -> Vec<Step> {
    let path = path(pair);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    parse(&text).unwrap_or_else(|line| panic!("{}: {line:?} is no line of a record", path.display()))
}

fn text(steps: &[Step]) -> String {
    let mut text = format!("step,{}\n", COLUMNS.join(","));
    for (index, step) in steps.iter().enumerate() {
        // The shortest digits that give the same number back.
        let cells = step.map(|figure| figure.map_or(ABSENT.to_string(), |value| format!("{value:e}")));
        text += &format!("{},{}\n", index + 1, cells.join(","));
    }
    text
}

/// The steps, or the first line that is wrong.
fn parse(text: &str) -> Result<Vec<Step>, &str> {
    let mut lines = text.lines();
    let header = lines.next().unwrap_or_default();
    if header != format!("step,{}", COLUMNS.join(",")) {
        return Err(header);
    }
    let steps = lines.enumerate().map(|(index, line)| {
        let (step, cells) = line.split_once(',').ok_or(line)?;
        if step != (index + 1).to_string() {
            return Err(line);
        }
        let figure = |cell: &str| match cell {
            ABSENT => Ok(None),
            number => number.parse().map(Some).map_err(|_| line),
        };
        let figures: Vec<_> = cells.split(',').map(figure).collect::<Result<_, _>>()?;
        figures.try_into().map_err(|_| line)
    });
    steps.collect()
}

#[test]
fn a_record_is_read_as_it_was_written() {
    let mut steps = vec![[0.1, -1e-300, 3.0, 1.0 / 3.0, 2.0, 3.0, 7e8, 0.0].map(Some); 3];
    steps.iter_mut().for_each(|step| step[4] = None);
    steps[1][0] = Some(-2.5);
    assert_eq!(parse(&text(&steps)), Ok(steps.clone()));
    let text = text(&steps);
    assert_eq!(parse(&text.replace("3,1e-1", "4,1e-1")).unwrap_err()[..6], *"4,1e-1");
    assert!(parse(&text.replace("7e8", "7e8,")).is_err());
    assert!(parse(&text.replace("divergence", "gap")).is_err());
}
