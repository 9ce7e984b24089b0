use ebm_core::image::{ImageShape, LabelledImages, value_of};
use ebm_core::{device::Real, random::Random};
use ebm_train::optim::{Adam, AdamConfig, Gradient, Optimizer};
use ebm_train::{Cancel, Cancelled};
use serde::Serialize;

use super::Classifier;

/// The options of the training.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Settings {
    pub seed: u64,
    pub epochs: usize,
    /// More epochs are made of few images, until there are so many updates.
    pub least_updates: usize,
    pub batch: usize,
    pub learning_rate: f64,
    /// Images are moved by up to so many pixels each way, at random.
    pub shift: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { seed: 0, epochs: 10, least_updates: 1000, batch: 128, learning_rate: 1e-3, shift: 2 }
    }
}

/// Trains a classifier by Adam; the learning rate falls linearly to zero. A function of its arguments, unless it is cancelled.
pub(super) fn train(images: &LabelledImages, settings: &Settings, cancel: &Cancel) -> Result<Classifier, Cancelled> {
    let random = Random::new(settings.seed).stream("classifier");
    let pixels = images.shape.values();
    let mut classifier = Classifier::new(pixels, images.classes.len(), random.stream("weights"));
    let config = AdamConfig {
        learning_rate: settings.learning_rate,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        ..Default::default()
    };
    let mut adam = Adam::new(config, &classifier);
    let count = images.labels.len();
    let in_an_epoch = count.div_ceil(settings.batch);
    let epochs = settings.epochs.max(settings.least_updates.div_ceil(in_an_epoch));
    let updates = in_an_epoch * epochs;
    let mut step = 0;
    for epoch in 0..epochs {
        let order = random.stream("order").at(epoch as u64).permutation(count);
        for rows in order.chunks(settings.batch) {
            cancel.check()?;
            let shifts = random.stream("shifts").at(step as u64).uniforms(2 * rows.len());
            let mut values = Vec::with_capacity(rows.len() * pixels);
            for (&row, shift) in rows.iter().zip(shifts.chunks_exact(2)) {
                let levels = &images.levels[row * pixels..(row + 1) * pixels];
                let offset =
                    |u: Real| (f64::from(u) * (2 * settings.shift + 1) as f64) as isize - settings.shift as isize;
                append_moved(levels, images.shape, [offset(shift[0]), offset(shift[1])], &mut values);
            }
            let labels: Vec<usize> = rows.iter().map(|&row| images.labels[row] as usize).collect();
            let gradient = Gradient::from_host(&classifier.gradients(values, &labels));
            let factor = 1.0 - step as f64 / updates as f64;
            adam.update(&mut classifier, &gradient, gradient.norm(), factor);
            step += 1;
        }
    }
    Ok(classifier)
}

/// Appends the values of an image that is moved down and to the right; what comes in is of level 0.
fn append_moved(levels: &[u8], shape: ImageShape, [down, right]: [isize; 2], to: &mut Vec<Real>) {
    for y in 0..shape.height as isize {
        for x in 0..shape.width as isize {
            let (row, column) = (y - down, x - right);
            let inside = (0..shape.height as isize).contains(&row) && (0..shape.width as isize).contains(&column);
            for channel in 0..shape.channels {
                let place = || (row as usize * shape.width + column as usize) * shape.channels + channel;
                to.push(value_of(if inside { levels[place()] } else { 0 }));
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use ebm_core::parameter::Module;

    /// Images 6 x 5 of three classes: a bright row, a bright column, a bright corner, in noise.
    pub fn shapes(count: usize, seed: u64) -> LabelledImages {
        let shape = ImageShape { height: 6, width: 5, channels: 1 };
        let noise = Random::new(seed).stream("noise").uniforms(count * 30);
        let labels: Vec<u32> = (0..count).map(|i| (i % 3) as u32).collect();
        let level = |i: usize| {
            let (image, y, x) = (i / 30, i % 30 / 5, i % 5);
            let bright = match image % 3 {
                0 => y == 3,
                1 => x == 2,
                _ => y < 2 && x < 2,
            };
            (f64::from(noise[i]) * 80.0) as u8 + if bright { 170 } else { 0 }
        };
        LabelledImages {
            shape,
            levels: (0..count * 30).map(level).collect(),
            labels,
            classes: ["row", "column", "corner"].map(String::from).to_vec(),
        }
    }

    fn train(images: &LabelledImages, settings: &Settings) -> Classifier {
        super::train(images, settings, &Cancel::default()).unwrap()
    }

    pub fn quick() -> Settings {
        Settings { epochs: 4, least_updates: 0, batch: 30, shift: 0, ..Default::default() }
    }

    #[test]
    fn it_learns_what_it_is_shown_and_is_a_function_of_its_arguments() {
        let images = shapes(300, 1);
        let classifier = train(&images, &quick());
        assert!(classifier.accuracy(&shapes(99, 2)) > 0.97);
        assert_eq!((classifier.pixels, classifier.classes), (30, 3));
        let again = train(&images, &quick());
        assert_eq!((classifier.state(), classifier.hash()), (again.state(), again.hash()));
        let other = train(&images, &Settings { seed: 1, ..quick() });
        assert_ne!(classifier.hash(), other.hash());
    }

    #[test]
    fn features_and_probabilities_are_those_of_each_image_alone() {
        let images = shapes(9, 3);
        let classifier = train(&images, &quick());
        let values: Vec<Real> = images.levels.iter().map(|level| value_of(*level)).collect();
        let (features, probabilities) = classifier.apply(&values);
        assert_eq!((features.len(), probabilities.len()), (9 * super::super::FEATURES, 27));
        for row in probabilities.chunks(3) {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        }
        let (last, _) = classifier.apply(&values[8 * 30..]);
        for (one, all) in last.iter().zip(&features[8 * super::super::FEATURES..]) {
            assert!((one - all).abs() < 1e-5, "{one} {all}");
        }
    }

    #[test]
    fn a_moved_image_has_its_pixels_elsewhere() {
        let shape = ImageShape { height: 2, width: 3, channels: 1 };
        let mut moved = Vec::new();
        append_moved(&[10, 20, 30, 40, 50, 60], shape, [1, -1], &mut moved);
        assert_eq!(moved, [0, 0, 0, 20, 30, 0].map(value_of));
    }
}
