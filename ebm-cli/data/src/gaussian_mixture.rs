use ebm_core::data::Modes;
use std::f64::consts::{E, PI, TAU};

use crate::prelude::*;

/// The mixture of round Gaussians with equal weights, these centres and one standard deviation.
fn mixture(centres: impl IntoIterator<Item = [f64; 2]>, standard_deviation: f64) -> Modes {
    Modes { centres: centres.into_iter().map(Vec::from).collect(), standard_deviation }
}

/// One sample of each of these components.
fn of_components(modes: &Modes, components: &[usize], random: Random) -> Vec<Real> {
    let centres = components.iter().map(|&k| [modes.centres[k][0], modes.centres[k][1]]);
    with_noise(centres, components.len(), modes.standard_deviation, random)
}

impl Source for Modes {
    fn sample(&self, n: usize, random: Random) -> Vec<Real> {
        of_components(self, &choices(n, self.centres.len(), random, "component"), random)
    }

    fn modes(&self) -> Option<Modes> {
        Some(self.clone())
    }

    /// `log K + log(2 pi e s^2)` where the components are at least 12 standard deviations apart (their overlap then
    /// changes the entropy by less than 1e-6 nats); unknown otherwise.
    fn entropy(&self) -> Option<f64> {
        let Modes { centres, standard_deviation: deviation } = self;
        let distance = |a: &[f64], b: &[f64]| (a[0] - b[0]).hypot(a[1] - b[1]);
        let mut pairs = (0..centres.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
        let separated = pairs.all(|(i, j)| distance(&centres[i], &centres[j]) >= 12.0 * deviation);
        separated.then(|| (centres.len() as f64).ln() + (2.0 * PI * E * deviation * deviation).ln())
    }
}

/// A mixture whose training batches hold equally many samples of every component, and only what is left over at random.
struct Stratified(Modes);

impl Source for Stratified {
    fn sample(&self, n: usize, random: Random) -> Vec<Real> {
        self.0.sample(n, random)
    }

    fn batch(&self, n: usize, random: Random) -> Vec<Real> {
        let count = self.0.centres.len();
        let rest = choices(n % count, count, random, "component");
        let components: Vec<usize> = (0..n - rest.len()).map(|index| index % count).chain(rest).collect();
        of_components(&self.0, &components, random)
    }

    fn modes(&self) -> Option<Modes> {
        self.0.modes()
    }

    fn entropy(&self) -> Option<f64> {
        self.0.entropy()
    }
}

/// Eight Gaussians at equal angles on a circle.
///
/// The settings of Gulrajani et al. (2017): radius 2, standard deviation 0.02, all divided by 1.414. (The toy of the
/// same name in the flow literature is broader: radius 4, standard deviation 0.5.)
#[derive(Clone, Debug, PartialEq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EightGaussians {
    /// Distance of the centres from the origin before scaling.
    #[default(2.0)]
    pub radius: f64,
    /// Standard deviation of each Gaussian along an axis before scaling.
    #[default(0.02)]
    pub deviation: f64,
    /// What all coordinates are divided by.
    #[default(1.414)]
    pub scale: f64,
}

impl EightGaussians {
    fn mixture(&self) -> Modes {
        let radius = self.radius / self.scale;
        let centre = |k: u32| {
            let (sine, cosine) = (TAU * f64::from(k) / 8.0).sin_cos();
            [radius * cosine, radius * sine]
        };
        mixture((0..8).map(centre), self.deviation / self.scale)
    }
}

impl DatasetSpec for EightGaussians {
    fn check(&self) -> Result<(), ConfigError> {
        require_positive("radius", self.radius)?;
        require_positive("deviation", self.deviation)?;
        require_positive("scale", self.scale)
    }
    load_endless!(mixture);
}

register_dataset!(
    EightGaussians,
    name: "8-gaussians",
    summary: "8 Gaussians on a circle (D = 2)",
    reference: "Gulrajani et al., Improved Training of Wasserstein GANs, NeurIPS 2017",
);

/// 25 Gaussians on a 5 x 5 grid in the plane.
///
/// The settings of Gulrajani et al. (2017) and of the papers: spacing 2, standard deviation 0.05, all divided by 2.828.
/// The entropy is `log 25 + log(2 pi e s^2)` = -2.0139 nats.
#[derive(Clone, Debug, PartialEq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TwentyFiveGaussians {
    /// Distance of neighbouring centres before scaling.
    #[default(2.0)]
    pub spacing: f64,
    /// Standard deviation of each Gaussian along an axis before scaling.
    #[default(0.05)]
    pub deviation: f64,
    /// What all coordinates are divided by.
    #[default(2.828)]
    pub scale: f64,
    /// Whether a training batch holds equally many samples of every mode, as the papers' released code draws it, instead of
    /// independent ones.
    pub stratified: bool,
}

