//! How many directions a spectrum spreads over.

/// `exp(-sum_i p_i ln p_i)` with `p_i = s_i / sum_j s_j`: d where all singular values are the same, 1 where one outweighs the
/// others, and NaN where all are 0 (Roy and Vetterli, The effective rank, EUSIPCO 2007).
pub fn effective_rank(singular_values: &[f64]) -> f64 {
    let sum: f64 = singular_values.iter().sum();
    let shares = singular_values.iter().map(|s| s / sum);
    // p ln p tends to 0 with p.
    let entropy: f64 = shares.map(|p| if p == 0.0 { 0.0 } else { -p * p.ln() }).sum();
    entropy.exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_exponential_of_the_entropy_of_the_shares() {
        // Shares 1/2, 1/4, 1/4: entropy 3/2 ln 2.
        assert!((effective_rank(&[1.0, 1.0, 2.0]) - 2f64.powf(1.5)).abs() < 1e-12);
        for d in [1, 2, 7, 128] {
            assert!((effective_rank(&vec![0.3; d]) - d as f64).abs() < 1e-9);
        }
        assert_eq!(effective_rank(&[0.0, 0.0, 5.0]), 1.0);
        assert!(effective_rank(&[0.0, 0.0]).is_nan());
    }
}
