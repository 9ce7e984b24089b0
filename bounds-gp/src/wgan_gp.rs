//! The baseline `wgan-gp`: a critic whose gradient is held near length one.

use ebm_core::bounds::{EnergyView, Estimate, Guarantee, Level, Target, UpperFormula};
use ebm_core::device::{Real, values};
use ebm_core::error::{BoundError, ConfigError};
use ebm_core::geometry::Geometry;
use ebm_core::models::energy_gradient;
use ebm_core::register_upper_bound;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::penalty::of_gradient;

/// weight * E[(||grad_x E(x)|| - 1)^2], x uniform on the segment between a data and a generated sample. No bound.
///
/// ```
/// # use ebm_core::bounds::{EnergySituation, EnergyView, Target};
/// # use ebm_core::geometry::{Fixed, Geometry};
/// # use ebm_core::models::closed_form::{LinearGaussian, QuadraticEnergy};
/// # use ebm_core::random::Random;
/// # use ebm_core::tape::SharedTape;
/// use bounds_gp::WganGpConfig;
/// use ebm_core::registry::UpperBoundSpec;
///
/// let config: WganGpConfig = toml::from_str("weight = 5.0")?;
/// assert_eq!((config.weight, config.check()), (5.0, Ok(())));
/// assert_eq!(WganGpConfig::default().weight, 10.0);
///
/// let generator = LinearGaussian::new(Fixed::<1, 1>, &[2.0], &[0.0], 0.0);
/// let energy = QuadraticEnergy::new(Fixed::<1, 1>, &[1.0], &[0.0]);
/// let situation = EnergySituation::<Fixed<1, 1>> {
///     energy: &energy,
///     generator: &generator,
///     latents: &Fixed::<1, 1>.latents(vec![1.0, -1.0]),
///     data: &Fixed::<1, 1>.samples(vec![2.0, -2.0]),
/// };
/// let view = EnergyView::new(&situation, SharedTape::off(), Random::new(0), 1);
/// // E(x) = x^2 / 2, and each pair of a data and a generated sample is twice 2 or twice -2: the gradient between them has
/// // length 2, and the penalty is 5 (2 - 1)^2.
/// let mut bound = config.build(Fixed::<1, 1>, Random::new(0))?;
/// assert!((bound.divergence(&view)?.measurement.value - 5.0).abs() < 1e-4);
/// assert_eq!(bound.target(), Target::Nothing);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WganGpConfig {
    /// Weight of the penalty.
    pub weight: f64,
}

impl Default for WganGpConfig {
    fn default() -> Self {
        Self { weight: 10.0 }
    }
}

impl WganGpConfig {
    /// Points `u x + (1 - u) G(z)` `[B, D]`, u uniform on [0, 1), one a pair of samples.
    ///
    /// B is the smaller of the two numbers of samples: held-out data may be fewer than what is generated.
    fn between<G: Geometry>(view: &EnergyView<'_, G>) -> Vec<Real> {
        let (data, generated) = (values(view.data), values(view.generated()));
        let width = view.energy.geometry().data_width();
        let pairs = data.chunks_exact(width).zip(generated.chunks_exact(width));
        let shares = view.random.stream("wgan-gp").uniforms(pairs.len());
        let point = |((data, generated), u): ((&[Real], &[Real]), Real)| -> Vec<Real> {
            let both = data.iter().zip(generated);
            both.map(|(x, g)| u * x + (1.0 - u) * g).collect()
        };
        pairs.zip(shares).flat_map(point).collect()
    }
}

impl UpperFormula for WganGpConfig {
    fn divergence<G: Geometry>(&self, view: &EnergyView<'_, G>) -> Result<Estimate, BoundError> {
        let weight = self.weight as Real;
        let geometry = view.geometry();
        let points = geometry.samples(Self::between(view));
        let gradient = values(&energy_gradient(view.energy, &points).1);
        let (mut sizes, mut directions) = (Vec::new(), Vec::with_capacity(gradient.len()));
        for g in gradient.chunks_exact(geometry.data_width()) {
            let length = g.iter().map(|v| v * v).sum::<Real>().sqrt();
            sizes.push(weight * (length - 1.0).powi(2));
            // The length has no derivative at zero; zero is as good as any direction.
            let slope = if length > 0.0 {
                2.0 * weight * (length - 1.0) / length
            } else {
                0.0
            };
            directions.extend(g.iter().map(|v| slope * v));
        }
        let (penalty, _) = of_gradient(view.energy, &points, sizes, directions, &view.tape);
        Ok(Estimate::mean_of(
            penalty,
            Guarantee::heuristic("a penalty, not a bound"),
        ))
    }

    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require_not_negative("weight", self.weight)
    }

    fn coupling(&self, _samples: usize) -> Option<&'static str> {
        None
    }

    fn target(&self) -> Target {
        Target::Nothing
    }
}

register_upper_bound!(
    WganGpConfig,
    name: "wgan-gp",
    summary: "baseline: the energy as a critic, its gradient held near length one between data and samples",
    reference: "Gulrajani et al., \"Improved training of Wasserstein GANs\", NeurIPS 2017, Eq. 3",
    guarantee: Level::Heuristic,
    needs: &[],
);
