use crate::prelude::*;
use std::f64::consts::TAU;

/// Concentric circles with evenly growing radii and equal weights.
///
/// FFJORD's (Grathwohl et al., 2019) four rings, radii 3/4 to 3 with noise 0.08, scaled to an outer radius of 2.
#[derive(Clone, Debug, PartialEq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rings {
    /// Number of rings.
    #[default(4)]
    pub rings: usize,
    /// Radius of the outermost ring.
    #[default(2.0)]
    pub radius: f64,
    /// Standard deviation of the noise along an axis.
    #[default(0.053)]
    pub noise: f64,
}

impl Source for Rings {
    fn sample(&self, n: usize, random: Random) -> Vec<Real> {
        let angles = uniforms(n, random, "angle").into_iter().map(|u| TAU * u);
        let points = angles.zip(choices(n, self.rings, random, "ring")).map(|(angle, ring)| {
            let radius = self.radius * (ring + 1) as f64 / self.rings as f64;
            [radius * angle.cos(), radius * angle.sin()]
        });
        with_noise(points, n, self.noise, random)
    }
}

impl DatasetSpec for Rings {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require(self.rings > 0, "rings", self.rings, "a number > 0")?;
        require_positive("radius", self.radius)?;
        ConfigError::require_not_negative("noise", self.noise)
    }
    load_endless!(clone);
}

register_dataset!(
    Rings,
    name: "rings",
    summary: "four concentric circles (D = 2)",
    reference: "Grathwohl et al., FFJORD, ICLR 2019",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_noise_the_radii_are_evenly_spaced_and_equally_frequent() {
        let rings = Rings { noise: 0.0, ..Default::default() };
        let mut seen = [0usize; 4];
        for row in rings.sample(4000, Random::new(1)).chunks(2) {
            let radius = f64::from(row[0]).hypot(f64::from(row[1])) / 0.5;
            assert!((radius - radius.round()).abs() < 1e-5, "{radius}");
            seen[radius.round() as usize - 1] += 1;
        }
        // Binomial: standard deviation sqrt(4000 * 1/4 * 3/4) = 27.
        assert!(seen.iter().all(|&count| count.abs_diff(1000) < 135), "{seen:?}");
    }
}
