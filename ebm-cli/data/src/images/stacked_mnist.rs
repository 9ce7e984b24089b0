use crate::prelude::*;
use ebm_core::data::Fingerprint;
use ebm_core::image::{ImageShape, LabelledImages, Part};

use super::finite::{FiniteImages, values_of};
use super::{augment::Augmentation, image_set::ImageSet, mnist_folder::read_part};

/// Digits in an image.
const STACKED: usize = 3;
const DIGITS: usize = 10;

/// StackedMNIST: three random digits of MNIST as the red, green and blue of an image, 28 x 28 x 3.
///
/// Every draw is fresh, from 54,000^3 images (60,000^3 with `validation = 0`) in 1,000 classes of equal probability up to the
/// digits' frequencies: a model that covers all of them has all of the data's modes. Held-out images are made of the digits of
/// MNIST's test part.
#[derive(Clone, Debug, PartialEq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StackedMnist {
    /// The folder of the files of MNIST (`train-images-idx3-ubyte.gz` and so on), plain or packed; a relative path starts
    /// from the folder of the configuration file, or from that of `--data`.
    #[default("mnist".into())]
    pub path: PathBuf,
    /// Share of the digits to train on, chosen at random by the run's seed, that are for choices made during training instead:
    /// `checkpoint.best`, `train.stop`. 0: they look at what is held out.
    #[default(0.1)]
    pub validation: f64,
    /// Add noise, uniform over the width of a grey level, so that the data has a density.
    pub dequantize: bool,
}

/// Digits that are stacked as they are drawn.
#[derive(Debug)]
struct Stacks {
    digits: FiniteImages,
    dequantize: bool,
}

impl Stacks {
    /// The digits of `n` stacks.
    fn picks(&self, part: Part, n: usize, random: Random) -> (&ImageSet, Vec<usize>) {
        let digits = self.digits.part(part);
        let stream = if part == Part::Training { "training" } else { "held-out" };
        (digits, picked(digits, n, random.stream(stream)))
    }

    fn levels(digits: &ImageSet, picks: &[usize]) -> Vec<u8> {
        let pixels = digits.shape.values();
        let mut levels = vec![0; picks.len() * pixels];
        let mut digit = vec![0; pixels];
        for (stack, picks) in levels.chunks_exact_mut(STACKED * pixels).zip(picks.chunks_exact(STACKED)) {
            for (channel, &pick) in picks.iter().enumerate() {
                digits.copy(pick, &mut digit);
                let places = stack[channel..].iter_mut().step_by(STACKED);
                places.zip(&digit).for_each(|(to, level)| *to = *level);
            }
        }
        levels
    }

    fn samples(&self, part: Part, n: usize, random: Random) -> Vec<Real> {
        let (digits, picks) = self.picks(part, n, random);
        let noise = if part == Part::Training { random } else { random.stream("held-out") };
        values_of(&Self::levels(digits, &picks), self.dequantize, noise)
    }
}

/// The digits of `n` stacks, with replacement.
fn picked(digits: &ImageSet, n: usize, random: Random) -> Vec<usize> {
    choices(STACKED * n, digits.len(), random, "digits")
}

