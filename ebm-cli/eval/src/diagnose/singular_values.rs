//! The singular values over a batch of latents.

use ebm_core::device::Real;
use ebm_core::geometry::Geometry;
use ebm_core::jacobian::{jacobian, spectrum};
use ebm_core::models::Generator;
use ebm_core::tape::SharedTape;

/// Values of samples and of their Jacobians that are held at once; the networks hold several times as many.
const VALUES: usize = 1 << 22;

/// The singular values of the Jacobian at every latent of `[n, d]`, smallest first: n rows of d.
///
/// They are the roots of the eigenvalues of `J^T J`, whose entries are summed in double precision from columns in the build's.
/// See [`Rounding`](super::Rounding) for what that is good for. The batch is worked on in parts, so that memory stays bounded.
pub fn singular_values<G: Geometry>(generator: &dyn Generator<G>, latents: &[Real]) -> Vec<Vec<f64>> {
    let geometry = generator.geometry();
    let part = |part: &[Real]| {
        let z = geometry.latents(part.to_vec());
        spectrum(&jacobian(generator, SharedTape::off().watch(&z)))
    };
    latents.chunks(values_at_once(geometry)).flat_map(part).collect()
}

/// Values of latents to work on at once: whole rows of d.
pub(super) fn values_at_once<G: Geometry>(geometry: G) -> usize {
    let (d, width) = (geometry.latent_width(), geometry.data_width());
    (VALUES / ((1 + d) * width).max(1)).max(1) * d
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::geometry::Runtime;
    use ebm_core::random::Random;
    use ebm_models::mlp::{MlpGenerator, MlpGeneratorConfig};

    #[test]
    fn a_batch_of_several_parts_has_the_values_of_each_latent_alone() {
        let geometry = Runtime {
            latent: 2,
            data: VALUES / 8,
        };
        assert_eq!(values_at_once(geometry), 2 * 2);
        let config = MlpGeneratorConfig {
            hidden: vec![3],
            ..Default::default()
        };
        let model = MlpGenerator::new(geometry, &config, Random::new(1));
        let latents = Random::new(2).normals(5 * 2);
        let all = singular_values(&model as &dyn Generator<_>, &latents);
        assert_eq!(all.len(), 5);
        for (z, values) in latents.chunks(2).zip(&all) {
            let alone = &singular_values(&model as &dyn Generator<_>, z)[0];
            for (a, b) in values.iter().zip(alone) {
                assert!((a / b - 1.0).abs() < 1e-4, "{values:?} {alone:?}");
            }
        }
    }
}
