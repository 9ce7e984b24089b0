use ebm_core::data::{Dataset, Modes};
use ebm_core::{device::Real, error::ConfigError, random::Random};

/// A distribution in the plane that can be drawn from.
pub(crate) trait Source: Send + Sync {
    /// `n` samples, row-major `[n, 2]`: a function of the place alone.
    fn sample(&self, n: usize, random: Random) -> Vec<Real>;
    /// `n` samples of a training batch, which need not be independent of each other.
    fn batch(&self, n: usize, random: Random) -> Vec<Real> {
        self.sample(n, random)
    }
    /// The modes, if it is a mixture of separated round components.
    fn modes(&self) -> Option<Modes> {
        None
    }
    /// The differential entropy in nats, if known.
    fn entropy(&self) -> Option<f64> {
        None
    }
}

/// A data set whose every draw is fresh. Held-out samples are from a stream of their own.
#[derive(Clone, Debug)]
pub(crate) struct Endless<S>(pub S);

impl<S: Source> Dataset for Endless<S> {
    fn width(&self) -> usize {
        2
    }
    fn draw(&self, n: usize, random: Random) -> Vec<Real> {
        self.0.batch(n, random.stream("training"))
    }
    fn held_out(&self, n: usize, random: Random) -> Vec<Real> {
        self.0.sample(n, random.stream("held-out"))
    }
    fn modes(&self) -> Option<Modes> {
        self.0.modes()
    }
    fn entropy(&self) -> Option<f64> {
        self.0.entropy()
    }
}

/// Loads the distribution that a method of the configuration gives; it needs no files.
macro_rules! load_endless {
    ($distribution:ident) => {
        fn load(&self, _: &Path, _: Random) -> Result<Box<dyn Dataset>, DataError> {
            Ok(Box::new(crate::synthetic::Endless(self.$distribution())))
        }
    };
}
pub(super) use load_endless;

/// Refuses a length that is not positive and finite.
pub(super) fn require_positive(key: &str, value: f64) -> Result<(), ConfigError> {
    ConfigError::require(value > 0.0 && value.is_finite(), key, value, "a finite number > 0")
}

/// Points `(f(u), ...)` with normal noise of a standard deviation on both coordinates, row-major.
pub(super) fn with_noise(
    points: impl IntoIterator<Item = [f64; 2]>,
    n: usize,
    deviation: f64,
    random: Random,
) -> Vec<Real> {
    let noise = random.stream("noise").normals(2 * n);
    let values = points.into_iter().take(n).flatten().zip(noise);
    values.map(|(value, noise)| (value + deviation * f64::from(noise)) as Real).collect()
}

/// `n` values uniform on [0, 1), for one purpose.
pub(super) fn uniforms(n: usize, random: Random, purpose: &str) -> Vec<f64> {
    random.stream(purpose).uniforms(n).into_iter().map(f64::from).collect()
}

/// `n` whole numbers uniform on 0..`choices`, for one purpose.
pub(super) fn choices(n: usize, choices: usize, random: Random, purpose: &str) -> Vec<usize> {
    let pick = |u: f64| ((u * choices as f64) as usize).min(choices - 1);
    uniforms(n, random, purpose).into_iter().map(pick).collect()
}
