use super::Pairs;

/// The standard error of `mean_i a_i - sum_r w_r b_r` over draws that appear in both terms, and in several pairs.
///
/// Every draw i moves the value by its own `h_i = a_i - (mean of b over pairs with x_i) - (the same with z_i)` (Hajek's
/// projection; van der Vaart, Asymptotic Statistics, 1998, chapter 12). The part that is particular to a pair is
/// counted twice in the spread of h, once for each of its draws, so `sum_r w_r^2 (b_r - mean)^2` is taken off again. In
/// a small batch the rest may come out negative; then the two means are treated as independent.
pub(super) fn standard_error(a: &[f64], b: &[f64], pairs: &Pairs) -> f64 {
    let n = pairs.samples as f64;
    let mean: f64 = b.iter().zip(&pairs.weights).map(|(b, w)| w * b).sum();
    let mut influence = a.to_vec();
    let mut pair_variance = 0.0;
    for (r, (b, w)) in b.iter().zip(&pairs.weights).enumerate() {
        influence[pairs.x[r]] -= n * w * b;
        influence[pairs.z[r]] -= n * w * b;
        pair_variance += (w * (b - mean)).powi(2);
    }
    let of_mean = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / n;
        values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0) / n
    };
    let together = of_mean(&influence) - pair_variance;
    if together > 0.0 {
        return together.sqrt();
    }
    (of_mean(a) + pair_variance).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::random::Random;

    /// Values that share draws in every way: `a = u v`, `b = u_i + 2 v_j + u_i v_j + u_i v_j^2 / 2` with u, v correlated.
    fn draw(seed: u64, pairs: &Pairs) -> (Vec<f64>, Vec<f64>) {
        let normals = Random::new(seed).normals(2 * pairs.samples);
        let u: Vec<f64> = normals.iter().step_by(2).map(|v| f64::from(*v)).collect();
        let second = normals.iter().skip(1).step_by(2);
        let v: Vec<f64> = second.zip(&u).map(|(v, u)| 0.6 * u + 0.8 * f64::from(*v)).collect();
        let a = u.iter().zip(&v).map(|(u, v)| u * v).collect();
        let of = |(&i, &j): (&usize, &usize)| u[i] + 2.0 * v[j] + u[i] * v[j] + 0.5 * u[i] * v[j] * v[j];
        (a, pairs.x.iter().zip(&pairs.z).map(of).collect())
    }

    #[test]
    fn it_is_the_spread_of_the_value_over_batches() {
        for pairs in [Pairs::shifted(100, 17), Pairs::all(100, 100), Pairs::all(100, 5)] {
            let batches = 3000;
            let (mut values, mut squared_errors) = (Vec::new(), 0.0);
            for seed in 0..batches {
                let (a, b) = draw(seed, &pairs);
                let product: f64 = b.iter().zip(&pairs.weights).map(|(b, w)| b * w).sum();
                values.push(a.iter().sum::<f64>() / a.len() as f64 - product);
                squared_errors += standard_error(&a, &b, &pairs).powi(2) / batches as f64;
            }
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64;
            // The spread of 3000 values is known to 1.3 %, somewhat less well for their long tails.
            let ratio = (squared_errors / variance).sqrt();
            assert!((ratio - 1.0).abs() < 0.06, "{ratio}");
        }
    }

    #[test]
    fn of_independent_means_it_is_the_root_of_the_sum_of_squares_where_nothing_else_can_be_told() {
        // a = -b makes the spread of h vanish: h = a - b_0 - b_1 = (1 + 3) - ... is the same for both draws.
        let pairs = Pairs::shifted(2, 1);
        let error = standard_error(&[1.0, 1.0], &[1.0, 3.0], &pairs);
        // Means 1 and 2; of a nothing varies, of b: 2 (0.5)^2.
        assert!((error - 0.5f64.sqrt()).abs() < 1e-15, "{error}");
    }
}
