//! Bounds that are formulas: a bound with options and nothing else.
//!
//! Such a bound has no network, and keeps nothing from one step to the next. Its configuration is the bound: one type,
//! one trait, one mandatory method. A bound with more to it implements [`LowerBound`] or [`UpperBound`] on a type of its own,
//! which its configuration builds ([`LowerBoundSpec`], [`UpperBoundSpec`]).

use super::{EnergyView, Estimate, GeneratorView, LowerBound, Measurement, Target, UpperBound};
use crate::error::{BoundError, ConfigError};
use crate::geometry::Geometry;
use crate::module;
use crate::random::Random;
use crate::registry::{LowerBoundSpec, Spec, UpperBoundSpec};

/// A lower bound that is a formula: a [`LowerBound`] implemented on its configuration.
///
/// [`register_lower_bound!`](crate::register_lower_bound) registers it.
///
/// ```
/// # use ebm_core::models::closed_form::LinearGaussian;
/// use ebm_core::prelude::*;
/// use schemars::JsonSchema;
/// use serde::{Deserialize, Serialize};
///
/// /// `H[p_g] >= H[sigma n]`, of a generator whose noise is not learned.
/// #[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields, default)]
/// struct NoiseFloor {}
///
/// impl LowerFormula for NoiseFloor {
///     fn entropy<G: Geometry>(&self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
///         let (width, sigma) = (view.geometry().data_width(), view.generator.facts().noise);
///         let entropy = standard_normal_entropy(width) + width as f64 * sigma.ln();
///         let claim = Guarantee::certified("knowing z cannot raise the entropy");
///         let measurement = Measurement::exact(entropy, view.batch(), claim);
///         Ok(Estimate::new(view.tape.constant(entropy), measurement))
///     }
/// }
///
/// // x = z + n/2 is N(0, 1.25), the noise alone N(0, 0.25): the bound is 1/2 ln 5 below the entropy.
/// let generator = LinearGaussian::new(Fixed::<1, 1>, &[1.0], &[0.0], 0.5);
/// let latents = Fixed::<1, 1>.latents(vec![0.3, -0.2]);
/// let view = GeneratorView::<Fixed<1, 1>>::new(&generator, &latents, SharedTape::off(), Random::new(0), 0);
/// let lower_bound = NoiseFloor {}.entropy(&view)?.measurement;
/// let slack = generator.entropy().unwrap() - lower_bound.value;
/// assert!((slack - 0.5 * 5f64.ln()).abs() < 1e-6);
/// assert_eq!(lower_bound.standard_error, 0.0);
/// # Ok::<(), BoundError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a lower bound that is a formula",
    note = "implement `ebm_core::bounds::LowerFormula` for it"
)]
pub trait LowerFormula: Spec {
    /// See [`LowerBound::entropy`].
    fn entropy<G: Geometry>(&self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError>;

    /// Refuses options that cannot be used: the first, with what was expected.
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }

    /// Refuses to be used with axes of these widths, naming the option that would have to change.
    fn fits<G: Geometry>(&self, _geometry: G) -> Result<(), ConfigError> {
        Ok(())
    }

    /// See [`LowerBound::bounds_entropy`].
    fn bounds_entropy(&self) -> bool {
        true
    }

    /// See [`LowerBound::accepts_batch`].
    fn accepts_batch(&self, _batch: usize) -> Result<(), ConfigError> {
        Ok(())
    }

    /// See [`LowerBound::log_inverse_densities`].
    fn log_inverse_densities<G: Geometry>(&self, _view: &GeneratorView<'_, G>) -> Result<Option<Vec<f64>>, BoundError> {
        Ok(None)
    }

    /// See [`LowerBound::entropy_upper_bound`].
    fn entropy_upper_bound<G: Geometry>(
        &self,
        _view: &GeneratorView<'_, G>,
    ) -> Result<Option<Measurement>, BoundError> {
        Ok(None)
    }
}

