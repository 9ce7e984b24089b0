//! Chooses a geometry for widths that are known at run time: a compile-time one where there is one.

use crate::config::RunConfig;

/// Number of latent and of data dimensions of the models of a configuration, for data of this width.
pub fn widths(config: &RunConfig, data: usize) -> (usize, usize) {
    (config.generator.latent_width(data), data)
}

/// Evaluates an expression that is generic over the geometry, for some number of latent and of data dimensions.
macro_rules! with_geometry {
    ($widths:expr, |$geometry:ident| $work:expr) => {
        match $widths {
            (2, 2) => {
                let $geometry = ebm_core::geometry::Fixed::<2, 2>;
                $work
            }
            (latent, data) => {
                let $geometry = ebm_core::geometry::Runtime { latent, data };
                $work
            }
        }
    };
}
pub(crate) use with_geometry;

#[cfg(test)]
mod tests {
    use ebm_core::geometry::Geometry;

    fn described(geometry: impl Geometry) -> (String, usize, usize) {
        (format!("{geometry:?}"), geometry.latent_width(), geometry.data_width())
    }

    #[test]
    fn the_plane_is_known_at_compile_time_and_the_rest_at_run_time() {
        assert_eq!(with_geometry!((2, 2), |geometry| described(geometry)), ("Fixed".into(), 2, 2));
        let (name, latent, data) = with_geometry!((2, 5), |geometry| described(geometry));
        assert!(name.starts_with("Runtime") && (latent, data) == (2, 5), "{name}");
    }
}
