//! The bound itself.

use ebm_core::bounds::{Estimate, GeneratorView, LowerBound, Measurement};
use ebm_core::device::{Real, values};
use ebm_core::error::BoundError;
use ebm_core::geometry::Geometry;
use ebm_core::kernels::differentiated;

use crate::neighbours::{Distances, entropy};
use crate::{EntropyKnnConfig, claim};

/// The nearest-neighbour estimate of the generator's entropy.
///
/// ```
/// use ebm_core::bounds::{GeneratorView, Level, LowerBound};
/// use ebm_core::geometry::{Fixed, Geometry};
/// use ebm_core::models::closed_form::LinearGaussian;
/// use ebm_core::random::Random;
/// use ebm_core::tape::SharedTape;
/// use entropy_knn::{EntropyKnnConfig, NeighbourEntropy};
///
/// // G(z) = 2 z: N(0, 4), of 400 samples.
/// let generator = LinearGaussian::new(Fixed::<1, 1>, &[2.0], &[0.0], 0.0);
/// let latents = Fixed::<1, 1>.latents(Random::new(1).normals(400));
/// let view = GeneratorView::<Fixed<1, 1>>::new(&generator, &latents, SharedTape::off(), Random::new(0), 1);
/// let found = NeighbourEntropy::new(EntropyKnnConfig::default(), 1).entropy(&view)?.measurement;
/// let exact = generator.entropy().unwrap();
/// assert!((found.value - exact).abs() < 5.0 * found.standard_error);
/// assert_eq!(found.guarantee.level, Level::Asymptotic);
/// # Ok::<(), ebm_core::error::BoundError>(())
/// ```
pub struct NeighbourEntropy {
    config: EntropyKnnConfig,
    /// Data dimensions, D.
    width: usize,
}

impl NeighbourEntropy {
    /// The bound with checked options, for `width` data dimensions.
    pub fn new(config: EntropyKnnConfig, width: usize) -> Self {
        Self { config, width }
    }

    fn distances(&self, samples: Vec<Real>) -> Result<Distances, BoundError> {
        let samples: Vec<f64> = samples.into_iter().map(f64::from).collect();
        let (k, batch) = (self.config.k, samples.len() / self.width);
        entropy(&samples, self.width, k).ok_or_else(|| BoundError::Unsupported {
            bound: "entropy-knn".into(),
            reason: format!("a sample has no neighbour number {k} in a batch of {batch}"),
            advice: "set lower.k below the batch".into(),
        })
    }
}

ebm_core::no_parameters!(NeighbourEntropy);

impl<G: Geometry> LowerBound<G> for NeighbourEntropy {
    fn entropy(&mut self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
        let x = view.generated();
        let found = self.distances(values(&x))?;
        let gradient = found.gradient.iter().map(|slope| *slope as Real).collect();
        let measurement = Measurement::of(found.terms, claim::of(view));
        let value = differentiated(x, measurement.value, gradient);
        let estimate = Estimate { value, measurement };
        Ok(estimate.with("k", self.config.k as f64).with("ties", found.ties as f64))
    }

    fn lambda(&self) -> f64 {
        self.config.lambda
    }

    /// The estimate itself: what tends to the entropy tends to an upper bound of it, too.
    fn entropy_ceiling(&mut self, view: &GeneratorView<'_, G>) -> Result<Option<Measurement>, BoundError> {
        let view = view.without_tape();
        let found = self.distances(values(&view.generated()))?;
        Ok(Some(Measurement::of(found.terms, claim::of(&view))))
    }
}
