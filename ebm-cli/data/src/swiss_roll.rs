use crate::prelude::*;
use std::f64::consts::PI;

/// The swiss roll seen from its side.
///
/// scikit-learn's `make_swiss_roll` with noise 1, its first and third coordinate, divided by 5: with t uniform on
/// [1.5 pi, 4.5 pi] the curve (t cos t, t sin t). The papers' and FFJORD's (Grathwohl et al., 2019) settings.
#[derive(Clone, Debug, PartialEq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SwissRoll {
    /// Standard deviation of the noise along an axis before scaling.
    #[default(1.0)]
    pub noise: f64,
    /// What all coordinates are divided by.
    #[default(5.0)]
    pub scale: f64,
}

impl Source for SwissRoll {
    fn sample(&self, n: usize, random: Random) -> Vec<Real> {
        let points = uniforms(n, random, "angle").into_iter().map(|u| {
            let angle = 1.5 * PI * (1.0 + 2.0 * u);
            [angle * angle.cos() / self.scale, angle * angle.sin() / self.scale]
        });
        with_noise(points, n, self.noise / self.scale, random)
    }
}

impl DatasetSpec for SwissRoll {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require_not_negative("noise", self.noise)?;
        require_positive("scale", self.scale)
    }
    load_endless!(clone);
}

register_dataset!(
    SwissRoll,
    name: "swiss-roll",
    summary: "the swiss roll seen from its side (D = 2)",
    reference: "scikit-learn make_swiss_roll; Grathwohl et al., FFJORD, ICLR 2019",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_noise_the_radius_tells_the_angle() {
        let roll = SwissRoll { noise: 0.0, scale: 5.0 };
        for row in roll.sample(500, Random::new(1)).chunks(2) {
            let (x, y) = (5.0 * f64::from(row[0]), 5.0 * f64::from(row[1]));
            let angle = x.hypot(y);
            assert!((4.712..14.138).contains(&angle), "{angle}");
            assert!((x - angle * angle.cos()).hypot(y - angle * angle.sin()) < 1e-3, "({x}, {y})");
        }
    }
}
