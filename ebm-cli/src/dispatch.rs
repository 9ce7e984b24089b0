//! From the widths of a problem, known at run time, to a geometry, known at compile time where there is one.

use ebm_core::geometry::{Fixed, Runtime};
use ebm_core::registry::SupportedGeometry;

/// Work that is written once for every geometry.
///
/// ```
/// use ebm_cli::{Work, with_geometry};
/// use ebm_core::random::Random;
/// use ebm_core::registry::{GeneratorConfig, SupportedGeometry};
///
/// /// Builds the generator `mlp` and counts what it trains.
/// struct Count;
///
/// impl Work for Count {
///     type Output = usize;
///     fn run<G: SupportedGeometry>(self, geometry: G) -> usize {
///         let config = toml::from_str::<Box<dyn GeneratorConfig>>("kind = \"mlp\"\nhidden = [10]").unwrap();
///         geometry.generator(&*config, Random::new(0)).unwrap().parameter_count()
///     }
/// }
///
/// // 2 to 10 to 2, and 3 to 10 to 5, with biases.
/// assert_eq!(with_geometry(2, 2, Count), 20 + 10 + 20 + 2);
/// assert_eq!(with_geometry(3, 5, Count), 30 + 10 + 50 + 5);
/// ```
pub trait Work {
    /// What it gives.
    type Output;
    /// Does it.
    fn run<G: SupportedGeometry>(self, geometry: G) -> Self::Output;
}

/// Does the work for `latent` latent and `data` data dimensions.
///
/// ```
/// use ebm_cli::{Work, with_geometry};
/// use ebm_core::registry::SupportedGeometry;
///
/// struct Describe;
///
/// impl Work for Describe {
///     type Output = String;
///     fn run<G: SupportedGeometry>(self, geometry: G) -> String {
///         format!("{geometry:?}")
///     }
/// }
///
/// // The plane is known at compile time, everything else at run time.
/// assert_eq!(with_geometry(2, 2, Describe), "Fixed");
/// assert_eq!(with_geometry(2, 5, Describe), "Runtime { latent: 2, data: 5 }");
/// ```
pub fn with_geometry<W: Work>(latent: usize, data: usize, work: W) -> W::Output {
    match (latent, data) {
        (2, 2) => work.run(Fixed::<2, 2>),
        _ => work.run(Runtime { latent, data }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Describe;
    impl Work for Describe {
        type Output = (String, usize, usize);
        fn run<G: SupportedGeometry>(self, geometry: G) -> Self::Output {
            (format!("{geometry:?}"), geometry.latent_width(), geometry.data_width())
        }
    }

    #[test]
    fn the_plane_is_known_at_compile_time_and_the_rest_at_run_time() {
        assert_eq!(with_geometry(2, 2, Describe), ("Fixed".into(), 2, 2));
        let (name, latent, data) = with_geometry(2, 5, Describe);
        assert!(name.starts_with("Runtime") && (latent, data) == (2, 5), "{name}");
    }
}
