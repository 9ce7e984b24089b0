use crate::sampling::distance;
use ebm_core::device::Real;

/// The neighbour whose distance tells the density.
const NEIGHBOUR: usize = 4;
/// Fewer different points have no estimate.
const FEWEST: usize = 16;

/// The entropy in nats of the law of `points` `[n, D]`, by the distances to their 4th neighbours; `None` for fewer than 16 different
/// points.
///
/// ```text
/// H = psi(n) - psi(k) + log V_D + D/n sum_i log r_i,   V_D = the volume of the unit ball
/// ```
///
/// Kozachenko and Leonenko, "Sample estimate of the entropy of a random vector", 1987.
pub(super) fn entropy(points: &[Real], width: usize) -> Option<f64> {
    let mut rows: Vec<&[Real]> = points.chunks_exact(width).collect();
    // Chains that stood still leave the same point several times.
    rows.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    rows.dedup();
    let n = rows.len();
    if n < FEWEST {
        return None;
    }
    let logarithm = |row: &&[Real]| {
        let mut distances: Vec<f64> = rows.iter().map(|other| distance(row, other)).collect();
        // The nearest is the point itself.
        let (_, kth, _) = distances.select_nth_unstable_by(NEIGHBOUR, f64::total_cmp);
        kth.ln()
    };
    let sum: f64 = rows.iter().map(logarithm).sum();
    // psi(n) - psi(k) = 1/k + ... + 1/(n - 1)
    let harmonic: f64 = (NEIGHBOUR..n).map(|i| 1.0 / i as f64).sum();
    Some(harmonic + log_ball(width) + width as f64 * sum / n as f64)
}

/// The logarithm of the volume of the unit ball: `V_D = V_(D-2) 2 pi / D`.
fn log_ball(width: usize) -> f64 {
    match width {
        0 => 0.0,
        1 => 2f64.ln(),
        _ => log_ball(width - 2) + (std::f64::consts::TAU / width as f64).ln(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::random::Random;

    #[test]
    fn of_normal_numbers_it_is_known() {
        // D/2 log(2 pi e); the estimate's standard error is about sqrt(D / 2n).
        for width in [1, 2, 5] {
            let points = Random::new(1).normals(2000 * width);
            let exact = 1.418_938_533_2 * width as f64;
            let found = entropy(&points, width).unwrap();
            assert!((found - exact).abs() < 0.15, "{width}: {found} {exact}");
        }
        // 4/3 pi, and pi^2 / 2.
        assert!((log_ball(3) - 4.188_790_204_8f64.ln()).abs() < 1e-9);
        assert!((log_ball(4) - 4.934_802_200_5f64.ln()).abs() < 1e-9);
    }

    #[test]
    fn points_that_are_the_same_count_once() {
        let points = Random::new(1).normals(100);
        let twice = [points.clone(), points.clone()].concat();
        assert_eq!(entropy(&points, 1), entropy(&twice, 1));
        assert_eq!(entropy(&[0.5; 100], 1), None);
    }
}
