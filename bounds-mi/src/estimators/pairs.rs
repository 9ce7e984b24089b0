/// Pairs of a sample `x_i` and a latent `z_j` of another draw, `i != j`, with weights that sum to 1.
///
/// The draws of a batch are independent, so x_i and z_j are too, just where `i != j`: then every term of a weighted mean
/// over the pairs has exactly the expectation under p(x) p(z), and the mean is unbiased, however much its terms depend on
/// each other. A pair with `i = j` would be one of the joint distribution; a random permutation has one on average, which
/// is why the pairs here come from a shift.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairs {
    /// Number of samples of the batch, `B`.
    pub samples: usize,
    /// The sample's index of each pair.
    pub x: Vec<usize>,
    /// The latent's index of each pair.
    pub z: Vec<usize>,
    /// Weight of each pair in a mean.
    pub weights: Vec<f64>,
    /// Sizes of the groups that are paired completely; empty for a shift.
    groups: Vec<usize>,
}

impl Pairs {
    /// Every sample with the latent `offset` further on, cyclically.
    ///
    /// # Panics
    /// If the offset is not between 1 and `samples - 1`.
    pub fn shifted(samples: usize, offset: usize) -> Self {
        assert!((1..samples).contains(&offset), "a shift by {offset} of {samples}");
        Self {
            samples,
            x: (0..samples).collect(),
            z: (0..samples).map(|i| (i + offset) % samples).collect(),
            weights: vec![1.0 / samples as f64; samples],
            groups: Vec::new(),
        }
    }

    /// Every sample with the latents of all others in its group. The groups are equal, up to one, and have `group` samples
    /// at most (or three, where pairs do not come out even).
    ///
    /// # Panics
    /// If there are fewer than 2 samples, or `group` is less than 2.
    pub fn all(samples: usize, group: usize) -> Self {
        assert!(samples >= 2 && group >= 2, "all pairs of {samples} in groups of {group}");
        let count = samples.div_ceil(group).min(samples / 2);
        let groups: Vec<usize> = (0..count).map(|g| samples / count + usize::from(g < samples % count)).collect();
        let (mut x, mut z, mut weights, mut start) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for &size in &groups {
            let members = start..start + size;
            for i in members.clone() {
                x.extend(vec![i; size - 1]);
                z.extend(members.clone().filter(|&j| j != i));
            }
            // The group's share of the samples over its number of pairs.
            weights.extend(vec![1.0 / (samples * (size - 1)) as f64; size * (size - 1)]);
            start += size;
        }
        Self { samples, x, z, weights, groups }
    }

    /// The upper limit of `infonce`: the mean of ln(group size) over the samples. 0 for a shift.
    pub fn cap(&self) -> f64 {
        let total: f64 = self.groups.iter().map(|&n| n as f64 * (n as f64).ln()).sum();
        total / self.samples as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_sample_meets_its_own_latent_and_all_are_used_alike(samples in 2usize..40, a in 0usize..100, group in 2usize..12) {
            for pairs in [Pairs::shifted(samples, 1 + a % (samples - 1)), Pairs::all(samples, group)] {
                prop_assert!(pairs.x.iter().zip(&pairs.z).all(|(i, j)| i != j));
                let mut shares = vec![(0.0, 0.0); samples];
                for ((&i, &j), w) in pairs.x.iter().zip(&pairs.z).zip(&pairs.weights) {
                    shares[i].0 += w;
                    shares[j].1 += w;
                }
                for (x, z) in shares {
                    prop_assert!((x * samples as f64 - 1.0).abs() < 1e-12);
                    prop_assert!((z * samples as f64 - 1.0).abs() < 1e-12);
                }
            }
            let largest = Pairs::all(samples, group).groups.into_iter().max().unwrap();
            prop_assert!(largest <= group.max(3));
        }
    }

    #[test]
    fn the_cap_is_the_logarithm_of_the_group() {
        assert!((Pairs::all(8, 8).cap() - 8f64.ln()).abs() < 1e-15);
        // Groups of 3 and 2.
        let cap = (3.0 * 3f64.ln() + 2.0 * 2f64.ln()) / 5.0;
        assert!((Pairs::all(5, 3).cap() - cap).abs() < 1e-15);
    }
}
