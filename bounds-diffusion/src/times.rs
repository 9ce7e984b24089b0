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
}
