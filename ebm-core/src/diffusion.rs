//! Diffusion processes `dx = c(t) x dt + g(t) dw` on t in [0, 1], and their Gaussian marginals.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use crate::error::ConfigError;

/// A process with marginals `x_t = a(t) x_0 + s(t) n`, n ~ N(0, I) (Song et al., ICLR 2021, section 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(rename_all = "kebab-case")]
pub enum Process {
    /// Variance preserving, `dx = -beta(t)/2 x dt + sqrt(beta(t)) dw` with beta linear in t: data fades into N(0, I).
    #[default]
    Vp(Vp),
    /// Variance exploding, `dx = g(t) dw` with `a = 1`, `s(t)^2 = sigma(t)^2 - sigma(0)^2` and sigma geometric in t.
    Ve(Ve),
}

/// Rates of the variance preserving process.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct Vp {
    /// beta(0).
    #[default(0.1)]
    pub beta_min: f64,
    /// beta(1).
    #[default(20.0)]
    pub beta_max: f64,
}

/// Scales of the variance exploding process.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct Ve {
    /// sigma(0).
    #[default(0.01)]
    pub sigma_min: f64,
    /// sigma(1).
    #[default(10.0)]
    pub sigma_max: f64,
}

/// A process at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Moment {
    /// a(t): what is left of x_0.
    pub signal: f64,
    /// s(t): the standard deviation of the noise in x_t.
    pub noise: f64,
    /// da/dt.
    pub signal_rate: f64,
    /// d(s^2)/dt.
    pub variance_rate: f64,
    /// g(t)^2.
    pub diffusion: f64,
    /// c(t) of the drift `c(t) x`; its divergence is `D c(t)`.
    pub drift: f64,
}

impl Process {
    /// The end of the process.
    pub const HORIZON: f64 = 1.0;

    /// Refuses rates that cannot be used: the first, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        let (key, [lower, upper], low, high) = match *self {
            Self::Vp(Vp { beta_min, beta_max }) => ("vp", ["beta_min", "beta_max"], beta_min, beta_max),
            Self::Ve(Ve { sigma_min, sigma_max }) => ("ve", ["sigma_min", "sigma_max"], sigma_min, sigma_max),
        };
        ConfigError::require(
            low > 0.0 && low < high && high.is_finite(),
            key,
            format!("{lower} {low}, {upper} {high}"),
            &format!("0 < {lower} < {upper}"),
        )
    }

    /// The process at time t.
    pub fn at(&self, t: f64) -> Moment {
        match *self {
            Self::Vp(Vp { beta_min, beta_max }) => {
                let beta = beta_min + t * (beta_max - beta_min);
                let total = beta_min * t + 0.5 * t * t * (beta_max - beta_min);
                let signal = (-0.5 * total).exp();
                Moment {
                    signal,
                    // 1 - a^2 without cancellation near t = 0.
                    noise: (-(-total).exp_m1()).sqrt(),
                    signal_rate: -0.5 * beta * signal,
                    variance_rate: beta * signal * signal,
                    diffusion: beta,
                    drift: -0.5 * beta,
                }
            }
            Self::Ve(Ve { sigma_min, sigma_max }) => {
                let rate = 2.0 * (sigma_max / sigma_min).ln();
                let variance = sigma_min * sigma_min * (rate * t).exp();
                Moment {
                    signal: 1.0,
                    noise: sigma_min * (rate * t).exp_m1().sqrt(),
                    signal_rate: 0.0,
                    variance_rate: rate * variance,
                    diffusion: rate * variance,
                    drift: 0.0,
                }
            }
        }
    }

    /// The time at which the noise has standard deviation `s`.
    pub fn time_of_noise(&self, s: f64) -> f64 {
        match *self {
            Self::Vp(Vp { beta_min, beta_max }) => {
                // Solves beta_min t + (beta_max - beta_min)/2 t^2 = -ln(1 - s^2).
                let (total, slope) = (-(-s * s).ln_1p(), beta_max - beta_min);
                2.0 * total / (beta_min + (beta_min * beta_min + 2.0 * slope * total).sqrt())
            }
            Self::Ve(Ve { sigma_min, sigma_max }) => {
                let rate = 2.0 * (sigma_max / sigma_min).ln();
                (s * s / (sigma_min * sigma_min)).ln_1p() / rate
            }
        }
    }

    /// Variance of the Gaussian N(0, v I) that x_1 approaches, for data much narrower than that.
    pub fn end_variance(&self) -> f64 {
        match self {
            Self::Vp(_) => 1.0,
            Self::Ve(_) => self.at(Self::HORIZON).noise.powi(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROCESSES: [Process; 2] =
        [Process::Vp(Vp { beta_min: 0.1, beta_max: 20.0 }), Process::Ve(Ve { sigma_min: 0.01, sigma_max: 10.0 })];

    #[test]
    fn the_moments_solve_the_equations_of_the_process() {
        // Of dx = c x dt + g dw: a' = c a, (s^2)' = 2 c s^2 + g^2.
        for process in PROCESSES {
            for t in [1e-3, 0.1, 0.4, 0.9] {
                let (m, h) = (process.at(t), 1e-6);
                let (above, below) = (process.at(t + h), process.at(t - h));
                let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-6 * (1.0 + b.abs()), "{process:?} {t}: {a} {b}");
                near((above.signal - below.signal) / (2.0 * h), m.signal_rate);
                near((above.noise.powi(2) - below.noise.powi(2)) / (2.0 * h), m.variance_rate);
                near(m.signal_rate, m.drift * m.signal);
                near(m.variance_rate, 2.0 * m.drift * m.noise.powi(2) + m.diffusion);
                near(process.time_of_noise(m.noise), t);
            }
            let start = process.at(0.0);
            assert_eq!((start.signal, start.noise), (1.0, 0.0));
        }
    }

    #[test]
    fn the_default_process_ends_where_song_et_al_say() {
        // exp(-(20 + 0.1)/4) = 0.0065715: what is left of the data at t = 1.
        let end = Process::default().at(1.0);
        assert!((end.signal - 0.006_571_5).abs() < 1e-6, "{}", end.signal);
        assert!((end.noise.powi(2) + end.signal.powi(2) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn rates_out_of_order_are_refused() {
        let swapped = Process::Vp(Vp { beta_min: 20.0, beta_max: 0.1 });
        assert!(swapped.check().is_err());
        let zero = Process::Ve(Ve { sigma_min: 0.0, sigma_max: 1.0 });
        assert!(zero.check().is_err());
        assert!(PROCESSES.iter().all(|p| p.check().is_ok()));
    }
}
