//! The times that samples are drawn at, and their weights in the loss.

use ebm_core::diffusion::{Moment, Process};

use crate::{DiffusionConfig, Sampling, Weighting};

impl DiffusionConfig {
    /// A time from a uniform draw, and one over its density.
    pub(crate) fn time(&self, uniform: f64) -> (f64, f64) {
        match self.sampling {
            Sampling::Uniform => {
                let length = self.t_max - self.t_min;
                (self.t_min + uniform * length, length)
            }
            Sampling::Importance => {
                // g^2/s^2 is the slope of u(t) = ln(s^2/a^2), for both processes.
                let u = |t: f64| {
                    let m = self.process.at(t);
                    2.0 * (m.noise / m.signal).ln()
                };
                let (low, high) = (u(self.t_min), u(self.t_max));
                let ratio = (low + uniform * (high - low)).exp();
                let noise = match self.process {
                    // s^2 + a^2 = 1
                    Process::Vp(_) => (ratio / (1.0 + ratio)).sqrt(),
                    Process::Ve(_) => ratio.sqrt(),
                };
                let t = self.process.time_of_noise(noise).clamp(self.t_min, self.t_max);
                let m = self.process.at(t);
                (t, (high - low) * m.noise * m.noise / m.diffusion)
            }
        }
    }

    /// A time from `t` on, by a uniform draw, from whose distribution a point off the samples of time `t` is taken: with
    /// `s(t') = min(s(t_max), rho s(t))`, ln rho uniform on [0, ln spread].
    pub(crate) fn later(&self, t: f64, uniform: f64) -> f64 {
        let rho = self.fokker_planck.spread.powf(uniform);
        let noise = (rho * self.process.at(t).noise).min(self.process.at(self.t_max).noise);
        // Not `clamp`: a time that was rounded may be a little beyond the last one.
        self.process.time_of_noise(noise).min(self.t_max).max(t)
    }

    /// The weight of a time.
    pub(crate) fn weight_at(&self, moment: &Moment) -> f64 {
        match self.weighting {
            Weighting::Likelihood => moment.diffusion,
            Weighting::Variance => moment.noise * moment.noise,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RegularizerConfig;
    use ebm_core::diffusion::{Ve, Vp};

    #[test]
    fn times_have_the_density_that_they_are_said_to_have() {
        // The mean of 1/density over the draws is the length of the interval, and that of g^2/density the integral of
        // g^2, for every way of drawing.
        for process in [Process::Vp(Vp::default()), Process::Ve(Ve::default())] {
            for sampling in [Sampling::Uniform, Sampling::Importance] {
                let config = DiffusionConfig { process, sampling, ..Default::default() };
                let n = 200_000;
                let mean = |f: &dyn Fn(f64) -> f64| -> f64 {
                    let one = |i: usize| {
                        let (t, inverse) = config.time((i as f64 + 0.5) / n as f64);
                        f(t) * inverse
                    };
                    (0..n).map(one).sum::<f64>() / n as f64
                };
                let length = mean(&|_| 1.0);
                assert!((length - 0.999).abs() < 1e-6, "{process:?} {sampling:?}: {length}");
                let total = mean(&|t| process.at(t).diffusion);
                let exact = match process {
                    // 0.1 * 0.999 + 19.9/2 * (1 - 1e-6)
                    Process::Vp(_) => 0.0999 + 9.95 * (1.0 - 1e-6),
                    Process::Ve(_) => process.at(1.0).noise.powi(2) - process.at(1e-3).noise.powi(2),
                };
                assert!((total / exact - 1.0).abs() < 1e-6, "{process:?} {sampling:?}: {total} {exact}");
            }
        }
    }

    #[test]
    fn later_times_are_as_noisy_as_they_are_said_to_be() {
        for process in [Process::Vp(Vp::default()), Process::Ve(Ve::default())] {
            let fokker_planck = RegularizerConfig { spread: 30.0, ..Default::default() };
            let config = DiffusionConfig { process, fokker_planck, ..Default::default() };
            let last = process.at(1.0).noise;
            for t in [1e-3, 0.05, 0.4, 1.0] {
                let s = process.at(t).noise;
                for (uniform, rho) in [(0.0, 1.0), (0.5, 30f64.sqrt()), (1.0, 30.0)] {
                    let later = config.later(t, uniform);
                    let found = process.at(later).noise;
                    assert!(later >= t && later <= 1.0, "{process:?} {t} {uniform}: {later}");
                    assert!((found / (rho * s).min(last) - 1.0).abs() < 1e-6, "{process:?} {t} {uniform}: {found}");
                }
            }
        }
    }

    #[test]
    fn late_times_weigh_less_where_that_is_asked_for() {
        let weights =
            |until| [0.1, 0.3, 0.45, 0.6, 1.0].map(|s| RegularizerConfig { until, ..Default::default() }.weight_at(s));
        assert_eq!(weights(0.0), [1.0; 5]);
        for (found, expected) in weights(0.3).into_iter().zip([1.0, 1.0, 0.5, 0.0, 0.0]) {
            assert!((found - expected).abs() < 1e-12, "{found}");
        }
    }
}
