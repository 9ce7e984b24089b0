use ebm_core::{device::Real, geometry::Geometry, models::Energy};

use crate::{quadrature::energies, sampling::energies_and_gradients};

/// What tells outliers from data: higher for outliers. None of them has seen an outlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Score {
    /// E(x), in nats: outliers are where the model puts less probability.
    Energy,
    /// |E(x) - m|, in nats, with m the mean energy of training samples: outliers are also where the model puts *more*
    /// probability than on data, as it may on flat or blurred images (Nalisnick et al., Detecting Out-of-Distribution Inputs
    /// to Deep Generative Models Using Typicality, 2019).
    Typicality,
    /// ||grad E(x)||, in nats per unit of x: samples are where the energy is nearly level, in high dimensions at least
    /// (Grathwohl et al., Your Classifier is Secretly an Energy Based Model, ICLR 2020, section 5.3, with the opposite sign).
    GradientNorm,
}

impl Score {
    /// All of them.
    pub const ALL: [Score; 3] = [Score::Energy, Score::Typicality, Score::GradientNorm];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Score::Energy => "energy",
            Score::Typicality => "typicality",
            Score::GradientNorm => "gradient-norm",
        }
    }

    /// The scores of samples `[n, D]`. `typical` is the mean energy of training samples, in nats, which typicality alone asks for.
    pub fn of<G: Geometry>(self, energy: &dyn Energy<G>, samples: &[Real], typical: impl FnOnce() -> f64) -> Vec<f64> {
        match self {
            Score::Energy => energies(energy, samples).into_iter().map(f64::from).collect(),
            Score::Typicality => {
                let typical = typical();
                energies(energy, samples).into_iter().map(|energy| (f64::from(energy) - typical).abs()).collect()
            }
            Score::GradientNorm => {
                let (_, gradients) = energies_and_gradients(energy, samples);
                let square = |row: &[Real]| row.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>();
                gradients.chunks(energy.geometry().data_width()).map(|row| square(row).sqrt()).collect()
            }
        }
    }
}

/// The mean energy of samples `[n, D]`, in nats.
pub fn mean_energy<G: Geometry>(energy: &dyn Energy<G>, samples: &[Real]) -> f64 {
    let energies = energies(energy, samples);
    energies.iter().map(|e| f64::from(*e)).sum::<f64>() / energies.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_energy::FunctionEnergy;

    #[test]
    fn scores_are_those_of_their_formulas() {
        // E = (x^2 + y^2) / 2 has the gradient (x, y).
        let energy = FunctionEnergy::new(2, |x| 0.5 * (x[0] * x[0] + x[1] * x[1]));
        let typical = mean_energy(&energy, &[2.0, 0.0, 2.0, 2.0]);
        assert_eq!(typical, 3.0);
        let samples = [3.0, 4.0, 0.0, 0.0, 0.0, -2.0];
        let of = |score: Score| score.of(&energy, &samples, || typical);
        let close = |found: Vec<f64>, expected: [f64; 3]| {
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3), "{found:?}");
        };
        close(of(Score::Energy), [12.5, 0.0, 2.0]);
        close(of(Score::Typicality), [9.5, 3.0, 1.0]);
        close(of(Score::GradientNorm), [5.0, 0.0, 2.0]);
    }
}
