//! The timings of all problems, as text.

use serde::Serialize;
use std::fmt;

use super::measurement::Measured;
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
        let mut rows = Rows::new(header, [false, true, true, true, true, true, true, true]);
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

    fn phases(&self) -> Rows<9> {
        let header = [
            "ms a step",
            "energy step",
            "data term",
            "divergence",
            "update",
            "sampling",
            "entropy",
            "generator step",
            "update",
        ];
        let mut rows = Rows::new(header, [false, true, true, true, true, true, true, true, true]);
        for measured in &self.problems {
            let phases = &measured.phase_seconds;
            let [a, b, c, d] =
                [phases.energy_step, phases.data_term, phases.divergence, phases.energy_update].map(milliseconds);
            let generator = [phases.sampling, phases.entropy, phases.generator_step, phases.generator_update];
            let [e, f, g, h] = generator.map(milliseconds);
            rows.push([measured.problem.into(), a, b, c, d, e, f, g, h]);
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
        writeln!(
            f,
            "Data term, divergence and the first update are parts of the energy step, the second update of the generator step."
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
