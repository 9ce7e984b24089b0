//! A sound lower bound, H[p0] + E[log |det J|], and the faults that are put into it.

use ebm_core::bounds::{EnergyView, Estimate, GeneratorView, Guarantee, LowerBound, Measurement, UpperBound};
use ebm_core::device::{Real, values};
use ebm_core::error::BoundError;
use ebm_core::geometry::Geometry;
use ebm_core::jacobian::{jacobian, log_volume, spectrum};
use ebm_core::kernels::sum;
use ebm_core::models::closed_form::standard_normal_entropy;
use ebm_core::parameter::{Module, Parameter};
use ebm_core::tape::SharedTape;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// Nothing.
    None,
    /// The volume is subtracted.
    WrongSign,
    /// The largest singular value in place of the smallest.
    Largest,
    /// An iteration for the smallest singular value that stops at its start.
    EarlyStop,
    /// The mean of the logarithms in place of their sum.
    MeanForSum,
    /// The latents' own entropy is left out.
    MissingEntropy,
    /// Certified wherever it is asked.
    EverywhereCertified,
    /// A penalty on the weights that is in the value and not in the gradient.
    NoGradient,
    /// The generator's weights are watched by every tape.
    Leak,
    /// A count of steps that no state has.
    State,
    /// Later samples count more.
    Order,
    /// Statistics of the batch in training, running ones in an evaluation.
    BatchNorm,
    /// Numbers from nowhere.
    Unseeded,
    /// A second sample is taken for granted.
    Panics,
    /// Another value where the axes are known at compile time.
    Geometry,
    /// What is no number is reported as zero.
    Hidden,
}

/// The bound with a fault.
pub struct Faulty<G: Geometry> {
    fault: Fault,
    geometry: G,
    steps: u64,
}

impl<G: Geometry> Faulty<G> {
    /// The bound with a fault.
    pub fn new(fault: Fault, geometry: G) -> Self {
        Self {
            fault,
            geometry,
            steps: 0,
        }
    }

    fn claim(&self, view: &GeneratorView<'_, G>) -> Guarantee {
        let facts = view.generator.facts();
        let square = self.geometry.data_width() == self.geometry.latent_width();
        if self.fault == Fault::EverywhereCertified || (square && facts.injective && !facts.couples_batch) {
            return Guarantee::certified("it says so");
        }
        Guarantee::heuristic("not an injective generator with D = d")
    }

    /// The value of every sample, where a fault is in it.
    fn replaced(&self, view: &GeneratorView<'_, G>) -> Option<Vec<f64>> {
        let d = self.geometry.latent_width();
        let columns = jacobian(view.generator, SharedTape::off().watch(view.latents));
        let spectra = spectrum(&columns);
        let logs = |s: &Vec<f64>| -> f64 { s.iter().map(|s| s.ln()).sum() };
        let all: Vec<f64> = spectra.iter().map(logs).collect();
        let count = all.len();
        Some(match self.fault {
            Fault::WrongSign => all.iter().map(|v| -v).collect(),
            Fault::Largest => spectra.iter().map(|s| d as f64 * s[d - 1].ln()).collect(),
            Fault::EarlyStop => {
                let images = values(&columns.columns);
                // |J v| for v = (1, 1, ...) / sqrt(d)
                let wide = self.geometry.data_width();
                let image =
                    |b: usize, i: usize| -> f64 { (0..d).map(|k| f64::from(images[(k * count + b) * wide + i])).sum() };
                let square = |b: usize| (0..wide).map(|i| image(b, i).powi(2)).sum::<f64>() / d as f64;
                (0..count).map(|b| 0.5 * d as f64 * square(b).ln()).collect()
            }
            Fault::MeanForSum => all.iter().map(|v| v / d as f64).collect(),
            Fault::Order => {
                let weight = |i: usize| 2.0 * (i + 1) as f64 / (count + 1) as f64;
                all.iter().enumerate().map(|(i, v)| weight(i) * v).collect()
            }
            Fault::BatchNorm => {
                let first: Vec<f64> = values(view.latents).chunks(d).map(|z| f64::from(z[0])).collect();
                let mean = first.iter().sum::<f64>() / count as f64;
                // The running mean is still 0.
                let centre = if view.tape.is_recording() { mean } else { 0.0 };
                all.iter().zip(first).map(|(v, z)| v + z - centre).collect()
            }
            _ => return None,
        })
    }
}