/// An upper bound that is a formula: an [`UpperBound`] implemented on its configuration.
///
/// [`register_upper_bound!`](crate::register_upper_bound) registers it.
///
/// ```
/// # use ebm_core::bounds::EnergySituation;
/// # use ebm_core::models::closed_form::{LinearGaussian, QuadraticEnergy};
/// use ebm_core::prelude::*;
/// use schemars::JsonSchema;
/// use serde::{Deserialize, Serialize};
///
/// /// `weight E_pg[E(x)^2]`, a penalty that keeps the energies of generated samples near zero.
/// #[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields, default)]
/// struct NearZero {
///     /// Weight of the penalty.
///     weight: f64,
/// }
///
/// impl UpperFormula for NearZero {
///     fn divergence<G: Geometry>(&self, view: &EnergyView<'_, G>) -> Result<Estimate, BoundError> {
///         let penalty = view.generated_energy().square() * self.weight as Real;
///         Ok(Estimate::mean_of(penalty, Guarantee::heuristic("a penalty, not a bound")))
///     }
///     fn check(&self) -> Result<(), ConfigError> {
///         ConfigError::require_not_negative("weight", self.weight)
///     }
///     fn target(&self) -> Target {
///         Target::Nothing
///     }
/// }
///
/// let options: NearZero = toml::from_str("weight = -1.0")?;
/// assert_eq!(options.check().unwrap_err().key, "weight");
/// let options: NearZero = toml::from_str("weight = 0.5")?;
///
/// // E(x) = x^2 / 2 at the samples 2 and -4, 2 and 8: 0.5 (4 + 64) / 2.
/// let generator = LinearGaussian::new(Fixed::<1, 1>, &[2.0], &[0.0], 0.0);
/// let energy = QuadraticEnergy::new(Fixed::<1, 1>, &[1.0], &[0.0]);
/// let situation = EnergySituation::<Fixed<1, 1>> {
///     energy: &energy,
///     generator: &generator,
///     latents: &Fixed::<1, 1>.latents(vec![1.0, -2.0]),
///     data: &Fixed::<1, 1>.samples(vec![0.0, 0.5]),
/// };
/// let view = EnergyView::new(&situation, SharedTape::off(), Random::new(0), 0);
/// assert_eq!(options.divergence(&view)?.measurement.value, 17.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an upper bound that is a formula",
    note = "implement `ebm_core::bounds::UpperFormula` for it"
)]
pub trait UpperFormula: Spec {
    /// See [`UpperBound::divergence`].
    fn divergence<G: Geometry>(&self, view: &EnergyView<'_, G>) -> Result<Estimate, BoundError>;

    /// Refuses options that cannot be used: the first, with what was expected.
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }

    /// Refuses to be used with axes of these widths, naming the option that would have to change.
    fn fits<G: Geometry>(&self, _geometry: G) -> Result<(), ConfigError> {
        Ok(())
    }

    /// See [`UpperBound::target`].
    fn target(&self) -> Target {
        Target::Divergence
    }
}

/// A formula as the trainer holds it.
struct Formula<F>(F);

module!([F: Spec] Formula<F>:);

impl<G: Geometry, F: LowerFormula> LowerBound<G> for Formula<F> {
    fn entropy(&mut self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
        self.0.entropy(view)
    }
    fn bounds_entropy(&self) -> bool {
        self.0.bounds_entropy()
    }
    fn accepts_batch(&self, batch: usize) -> Result<(), ConfigError> {
        self.0.accepts_batch(batch)
    }
    fn log_inverse_densities(&self, view: &GeneratorView<'_, G>) -> Result<Option<Vec<f64>>, BoundError> {
        self.0.log_inverse_densities(view)
    }
    fn entropy_upper_bound(&mut self, view: &GeneratorView<'_, G>) -> Result<Option<Measurement>, BoundError> {
        self.0.entropy_upper_bound(view)
    }
}

impl<G: Geometry, F: UpperFormula> UpperBound<G> for Formula<F> {
    fn divergence(&mut self, view: &EnergyView<'_, G>) -> Result<Estimate, BoundError> {
        self.0.divergence(view)
    }
    fn target(&self) -> Target {
        self.0.target()
    }
}

// Where a configuration is not a bound, the compiler then names `LowerBoundSpec`, whose message explains both ways.
#[diagnostic::do_not_recommend]
impl<F: LowerFormula> LowerBoundSpec for F {
    fn check(&self) -> Result<(), ConfigError> {
        LowerFormula::check(self)
    }
    fn build<G: Geometry>(&self, geometry: G, _random: Random) -> Result<Box<dyn LowerBound<G>>, ConfigError> {
        self.fits(geometry)?;
        Ok(Box::new(Formula(self.clone())))
    }
}

#[diagnostic::do_not_recommend]
impl<F: UpperFormula> UpperBoundSpec for F {
    fn check(&self) -> Result<(), ConfigError> {
        UpperFormula::check(self)
    }
    fn build<G: Geometry>(&self, geometry: G, _random: Random) -> Result<Box<dyn UpperBound<G>>, ConfigError> {
        self.fits(geometry)?;
        Ok(Box::new(Formula(self.clone())))
    }
}
