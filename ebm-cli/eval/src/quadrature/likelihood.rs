//! The exact negative log-likelihood.

use super::partition::LogPartition;
use ebm_core::bounds::{Guarantee, Measurement};
use ebm_core::device::Real;

/// The negative log-likelihood `mean(E(x)) + log Z` in nats per sample, from the energies of samples that training has not
/// seen.
///
/// The standard error is that of the mean over the samples. The quadrature's error comes on top of it and is named in
/// the guarantee and among the diagnostics.
pub fn exact_nll(energies: &[Real], partition: &LogPartition) -> Measurement {
    let error = partition.error;
    let guarantee = if partition.converged {
        Guarantee::certified(format!("log Z by quadrature, error below {error:.1e} nats"))
    } else {
        Guarantee::asymptotic(format!(
            "log Z by a quadrature that did not converge: its last refinement changed it by {error:.1e} nats"
        ))
    };
    let nll = energies.iter().map(|e| f64::from(*e) + partition.log_z);
    Measurement::of(nll, guarantee)
        .with("log_z", partition.log_z)
        .with("quadrature_error", error)
        .with("outside", partition.outside)
}

#[cfg(test)]
mod tests {
    use super::super::{QuadratureConfig, energies, log_partition};
    use super::*;
    use crate::test_energy::FunctionEnergy;
    use ebm_core::bounds::Level;
    use ebm_core::random::Random;
    use ebm_train::grid::Region;

    #[test]
    fn the_true_energy_of_gaussian_samples_reaches_their_entropy() {
        let energy = FunctionEnergy::new(2, |x| 0.5 * (x[0] * x[0] + x[1] * x[1]));
        let partition = log_partition(&energy, &Region::cube(4.0, 2), &QuadratureConfig::thorough()).unwrap();
        let nll = exact_nll(&energies(&energy, &Random::new(11).normals(40_000)), &partition);
        // Entropy of a standard normal in the plane: 1 + log(2 pi) = 2.8378770664.
        let entropy = 2.837_877_066_4;
        assert!((nll.value - entropy).abs() < 4.0 * nll.standard_error, "{nll:?}");
        // The negative log density has variance D / 2 = 1, and there are 20,000 samples.
        assert!((nll.standard_error * 20_000f64.sqrt() - 1.0).abs() < 0.05, "{nll:?}");
        assert_eq!((nll.samples, nll.guarantee.level), (20_000, Level::Certified));
    }

    #[test]
    fn a_quadrature_that_did_not_converge_certifies_nothing() {
        let energy = FunctionEnergy::new(1, |x| x[0].abs());
        let mut partition = log_partition(&energy, &Region::cube(4.0, 1), &QuadratureConfig::quick()).unwrap();
        partition.converged = false;
        let nll = exact_nll(&energies(&energy, &[0.0, 1.0]), &partition);
        assert_eq!(nll.guarantee.level, Level::Asymptotic);
        assert!((nll.value - (0.5 + 2.0f64.ln())).abs() < 1e-3, "{nll:?}");
    }
}
