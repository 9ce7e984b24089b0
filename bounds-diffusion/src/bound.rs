//! The bound itself.

use dfdx::prelude::PutTape;
use ebm_core::bounds::{EnergyView, Estimate, Measurement, Target, UpperBound};
use ebm_core::device::{Real, values};
use ebm_core::error::BoundError;
use ebm_core::geometry::{Geometry, Samples};
use ebm_core::jacobian::axes;
use ebm_core::kernels;
use ebm_core::models::{TimedEnergy, of_gradient, timed_curvature, timed_energy_gradient};
use ebm_core::random::Random;
use ebm_core::tape::SharedTape;

use crate::config::{DiffusionConfig, Form};
use crate::diffused::Diffused;
use crate::fokker_planck;
use crate::guarantee;

/// Dimensions up to which a Laplacian is summed over all axes.
const ALL_AXES: usize = 16;

/// `1/2 int g^2 E || grad E(x_t, t) - n/s ||^2 dt`, or the cross-entropy that follows from it.
///
/// ```
/// # use ebm_core::bounds::{EnergySituation, EnergyView, Level, Measurement, UpperBound};
/// # use ebm_core::diffusion::Process;
/// # use ebm_core::geometry::{Fixed, Geometry};
/// # use ebm_core::models::closed_form::{DiffusedGaussian, LinearGaussian, standard_normal_entropy};
/// # use ebm_core::random::Random;
/// # use ebm_core::registry::UpperBoundSpec;
/// # use ebm_core::tape::SharedTape;
/// # fn measured(bound: &mut dyn UpperBound<Fixed<1, 1>>) -> Measurement {
/// #     let generator = LinearGaussian::new(Fixed::<1, 1>, &[1.0], &[0.0], 0.0);
/// #     let energy = DiffusedGaussian::new(Fixed::<1, 1>, Process::default(), &[1.0], &[0.0]).unwrap();
/// #     let latents = Fixed::<1, 1>.latents(Random::new(1).normals(2_000));
/// #     let situation = EnergySituation::<Fixed<1, 1>> {
/// #         energy: &energy,
/// #         generator: &generator,
/// #         latents: &latents,
/// #         data: &Fixed::<1, 1>.samples(vec![0.0, 0.0]),
/// #     };
/// #     let view = EnergyView::new(&situation, SharedTape::off(), Random::new(2), 1);
/// #     bound.divergence(&view).unwrap().measurement
/// # }
/// use bounds_diffusion::{Diffusion, DiffusionConfig};
///
/// // Generator and model are N(0, 1), with the energy exact at every time.
/// let found = measured(&mut Diffusion::new(DiffusionConfig::default()));
/// // The divergence is 0; its bound is above, by what denoising adds whatever the energy.
/// assert!(found.value > 0.0);
/// // Times below t_min have no part in it, so that it is a bound in the limit t_min -> 0.
/// assert_eq!(found.guarantee.level, Level::Asymptotic);
/// ```
pub struct Diffusion {
    config: DiffusionConfig,
}

impl Diffusion {
    /// The bound with checked options.
    pub fn new(config: DiffusionConfig) -> Self {
        Self { config }
    }

