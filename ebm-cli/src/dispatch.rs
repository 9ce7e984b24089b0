//! Chooses a geometry for widths that are known at run time: a compile-time one where there is one.

use ebm_core::geometry::{Fixed, Runtime};
use ebm_core::registry::SupportedGeometry;

/// Work that is written once for every geometry.
pub trait Work {
    /// Its result.
    type Output;
    /// Does the work.
    fn run<G: SupportedGeometry>(self, geometry: G) -> Self::Output;
}

/// Does the work for `latent` latent and `data` data dimensions.
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