/// Numbers that no seed is behind.
static NOWHERE: AtomicU64 = AtomicU64::new(0);

impl<G: Geometry> Module for Faulty<G> {
    fn parameters(&self) -> Vec<&Parameter> {
        Vec::new()
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        Vec::new()
    }
}

impl<G: Geometry> LowerBound<G> for Faulty<G> {
    fn entropy(&mut self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
        let d = self.geometry.latent_width();
        let claim = self.claim(view);
        let mut estimate = match self.replaced(view) {
            Some(values) => {
                let measurement = Measurement::of(values, claim);
                Estimate::new(view.tape.constant(measurement.value), measurement)
            }
            None => Estimate::mean_of(
                log_volume(&jacobian(view.generator, view.tape.watch(view.latents))),
                claim,
            ),
        };
        let weights = view.generator.parameters();
        let first = weights.first().copied();
        match self.fault {
            Fault::NoGradient => {
                let squares = |p: &&Parameter| p.values().iter().map(|w| f64::from(w * w)).sum::<f64>();
                estimate = estimate.plus(-weights.iter().map(squares).sum::<f64>());
            }
            Fault::Leak => {
                if let Some(weight) = first {
                    estimate.value = estimate.value + sum(view.tape.watch(weight.tensor())) * 1e-3;
                }
            }
            Fault::State => {
                self.steps += u64::from(view.tape.is_recording());
                estimate = estimate.plus(-0.1 * self.steps as f64);
            }
            Fault::Unseeded => {
                let drawn = NOWHERE.fetch_add(1, Ordering::Relaxed) % 7;
                estimate = estimate.plus(-0.1 * drawn as f64);
            }
            Fault::Panics => {
                let second = values(view.latents)[d];
                estimate = estimate.plus(-f64::from(second.abs()));
            }
            Fault::Geometry if std::any::type_name::<G>().contains("Fixed") => estimate = estimate.plus(-0.5),
            Fault::Hidden => {
                let m = &mut estimate.measurement;
                m.value = if m.value.is_finite() { m.value } else { 0.0 };
            }
            _ => {}
        }
        match self.fault {
            Fault::MissingEntropy => Ok(estimate),
            _ => Ok(estimate.plus(standard_normal_entropy(d))),
        }
    }

    fn entropy_upper_bound(&mut self, view: &GeneratorView<'_, G>) -> Result<Option<Measurement>, BoundError> {
        // Exact where it is certified, so both sides in one.
        if view.generator.facts().noise > 0.0 {
            return Ok(None);
        }
        self.entropy(view).map(|estimate| Some(estimate.measurement))
    }
}

/// `E_data[ln sigmoid(E)] + E_pg[ln sigmoid(-E)] + 2 ln 2`, at most twice the Jensen-Shannon divergence.
pub struct JensenShannon;

impl Module for JensenShannon {
    fn parameters(&self) -> Vec<&Parameter> {
        Vec::new()
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        Vec::new()
    }
}

impl<G: Geometry> UpperBound<G> for JensenShannon {
    fn divergence(&mut self, view: &EnergyView<'_, G>) -> Result<Estimate, BoundError> {
        let off = SharedTape::off();
        let log_sigmoid = |e: Real| -((-f64::from(e)).exp().ln_1p());
        let data = values(&view.energy.forward(off.watch(view.data)));
        let generated = values(&view.energy.forward(off.watch(view.generated())));
        let pairs = data.into_iter().zip(generated);
        let both = pairs.map(|(x, g)| log_sigmoid(x) + log_sigmoid(-g) + 2.0 * std::f64::consts::LN_2);
        let measurement = Measurement::of(both, Guarantee::certified("it says so"));
        Ok(Estimate::new(view.tape.constant(measurement.value), measurement))
    }
}
