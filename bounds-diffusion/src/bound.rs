use ebm_core::kernels::denoise::{Denoised, Row, Square, denoise};
use ebm_core::models::{TimedEnergy, of_gradient, timed_energy_gradient};
use ebm_core::{diffusion::Moment, prelude::*};

use crate::config::{DiffusionConfig, Form};
use crate::diffused::{Diffused, laplacian};
use crate::{fokker_planck, guarantee};

/// `1/2 int g^2 E || grad E(x_t, t) - n/s ||^2 dt`, or the cross-entropy that follows from it.
pub struct Diffusion {
    config: DiffusionConfig,
}

impl Diffusion {
    /// The bound with checked options.
    pub fn new(config: DiffusionConfig) -> Self {
        Self { config }
    }

    /// The loss of every sample at a time of its own, and its derivative in `grad E`.
    ///
    /// The cross-entropy lacks `g^2 ||n/s||^2`, which has no gradient, and has the drift's divergence besides.
    fn losses<G: Geometry>(
        &self,
        at: &Diffused<G>,
        inverse_densities: &[f64],
        gradient: &Samples<G>,
    ) -> Denoised<G::Data> {
        let width = width(gradient) as f64;
        let square = match self.config.form {
            Form::Divergence => Square::Whole,
            Form::CrossEntropy => Square::WithoutTarget,
        };
        let weights = at.moments.iter().zip(inverse_densities).map(|(moment, inverse)| Row {
            noise: moment.noise,
            weight: 0.5 * self.config.weight_at(moment) * inverse,
            offset: match self.config.form {
                Form::Divergence => 0.0,
                Form::CrossEntropy => width * moment.drift * inverse,
            },
        });
        denoise(gradient, &at.noise, &weights.collect::<Vec<_>>(), square)
    }

    /// `-log p_1(x_1)` of every sample, carried to the end of the process.
    fn terminal_term<G: Geometry>(&self, energy: &dyn TimedEnergy<G>, x0: &Samples<G>, random: Random) -> Vec<f64> {
        let (geometry, process) = (energy.geometry(), &self.config.process);
        let times = vec![self.config.t_max as Real; rows(x0)];
        let at = Diffused::new(geometry, process, x0, times, random.stream("end"));
        if let Some(known) = energy.fokker_planck().filter(|known| known.process == *process) {
            let energies = energy.forward_at(SharedTape::off().watch(&at.x), &at.times);
            return values(&energies).into_iter().map(|e| f64::from(e) + known.end_log_partition).collect();
        }
        let variance = process.end_variance();
        let width = geometry.data_width();
        let constant = 0.5 * width as f64 * (std::f64::consts::TAU * variance).ln();
        let squares = square_norm(&at.x).read().into_iter();
        squares.map(|square| 0.5 * square / variance + constant).collect()
    }

    /// The times below `t_min`, where the denoising form has too much variance: `1/2 int g^2 (||grad E||^2 - 2 lap E) -
    /// 2 D c dt`, which is the same in expectation.
    fn small_time_term<G: Geometry>(&self, energy: &dyn TimedEnergy<G>, x0: &Samples<G>, random: Random) -> Vec<f64> {
        let geometry = energy.geometry();
        let (width, length) = (geometry.data_width(), self.config.t_min);
        let times = random.stream("head-times").uniforms(rows(x0));
        let times = times.into_iter().map(|u| u * length as Real).collect();
        let at = Diffused::new(geometry, &self.config.process, x0, times, random.stream("head-noise"));
        let (_, gradient) = timed_energy_gradient(energy, &at.x, &at.times);
        let squares = square_norm(&gradient).read();
        let laplacian = laplacian(energy, &at, random.stream("head-probes"));
        let terms = squares.iter().zip(&laplacian).zip(&at.moments);
        let term = |((square, laplacian), moment): ((&f64, &f64), &Moment)| {
            length * (0.5 * moment.diffusion * (square - 2.0 * laplacian) - width as f64 * moment.drift)
        };
        terms.map(term).collect()
    }
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
        let (times, inverse): (Vec<Real>, Vec<f64>) =
            draws.into_iter().map(|u| self.config.time(f64::from(u))).map(|(t, inverse)| (t as Real, inverse)).unzip();
        let at = Diffused::new(geometry, &self.config.process, x0, times, random.stream("noise"));

        let (_, gradient) = timed_energy_gradient(energy, &at.x, &at.times);
        let Denoised { losses, errors, directions } = self.losses(&at, &inverse, &gradient);
        let (x, directions) = (view.tape.watch(&at.x), SharedTape::off().watch(&directions));
        let (_, slopes) = energy.pushforward_at(x, &at.times, directions, &vec![0.0; count]);
        let mut value = mean(of_gradient(losses.rounded(), slopes)) * self.config.weight.at(view.step) as Real;

        // Values that are only reported cost nothing in training.
        let reports = !view.tape.is_recording();
        let regularizer = self.config.fokker_planck;
        let residual = match reports || regularizer.weight > 0.0 {
            true => fokker_planck::residual(&self.config, energy, x0, random, &view.tape),
            false => None,
        };
        // All work is queued: read the values to report.
        let mut totals = losses.read();
        if self.config.form == Form::CrossEntropy {
            let add = |to: &mut [f64], more: Vec<f64>| to.iter_mut().zip(more).for_each(|(t, m)| *t += m);
            add(&mut totals, self.terminal_term(energy, x0, random));
            if reports {
                add(&mut totals, self.small_time_term(energy, x0, random));
            }
        }
        // `E ||s grad E - n||^2 / D`: 1 for an energy that knows nothing of the noise.
        let denoising = errors.read().iter().sum::<f64>() / (count * geometry.data_width()) as f64;
        let claim = guarantee::claim(&self.config, view, energy, reports);
        let mut measurement = Measurement::of(totals, claim).with("denoising", denoising);
        if let Some(residual) = residual {
            measurement = measurement.with("fokker_planck", residual.root_mean_square);
            value = value + residual.variance * regularizer.weight as Real;
        }
        let mut estimate = Estimate::new(value, measurement);
        let why = "the pairs of its Fokker-Planck residual are formed within the samples";
        estimate.coupling = (regularizer.weight > 0.0).then(|| why.into());
        Ok(estimate)
    }

    fn target(&self) -> Target {
        match self.config.form {
            Form::Divergence => Target::Divergence,
            Form::CrossEntropy => Target::CrossEntropy,
        }
    }
}