impl Dataset for Stacks {
    fn width(&self) -> usize {
        STACKED * self.digits.width()
    }
    fn draw(&self, n: usize, random: Random) -> Vec<Real> {
        self.samples(Part::Training, n, random)
    }
    fn held_out(&self, n: usize, random: Random) -> Vec<Real> {
        self.samples(Part::HeldOut, n, random)
    }
    fn validation(&self, n: usize, random: Random) -> Vec<Real> {
        let (digits, random) = (self.digits.for_validation(), random.stream("held-out"));
        values_of(&Self::levels(digits, &picked(digits, n, random)), self.dequantize, random)
    }
    fn fingerprint(&self) -> Option<Fingerprint> {
        self.digits.fingerprint()
    }
    fn image(&self) -> Option<ImageShape> {
        let digit = self.digits.part(Part::Training).shape;
        Some(ImageShape { channels: STACKED, ..digit })
    }
    /// Classes are the three digits as a number: red the hundreds, green the tens, blue the ones.
    fn labelled(&self, part: Part, n: usize, random: Random) -> Option<LabelledImages> {
        let (digits, picks) = self.picks(part, n, random);
        let label = |picks: &[usize]| {
            picks.iter().try_fold(0, |number, &pick| Some(number * DIGITS as u32 + digits.label(pick)?))
        };
        Some(LabelledImages {
            shape: self.image()?,
            levels: Self::levels(digits, &picks),
            labels: picks.chunks_exact(STACKED).map(label).collect::<Option<_>>()?,
            classes: (0..DIGITS.pow(STACKED as u32)).map(|class| format!("{class:03}")).collect(),
        })
    }
    fn stacked(&self) -> Option<&dyn Dataset> {
        Some(&self.digits)
    }
    fn intact(&self) -> Result<(), DataError> {
        self.digits.intact()
    }
}

impl DatasetSpec for StackedMnist {
    fn check(&self) -> Result<(), ConfigError> {
        require_path(&self.path, "the folder of the files of MNIST")?;
        check_validation(self.validation)
    }

    fn load(&self, base: &Path, random: Random) -> Result<Box<dyn Dataset>, DataError> {
        let folder = located(base, &self.path);
        let training = read_part(&folder, Part::Training)?;
        let held_out = read_part(&folder, Part::HeldOut)?;
        let refuse = |reason: String| malformed(&folder, "the whole folder", reason);
        if training.shape.channels != 1 {
            return Err(refuse(format!("its images are of {} values; expected grey ones", training.shape)));
        }
        let classes = training.class_names().len().max(held_out.class_names().len());
        if classes > DIGITS {
            return Err(refuse(format!("its images have {classes} classes; expected {DIGITS} digits")));
        }
        Ok(Box::new(Stacks {
            digits: FiniteImages::new(training, held_out, self.validation, Augmentation::default(), random)?,
            dequantize: self.dequantize,
        }))
    }
}