impl TwentyFiveGaussians {
    fn mixture(&self) -> Modes {
        let place = |index: usize| (index as f64 - 2.0) * self.spacing / self.scale;
        mixture((0..25).map(|k| [place(k % 5), place(k / 5)]), self.deviation / self.scale)
    }
}

impl DatasetSpec for TwentyFiveGaussians {
    fn check(&self) -> Result<(), ConfigError> {
        require_positive("spacing", self.spacing)?;
        require_positive("deviation", self.deviation)?;
        require_positive("scale", self.scale)
    }
    fn load(&self, _: &Path, _: Random) -> Result<Box<dyn Dataset>, DataError> {
        let mixture = self.mixture();
        Ok(if self.stratified { Box::new(Endless(Stratified(mixture))) } else { Box::new(Endless(mixture)) })
    }
}

register_dataset!(
    TwentyFiveGaussians,
    name: "25-gaussians",
    summary: "25 Gaussians on a 5 x 5 grid (D = 2, entropy -2.0139 nats)",
    reference: "Gulrajani et al., Improved Training of Wasserstein GANs, NeurIPS 2017",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_drawn_equally_often_with_their_deviation() {
        let mixture = mixture([[-3.0, 1.0], [0.0, 1.0], [3.0, 1.0]], 0.1);
        let n = 30_000;
        let samples = mixture.sample(n, Random::new(1));
        for centre in [-3.0, 0.0, 3.0] {
            let near: Vec<f64> =
                samples.chunks(2).map(|row| f64::from(row[0]) - centre).filter(|x| x.abs() < 1.0).collect();
            // Binomial: standard deviation sqrt(n * 1/3 * 2/3) = 82.
            assert!((near.len() as f64 - 10_000.0).abs() < 410.0, "{}", near.len());
            let second = near.iter().map(|x| x * x).sum::<f64>() / near.len() as f64;
            // Relative standard error of a variance: sqrt(2 / 10,000) = 0.014.
            assert!((second / 0.01 - 1.0).abs() < 0.07, "{second}");
        }
    }

    #[test]
    fn a_stratified_batch_holds_every_component_equally_often_and_other_samples_are_independent() {
        let config = TwentyFiveGaussians { stratified: true, ..Default::default() };
        let data = config.load(Path::new("."), Random::new(0)).unwrap();
        let modes = data.modes().unwrap();
        let counts = |samples: &[Real]| {
            let mut counts = vec![0; 25];
            for x in samples.chunks(2) {
                let distance = |c: &Vec<f64>| (c[0] - f64::from(x[0])).hypot(c[1] - f64::from(x[1]));
                let nearest =
                    (0..25).min_by(|&i, &j| distance(&modes.centres[i]).total_cmp(&distance(&modes.centres[j])));
                counts[nearest.unwrap()] += 1;
            }
            counts
        };
        assert_eq!(counts(&data.draw(200, Random::new(1))), [8; 25]);
        // Ten samples more than eight of each.
        let counted = counts(&data.draw(210, Random::new(1)));
        assert!(counted.iter().all(|&c| c >= 8) && counted.iter().sum::<i32>() == 210, "{counted:?}");
        // All 25 counts of 200 independent ones are 8 with a probability of 2e-20.
        assert_ne!(counts(&data.held_out(200, Random::new(1))), [8; 25]);
    }

    #[test]
    fn the_entropy_is_that_of_separated_components() {
        assert_eq!(mixture([[0.0, 0.0], [1.0, 0.0]], 0.1).entropy(), None);
        assert!(mixture([[0.0, 0.0], [1.3, 0.0]], 0.1).entropy().is_some());
        // log 8 = 2.0794415, log(2 pi e) = 2.8378771, 2 log(0.02 / 1.414) = -8.5168911.
        let eight = EightGaussians::default().mixture().entropy().unwrap();
        assert!((eight + 3.599_572_5).abs() < 1e-6, "{eight}");
        let known = TwentyFiveGaussians::default().mixture().entropy().unwrap();
        assert!((known + 2.0139).abs() < 5e-5, "{known}");
    }

    #[test]
    fn the_centres_form_the_grid_of_the_papers() {
        let modes = TwentyFiveGaussians::default().mixture();
        assert_eq!(modes.centres.len(), 25);
        for corner in [[-1.414_427, -1.414_427], [1.414_427, 1.414_427], [0.0, 0.707_214]] {
            let near = |c: &&Vec<f64>| (c[0] - corner[0]).hypot(c[1] - corner[1]) < 1e-6;
            assert_eq!(modes.centres.iter().filter(near).count(), 1, "{corner:?}");
        }
        assert!((modes.standard_deviation - 0.017_680_3).abs() < 1e-6);
    }

    #[test]
    fn a_deviation_of_zero_is_refused_by_name() {
        let config = TwentyFiveGaussians { deviation: 0.0, ..Default::default() };
        assert_eq!(config.check().unwrap_err().to_string(), "deviation = 0: expected a finite number > 0");
    }
}
