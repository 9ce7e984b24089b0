use serde::Serialize;
use std::fmt;

use super::measurement::{Measured, PHASES};
use crate::machine::Machine;
use ebm_eval::evaluate::Rows;

/// The timings of problems, and the machine they were measured on.
#[derive(Debug, Serialize)]
pub struct Timings {
    pub(crate) machine: Machine,
    /// Seconds requested for each problem.
    pub(crate) seconds: f64,
    pub(crate) problems: Vec<Measured>,
}

impl Timings {
    fn rates(&self) -> Rows<8> {
        let header = ["", "batch", "steps/s", "ms a step", "least", "most", "GFLOP a step", "GFLOP/s"];
        let mut rows = Rows::new(header, std::array::from_fn(|column| column > 0));
        for measured in &self.problems {
            let spread = measured.step_seconds;
            let [median, least, most] = [spread.median, spread.least, spread.most].map(milliseconds);
            rows.push([
                measured.problem.into(),
                measured.batch.to_string(),
                format!("{:.2}", measured.steps_per_second),
                median,
                least,
                most,
                format!("{:.3}", 1e-9 * measured.flop_per_step),
                format!("{:.1}", 1e-9 * measured.flop_per_second),
            ]);
        }
        rows
    }

    fn phases(&self) -> Rows<10> {
        let [a, b, c, d, e, f, g, h, i] = PHASES.map(|(_, heading, _)| heading);
        let mut rows = Rows::new(["ms a step", a, b, c, d, e, f, g, h, i], std::array::from_fn(|column| column > 0));
        for measured in &self.problems {
            let [a, b, c, d, e, f, g, h, i] = measured.phase_seconds.map(milliseconds);
            rows.push([measured.problem.into(), a, b, c, d, e, f, g, h, i]);
        }
        rows
    }
}

fn milliseconds(seconds: f64) -> String {
    format!("{:.3}", 1e3 * seconds)
}

impl fmt::Display for Timings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n\n{}\n{}", self.machine, self.rates(), self.phases())?;
        writeln!(
            f,
            "Each trained for {} s on normal numbers in place of data; ms: the median step. FLOP: matrix products and convolutions \
             as they were done, a multiply-add as two.",
            self.seconds
        )?;
        f.write_str(
            "Data term, divergence and the first update are parts of the energy step, the second update of the generator step.\n",
        )?;
        if self.problems.iter().any(|measured| measured.phases_overlap) {
            writeln!(
                f,
                "Entropy ran beside the energy step, and divergence beside the data term: their times overlap."
            )?;
        }
        Ok(())
    }
}