register_dataset!(
    StackedMnist,
    name: "stacked-mnist",
    summary: "three random digits of MNIST as the colours of an image (D = 2352), 1000 modes",
    reference: "Metz et al., Unrolled generative adversarial networks, ICLR 2017; Srivastava et al., VEEGAN, NeurIPS 2017",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{idx, level, load, mnist, refused, write};
    use ebm_core::image::level_of;
    use std::collections::BTreeSet;

    fn here() -> StackedMnist {
        StackedMnist { path: ".".into(), validation: 0.0, ..Default::default() }
    }

    #[test]
    fn every_channel_is_a_digit_of_its_part() {
        let folder = mnist();
        let data = load(folder.path(), &here()).unwrap();
        assert_eq!(data.width(), 18);
        assert_eq!(data.image().unwrap().to_string(), "2 x 3 x 3");
        let place = Random::new(1).stream("data").at(5);
        for (draw, digits) in [(data.draw(200, place), 0..10), (data.held_out(200, place), 10..13)] {
            for image in draw.chunks(18) {
                let levels: Vec<u8> = image.iter().copied().map(level_of).collect();
                for channel in 0..3 {
                    let digit = usize::from(levels[channel] / 16);
                    assert!(digits.contains(&digit));
                    let expected: Vec<u8> = (0..6).map(|pixel| level(digit, pixel)).collect();
                    let found: Vec<u8> = levels[channel..].iter().step_by(3).copied().collect();
                    assert_eq!(found, expected);
                }
            }
        }
        assert_eq!(data.draw(20, place), data.draw(20, place));
        assert_ne!(data.draw(20, place), data.draw(20, place.at(6)));
    }

    #[test]
    fn stacks_for_validation_are_of_digits_that_are_neither_trained_on_nor_held_out() {
        let folder = mnist();
        let data = load(folder.path(), &StackedMnist { validation: 0.3, ..here() }).unwrap();
        let digits = |values: Vec<Real>| -> BTreeSet<u8> {
            values.chunks(18).flat_map(|image| image[..3].iter().map(|value| level_of(*value) / 16)).collect()
        };
        let place = Random::new(1);
        let (training, validation) = (digits(data.draw(200, place)), digits(data.validation(200, place)));
        assert_eq!((training.len(), validation.len()), (7, 3));
        assert!(training.is_disjoint(&validation) && training.union(&validation).all(|digit| *digit < 10));
        assert_eq!(digits(data.held_out(200, place)), (10..13).collect());
        let print = data.fingerprint().unwrap();
        assert_eq!((print.rows, print.split.training, print.split.validation, print.split.held_out), (13, 7, 3, 3));
        assert_eq!(data.len(), None);
    }

    #[test]
    fn digits_are_drawn_alike_and_independently() {
        let folder = mnist();
        let data = load(folder.path(), &here()).unwrap();
        let draw = data.draw(30_000, Random::new(2));
        let mut counts = vec![0u32; 1000];
        for image in draw.chunks(18) {
            let digit = |channel: usize| usize::from(level_of(image[channel]) / 16);
            counts[100 * digit(0) + 10 * digit(1) + digit(2)] += 1;
        }
        // Chi-squared with 999 degrees of freedom has mean 999 and standard deviation 44.7.
        let chi: f64 = counts.iter().map(|&count| (f64::from(count) - 30.0).powi(2) / 30.0).sum();
        assert!((chi - 999.0).abs() < 4.0 * 44.7, "{chi}");
    }

    #[test]
    fn classes_are_the_digits_in_order_and_the_digits_can_be_had() {
        let folder = mnist();
        let data = load(folder.path(), &here()).unwrap();
        let labelled = data.labelled(Part::HeldOut, 50, Random::new(1)).unwrap();
        assert_eq!((labelled.classes.len(), &labelled.classes[42][..]), (1000, "042"));
        for (image, label) in labelled.levels.chunks(18).zip(&labelled.labels) {
            // Held-out images 10, 11 and 12 are of classes 7, 8 and 9.
            let digit = |channel: usize| u32::from(image[channel] / 16) - 3;
            assert_eq!(*label, 100 * digit(0) + 10 * digit(1) + digit(2));
        }
        let digits = data.stacked().unwrap();
        let training = digits.labelled(Part::Training, 99, Random::new(1)).unwrap();
        assert_eq!((training.shape.channels, training.labels), (1, (0..10).collect()));
    }

    #[test]
    fn images_that_are_no_digits_are_refused() {
        let folder = mnist();
        write(folder.path(), "t10k-labels.idx1-ubyte", &idx(&[3], &[1, 2, 10]));
        refused(load(folder.path(), &here()), &["11 classes; expected 10 digits"]);
        write(folder.path(), "t10k-labels.idx1-ubyte", &idx(&[3], &[1, 2, 3]));
        write(folder.path(), "t10k-images.idx3-ubyte", &idx(&[3, 2, 1], &[0; 6]));
        refused(load(folder.path(), &here()), &["2 x 1 x 1", "2 x 3 x 1"]);
    }

    #[test]
    fn the_real_mnist_is_read_where_it_is() {
        let Some(folder) = std::env::var_os("MNIST_FOLDER") else {
            return println!("skipped: MNIST_FOLDER names no folder with MNIST");
        };
        let data = load(Path::new(&folder), &here()).unwrap();
        let digits = data.stacked().unwrap().labelled(Part::Training, 60_000, Random::new(0)).unwrap();
        let mean =
            digits.levels.iter().map(|&level| f64::from(level)).sum::<f64>() / 255.0 / digits.levels.len() as f64;
        // The well-known mean of MNIST's training part.
        assert!((mean - 0.1307).abs() < 1e-4, "{mean}");
        let fives = digits.labels.iter().filter(|&&label| label == 5).count();
        assert_eq!((digits.labels.len(), fives), (60_000, 5421));
    }
}