    /// The loss of every sample at a time of its own, and its derivative in `grad E`, `[B]` and `[B, D]`.
    ///
    /// The cross-entropy lacks `g^2 ||n/s||^2`, which has no gradient, and has the drift's divergence besides.
    fn losses<G: Geometry>(
        &self,
        at: &Diffused<G>,
        inverse_densities: &[f64],
        gradient: &[Real],
    ) -> (Vec<f64>, Vec<Real>) {
        let width = gradient.len() / at.times.len();
        let mut directions = vec![0.0; gradient.len()];
        let mut losses = Vec::with_capacity(at.times.len());
        let rows = gradient.chunks_exact(width).zip(at.noise.chunks_exact(width));
        for (((g, n), to), (moment, inverse)) in rows
            .zip(directions.chunks_exact_mut(width))
            .zip(at.moments.iter().zip(inverse_densities))
        {
            let weight = 0.5 * self.config.weight_at(moment) * inverse;
            let mut square = 0.0;
            for ((g, n), to) in g.iter().zip(n).zip(to) {
                let (g, target) = (f64::from(*g), f64::from(*n) / moment.noise);
                *to = (2.0 * weight * (g - target)) as Real;
                square += match self.config.form {
                    Form::Divergence => (g - target) * (g - target),
                    Form::CrossEntropy => g * (g - 2.0 * target),
                };
            }
            losses.push(
                weight * square
                    - match self.config.form {
                        Form::Divergence => 0.0,
                        Form::CrossEntropy => width as f64 * moment.drift * inverse,
                    },
            );
        }
        (losses, directions)
    }

    /// `-log p_1(x_1)` of every sample, carried to the end of the process.
    fn ends<G: Geometry>(&self, energy: &dyn TimedEnergy<G>, x0: &Samples<G>, random: Random) -> Vec<f64> {
        let geometry = energy.geometry();
        let count = values(x0).len() / geometry.data_width();
        let noise = random.stream("end").normals(count * geometry.data_width());
        let process = &self.config.process;
        let at = Diffused::new(geometry, process, x0, vec![self.config.t_max as Real; count], noise);
        if let Some(known) = energy.fokker_planck().filter(|known| known.process == *process) {
            let energies = energy.forward_at(at.x.put_tape(SharedTape::off()), &at.times);
            return values(&energies)
                .into_iter()
                .map(|e| f64::from(e) + known.end_log_partition)
                .collect();
        }
        let variance = process.end_variance();
        let width = geometry.data_width();
        let constant = 0.5 * width as f64 * (std::f64::consts::TAU * variance).ln();
        let square = |x: &[Real]| x.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
        let x = values(&at.x);
        x.chunks_exact(width)
            .map(|x| 0.5 * square(x) / variance + constant)
            .collect()
    }

    /// The times below `t_min`, where the denoising form has too much variance: `1/2 int g^2 (||grad E||^2 - 2 lap E) -
    /// 2 D c dt`, which is the same in expectation.
    fn heads<G: Geometry>(&self, energy: &dyn TimedEnergy<G>, x0: &Samples<G>, random: Random) -> Vec<f64> {
        let geometry = energy.geometry();
        let (width, length) = (geometry.data_width(), self.config.t_min);
        let count = values(x0).len() / width;
        let times = random.stream("head-times").uniforms(count);
        let times = times.into_iter().map(|u| u * length as Real).collect();
        let noise = random.stream("head-noise").normals(count * width);
        let at = Diffused::new(geometry, &self.config.process, x0, times, noise);
        let gradient = values(&timed_energy_gradient(energy, &at.x, &at.times).1);
        let laplacian = laplacian(energy, &at, random.stream("head-probes"));
        let rows = gradient.chunks_exact(width).zip(&laplacian).zip(&at.moments);
        rows.map(|((g, laplacian), moment)| {
            let square: f64 = g.iter().map(|g| f64::from(*g).powi(2)).sum();
            length * (0.5 * moment.diffusion * (square - 2.0 * laplacian) - width as f64 * moment.drift)
        })
        .collect()
    }
}

/// The Laplacian of E(., t) at every sample: exact up to a certain width, else with one random direction.
pub(crate) fn laplacian<G: Geometry>(energy: &dyn TimedEnergy<G>, at: &Diffused<G>, random: Random) -> Vec<f64> {
    let (count, width) = (at.times.len(), energy.geometry().data_width());
    let directions = match width {
        ..=ALL_AXES => values(&axes(count, energy.geometry().data())),
        _ => random.signs(count * width),
    };
    let curvature = timed_curvature(energy, &at.x, &at.times, &directions);
    let mut total = vec![0.0; count];
    for block in curvature.chunks_exact(count) {
        total.iter_mut().zip(block).for_each(|(t, c)| *t += f64::from(*c));
    }
    total
}

