use dfdx::prelude::*;

use crate::geometry::{Geometry, Latents};
use crate::kernels::DeviceVec;
use crate::kernels::directions::axes;
use crate::models::Generator;
use crate::tape::SharedTape;

/// Values of columns that are held at a time. A network of convolutions holds some twenty times as many between its layers.
const AT_ONCE: usize = 1 << 21;

/// `d/2 log( ||J||_F^2 / d )` of every sample, B of them: never below `1/2 log det(J^T J)`, by the inequality of the means.
///
/// It is for reporting: nothing is recorded on a tape. J is formed a few columns at a time, so memory does not grow with d.
pub fn log_mean_square<G: Geometry>(generator: &dyn Generator<G>, z: &Latents<G>) -> Vec<f64> {
    let geometry = generator.geometry();
    let rows = z.shape().0 * geometry.data_width();
    in_parts(generator, z, (AT_ONCE / rows.max(1)).max(1))
}

/// The same from `count` columns at a time.
fn in_parts<G: Geometry>(generator: &dyn Generator<G>, z: &Latents<G>, count: usize) -> Vec<f64> {
    let geometry = generator.geometry();
    let (batch, d) = (z.shape().0, geometry.latent_width());
    let off = SharedTape::off();
    let mut squares = vec![0.0; batch];
    for first in (0..d).step_by(count) {
        let which = first..(first + count).min(d);
        let directions = axes(batch, geometry.latent(), which);
        let (_, columns) = generator.pushforward(off.watch(z), directions.put_tape(SharedTape::off()));
        let of_columns = DeviceVec::squared_norms(&columns.split_tape().0).read();
        for (row, square) in of_columns.into_iter().enumerate() {
            squares[row % batch] += square;
        }
    }
    let half = 0.5 * d as f64;
    squares.iter().map(|square| half * (square / d as f64).ln()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Runtime;
    use crate::jacobian::{jacobian, spectrum};
    use crate::models::closed_form::TriangularFlow;
    use crate::random::Random;

    #[test]
    fn it_is_that_of_all_singular_values_however_many_columns_are_held_at_a_time() {
        let g = Runtime { latent: 5, data: 5 };
        let draw =
            |stream: &str| Random::new(1).stream(stream).normals(25).into_iter().map(f64::from).collect::<Vec<_>>();
        let model = TriangularFlow::new(g, &draw("scale"), &draw("shift"));
        let model = &model as &dyn Generator<_>;
        let z = g.latents(Random::new(2).normals(3 * 5));
        let all = spectrum(&jacobian(model, SharedTape::off().watch(&z)));
        let expected = all.iter().map(|s| 2.5 * (s.iter().map(|s| s * s).sum::<f64>() / 5.0).ln());
        let expected: Vec<f64> = expected.collect();
        for count in [1, 2, 3, 5, 100] {
            for (found, expected) in in_parts(model, &z, count).iter().zip(&expected) {
                assert!(
                    (found - expected).abs() < 1e-5 * (1.0 + expected.abs()),
                    "{count} at a time: {found}, not {expected}"
                );
            }
        }
    }
}
