use crate::prelude::*;
use std::f64::consts::TAU;

/// A pinwheel: Gaussians of unequal radial and tangential width, set on a circle and twisted by their radius.
///
/// Johnson et al. (2016), with FFJORD's (Grathwohl et al., 2019) settings: 5 arms, radial deviation 0.3, tangential 0.1, rate
/// 0.25, all doubled. A point of radius r on the arm at angle a is turned by a + rate * exp(r).
#[derive(Clone, Debug, PartialEq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Pinwheel {
    /// Number of arms.
    #[default(5)]
    pub arms: usize,
    /// Standard deviation along an arm before scaling; the arms' middles have radius 1.
    #[default(0.3)]
    pub radial: f64,
    /// Standard deviation across an arm before scaling.
    #[default(0.1)]
    pub tangential: f64,
    /// How strongly the arms are twisted.
    #[default(0.25)]
    pub rate: f64,
    /// What all coordinates are multiplied by.
    #[default(2.0)]
    pub scale: f64,
}

impl Source for Pinwheel {
    fn sample(&self, n: usize, random: Random) -> Vec<Real> {
        let noise = random.stream("noise").normals(2 * n);
        let arms = choices(n, self.arms, random, "arm");
        let twist = |(arm, noise): (usize, &[Real])| {
            let along = 1.0 + self.radial * f64::from(noise[0]);
            let across = self.tangential * f64::from(noise[1]);
            let angle = TAU * arm as f64 / self.arms as f64 + self.rate * along.exp();
            let (sine, cosine) = angle.sin_cos();
            [along * cosine + across * sine, across * cosine - along * sine].map(|v| (self.scale * v) as Real)
        };
        arms.into_iter().zip(noise.chunks(2)).flat_map(twist).collect()
    }
}

impl DatasetSpec for Pinwheel {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require(self.arms > 0, "arms", self.arms, "a number > 0")?;
        ConfigError::require_not_negative("radial", self.radial)?;
        ConfigError::require_not_negative("tangential", self.tangential)?;
        ConfigError::require(self.rate.is_finite(), "rate", self.rate, "a finite number")?;
        require_positive("scale", self.scale)
    }
    load_endless!(clone);
}

register_dataset!(
    Pinwheel,
    name: "pinwheel",
    summary: "five curved arms around a centre (D = 2)",
    reference: "Johnson et al., Composing graphical models with neural networks, NeurIPS 2016",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn untwisting_gives_the_arms_back() {
        let wheel = Pinwheel { tangential: 0.0, ..Default::default() };
        let mut seen = [0usize; 5];
        for row in wheel.sample(2000, Random::new(1)).chunks(2) {
            let (x, y) = (f64::from(row[0]) / 2.0, f64::from(row[1]) / 2.0);
            let radius = x.hypot(y);
            // Points with a negative radius, beyond -3.3 standard deviations, are mirrored; there are few.
            let arm = ((-y).atan2(x) - 0.25 * radius.exp()) / (TAU / 5.0);
            if (arm - arm.round()).abs() < 1e-3 {
                seen[arm.round().rem_euclid(5.0) as usize % 5] += 1;
            }
        }
        assert!(seen.iter().sum::<usize>() > 1980 && seen.iter().all(|&count| count > 300), "{seen:?}");
    }
}