ebm_core::no_parameters!(Diffusion);

impl<G: Geometry> UpperBound<G> for Diffusion {
    fn divergence(&mut self, view: &EnergyView<'_, G>) -> Result<Estimate, BoundError> {
        let energy = view.energy.timed().ok_or_else(|| {
            let reason = "the energy does not depend on a diffusion time";
            let advice = "use an energy that does, such as \"mlp\" with time = \"auto\"";
            BoundError::unsupported("diffusion", reason, advice)
        })?;
        let geometry = energy.geometry();
        let x0 = view.generated();
        let random = view.random.stream("diffusion");
        let count = view.batch();
        let draws = random.stream("times").uniforms(count);
        let (times, inverse): (Vec<Real>, Vec<f64>) = draws
            .into_iter()
            .map(|u| self.config.time(f64::from(u)))
            .map(|(t, inverse)| (t as Real, inverse))
            .unzip();
        let noise = random.stream("noise").normals(count * geometry.data_width());
        let at = Diffused::new(geometry, &self.config.process, x0, times, noise);

        let gradient = values(&timed_energy_gradient(energy, &at.x, &at.times).1);
        let (mut totals, directions) = self.losses(&at, &inverse, &gradient);
        let directions = geometry.samples(directions).put_tape(SharedTape::off());
        let still = vec![0.0; count];
        let (_, slopes) = energy.pushforward_at(view.tape.watch(&at.x), &at.times, directions, &still);
        let losses = totals.iter().map(|l| *l as Real).collect();
        let mut value = kernels::mean(of_gradient(losses, slopes)) * self.config.weight as Real;

        // What is only reported costs nothing in training.
        let reports = !view.tape.is_recording();
        if self.config.form == Form::CrossEntropy {
            let add = |to: &mut [f64], more: Vec<f64>| to.iter_mut().zip(more).for_each(|(t, m)| *t += m);
            add(&mut totals, self.ends(energy, x0, random));
            if reports {
                add(&mut totals, self.heads(energy, x0, random));
            }
        }
        let claim = guarantee::claim(&self.config, view, energy, reports);
        let mut measurement = Measurement::of(totals, claim).with("denoising", denoising(&at, &gradient));
        let regularizer = self.config.fokker_planck;
        if (reports || regularizer.weight > 0.0)
            && let Some(residual) = fokker_planck::residual(&self.config, energy, x0, random, &view.tape)
        {
            measurement = measurement.with("fokker_planck", residual.root_mean_square);
            value = value + residual.variance * regularizer.weight as Real;
        }
        Ok(Estimate::new(value, measurement))
    }

    fn coupling(&self, _samples: usize) -> Option<&'static str> {
        let regularised = self.config.fokker_planck.weight > 0.0;
        regularised.then_some("the pairs of its Fokker-Planck residual are formed within each process")
    }

    fn target(&self) -> Target {
        match self.config.form {
            Form::Divergence => Target::Divergence,
            Form::CrossEntropy => Target::CrossEntropy,
        }
    }
}

/// `E ||s grad E - n||^2 / D`: 1 for an energy that knows nothing of the noise.
fn denoising<G: Geometry>(at: &Diffused<G>, gradient: &[Real]) -> f64 {
    let width = gradient.len() / at.times.len();
    let rows = gradient.chunks_exact(width).zip(at.noise.chunks_exact(width));
    let total: f64 = rows
        .zip(&at.moments)
        .map(|((g, n), moment)| {
            let square = |(g, n): (&Real, &Real)| (moment.noise * f64::from(*g) - f64::from(*n)).powi(2);
            g.iter().zip(n).map(square).sum::<f64>()
        })
        .sum();
    total / gradient.len() as f64
}
