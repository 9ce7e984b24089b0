use ebm_core::geometry::{Geometry, Runtime};
use ebm_core::image::{LabelledImages, value_of};
use ebm_core::kernels::{Activation, cross_entropy};
use ebm_core::network::{Network, NetworkOptions};
use ebm_core::parameter::{Module, Parameter};
use ebm_core::tape::{Parts, SharedTape, backward};
use ebm_core::{device::Real, random::Random};
use ebm_train::{optim::collect_gradients, state_file};
use std::{collections::BTreeMap, path::Path};

/// Widths of the hidden layers before the features.
const HIDDEN: [usize; 1] = [512];
/// Number of features: the last hidden layer.
pub(crate) const FEATURES: usize = 128;
/// Images that go through the network at once.
const CHUNK: usize = 2048;

/// A multi-layer perceptron with SiLU, `pixels - 512 - 128 - classes`, on images with values in [-1, 1].
pub(crate) struct Classifier {
    pub pixels: usize,
    pub classes: usize,
    trunk: Network,
    head: Network,
}

impl Classifier {
    /// One that is not trained.
    pub(super) fn new(pixels: usize, classes: usize, random: Random) -> Self {
        let trunk = NetworkOptions {
            output_activation: Activation::Silu,
            prefix: "trunk.",
            ..NetworkOptions::plain(pixels, &HIDDEN, FEATURES, Parts::ENERGY)
        };
        let head = NetworkOptions { prefix: "head.", ..NetworkOptions::plain(FEATURES, &[], classes, Parts::ENERGY) };
        Self {
            pixels,
            classes,
            trunk: Network::new(&trunk, random.stream("trunk")),
            head: Network::new(&head, random.stream("head")),
        }
    }

    /// BLAKE3 of the weights, in hexadecimal: what figures that are compared must share.
    pub fn hash(&self) -> String {
        // Only arrays without a name or shape have no such form.
        let bytes = state_file::encode(&self.state(), &BTreeMap::new(), Path::new("classifier"));
        blake3::hash(&bytes.unwrap_or_default()).to_hex().to_string()
    }

    /// The features `[n, FEATURES]` of images `[n, pixels]`, and the probabilities of the classes `[n, classes]`.
    pub fn apply(&self, images: &[Real]) -> (Vec<f64>, Vec<f32>) {
        let (mut features, mut probabilities) = (Vec::new(), Vec::new());
        let off = SharedTape::off();
        for chunk in images.chunks(CHUNK * self.pixels) {
            let x = self.geometry().samples(chunk.to_vec());
            let rows = chunk.len() / self.pixels;
            let found = self.trunk.apply(off.watch(&x), rows, &off);
            features.extend(crate::features::double(&found.as_vec()));
            let logits = self.head.apply(found, rows, &off).as_vec();
            probabilities.extend(logits.chunks_exact(self.classes).flat_map(softmax));
        }
        (features, probabilities)
    }

    /// The most probable class of each row of probabilities `[n, classes]`; the first of equal ones.
    pub fn most_probable(&self, probabilities: &[f32]) -> Vec<u8> {
        let class = |row: &[f32]| {
            let better = |best: usize, class: usize| if row[class] > row[best] { class } else { best };
            (0..row.len()).fold(0, better) as u8
        };
        probabilities.chunks_exact(self.classes).map(class).collect()
    }

    /// Share of images whose most probable class is their own.
    pub fn accuracy(&self, images: &LabelledImages) -> f64 {
        let mut right = 0;
        for (levels, labels) in images.levels.chunks(CHUNK * self.pixels).zip(images.labels.chunks(CHUNK)) {
            let values: Vec<Real> = levels.iter().map(|level| value_of(*level)).collect();
            let classes = self.most_probable(&self.apply(&values).1);
            right += classes.iter().zip(labels).filter(|(class, label)| u32::from(**class) == **label).count();
        }
        right as f64 / images.labels.len() as f64
    }

    /// The gradients of the mean cross-entropy of images `[B, pixels]`.
    pub(super) fn gradients(&self, images: Vec<Real>, labels: &[usize]) -> Vec<Vec<Real>> {
        let tape = SharedTape::training(Parts::ENERGY);
        let x = self.geometry().samples(images);
        let features = self.trunk.apply(tape.watch(&x), labels.len(), &tape);
        let logits = self.head.apply(features, labels.len(), &tape);
        collect_gradients(self, &mut backward(cross_entropy(logits, labels)))
    }

    fn geometry(&self) -> Runtime {
        Runtime { latent: 1, data: self.pixels }
    }
}

impl Module for Classifier {
    fn parameters(&self) -> Vec<&Parameter> {
        [self.trunk.parameters(), self.head.parameters()].concat()
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        let mut all = self.trunk.parameters_mut();
        all.extend(self.head.parameters_mut());
        all
    }
}

fn softmax(logits: &[Real]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(Real::NEG_INFINITY, Real::max);
    let exponentials: Vec<f64> = logits.iter().map(|x| f64::from(x - largest).exp()).collect();
    let total: f64 = exponentials.iter().sum();
    exponentials.into_iter().map(|e| (e / total) as f32).collect()
}
