//! The bound: its options, its value, and the registration.

use ebm_core::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::neighbours::{Distances, entropy};

/// The generator's entropy from the distances of its samples to their nearest neighbours.
///
/// ```
/// use ebm_core::models::closed_form::LinearGaussian;
/// use ebm_core::prelude::*;
/// use entropy_knn::EntropyKnn;
///
/// let options: EntropyKnn = serde_json::from_str(r#"{ "k": 0 }"#)?;
/// assert_eq!(options.check().unwrap_err().to_string(), "k = 0: expected a whole number >= 1");
/// let options: EntropyKnn = serde_json::from_str(r#"{ "k": 5 }"#)?;
/// assert_eq!(options.k, 5);
///
/// // G(z) = 2 z: N(0, 4), of 400 samples.
/// let generator = LinearGaussian::new(Fixed::<1, 1>, &[2.0], &[0.0], 0.0);
/// let latents = Fixed::<1, 1>.latents(Random::new(1).normals(400));
/// let view = GeneratorView::<Fixed<1, 1>>::new(&generator, &latents, SharedTape::off(), Random::new(0), 1);
/// let found = options.entropy(&view)?.measurement;
/// let exact = generator.entropy().unwrap();
/// assert!((found.value - exact).abs() < 5.0 * found.standard_error);
/// assert_eq!(found.guarantee.level, Level::Asymptotic);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EntropyKnn {
    /// Which neighbour's distance is taken, from 1; the batch must have more samples. A larger one varies less and is biased
    /// more.
    pub k: usize,
}

impl Default for EntropyKnn {
    fn default() -> Self {
        Self { k: 3 }
    }
}

impl EntropyKnn {
    fn distances(&self, samples: Vec<Real>, width: usize) -> Result<Distances, BoundError> {
        let samples: Vec<f64> = samples.into_iter().map(f64::from).collect();
        let (k, batch) = (self.k, samples.len() / width);
        entropy(&samples, width, k).ok_or_else(|| {
            let reason = format!("a sample has no neighbour number {k} in a batch of {batch}");
            BoundError::unsupported("entropy-knn", reason, "set lower.k below the batch")
        })
    }
}

impl LowerFormula for EntropyKnn {
    fn entropy<G: Geometry>(&self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
        let x = view.generated();
        let found = self.distances(values(&x), view.geometry().data_width())?;
        let gradient = found.gradient.iter().map(|slope| *slope as Real).collect();
        let measurement = Measurement::of(found.terms, claim(view));
        let value = differentiated(x, measurement.value, gradient);
        let estimate = Estimate::new(value, measurement);
        let estimate = estimate.coupled("neighbours are looked for among the samples of a batch");
        Ok(estimate.with("k", self.k as f64).with("ties", found.ties as f64))
    }

    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require(self.k >= 1, "k", self.k, "a whole number >= 1")
    }

    /// The estimate itself: what tends to the entropy tends to an upper bound of it, too.
    fn entropy_upper_bound<G: Geometry>(&self, view: &GeneratorView<'_, G>) -> Result<Option<Measurement>, BoundError> {
        let view = view.without_tape();
        let found = self.distances(values(&view.generated()), view.geometry().data_width())?;
        Ok(Some(Measurement::of(found.terms, claim(&view))))
    }
}

/// Asymptotic where the samples are independent and have a density, else heuristic.
fn claim<G: Geometry>(view: &GeneratorView<'_, G>) -> Guarantee {
    let (facts, geometry) = (view.generator.facts(), view.geometry());
    let onto_all = facts.injective && geometry.latent_width() == geometry.data_width();
    if facts.couples_batch && view.tape.trains(Parts::GENERATOR) {
        Guarantee::heuristic("batch-norm couples the samples of a batch in training")
    } else if facts.noise == 0.0 && !onto_all {
        Guarantee::heuristic(
            "the samples may have no density: the generator adds no noise and is not known to be injective",
        )
    } else {
        Guarantee::asymptotic(
            "the estimate tends to the entropy as the batch grows; at this size it is biased either way",
        )
    }
}

register_lower_bound!(
    EntropyKnn,
    name: "entropy-knn",
    summary: "entropy from the distances of the generator's samples to their nearest neighbours",
    reference: "Kozachenko and Leonenko, Probl. Inf. Transm. 23, 1987; Kraskov et al., Phys. Rev. E 69, 2004, Eq. 20",
    guarantee: Level::Asymptotic,
    needs: &[],
);
