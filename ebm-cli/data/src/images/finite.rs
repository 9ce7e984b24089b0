use crate::prelude::*;
use ebm_core::data::Fingerprint;
use ebm_core::image::{ImageShape, LabelledImages, Part, value_at, value_of};

use super::{augment::Augmentation, image_set::ImageSet};
use crate::epochs::Epochs;
use crate::split::{Parts, fingerprint};

/// Images to train on, drawn epoch by epoch, and images for validation and held out.
#[derive(Debug)]
pub(super) struct FiniteImages {
    training: ImageSet,
    validation: ImageSet,
    held_out: ImageSet,
    /// BLAKE3 of all images and classes, in hexadecimal.
    content: String,
    augmentation: Augmentation,
    shape: ImageShape,
    epochs: Epochs,
    notes: Vec<String>,
}

impl FiniteImages {
    /// A set of which a part of its own is held out, and a share of the others is for validation, by `random`'s seed and stream.
    pub fn new(
        training: ImageSet,
        held_out: ImageSet,
        validation: f64,
        augmentation: Augmentation,
        random: Random,
    ) -> Result<Self, DataError> {
        let refuse = |reason: String| Err(malformed(&held_out.from, "the whole set", reason));
        if training.shape != held_out.shape {
            let [own, other] = [held_out.shape, training.shape];
            return refuse(format!("its images are of {own} values, the ones to train on of {other}"));
        }
        // Numbered classes grow with the largest label that occurs.
        let known = |names: &[String]| names.iter().all(|name| training.class_names().contains(name));
        if !training.class_names().is_empty() && !known(held_out.class_names()) {
            let [own, other] = [held_out.class_names(), training.class_names()].map(listed);
            return refuse(format!("its classes are {own}, those to train on {other}"));
        }
        let mut hash = blake3::Hasher::new();
        training.hash_into(&mut hash);
        held_out.hash_into(&mut hash);
        let parts = Parts::of_training(training.len(), validation, random);
        let [training, validation] = [&parts.training, &parts.validation].map(|rows| training.part(rows));
        Self::of([training, validation, held_out], &hash, augmentation)
    }

    /// A set of which shares are for validation and held out, by `random`'s seed and stream.
    pub fn splitting(
        all: ImageSet,
        shares: Shares,
        augmentation: Augmentation,
        random: Random,
    ) -> Result<Self, DataError> {
        if all.len() < 2 {
            let count = all.len();
            let reason = format!("it has {count} image(s); expected at least 2, one to train on and one to hold out");
            return Err(malformed(&all.from, "the whole set", reason));
        }
        let mut hash = blake3::Hasher::new();
        all.hash_into(&mut hash);
        let parts = Parts::of(all.len(), shares, random);
        let sets = [&parts.training, &parts.validation, &parts.held_out].map(|rows| all.part(rows));
        Self::of(sets, &hash, augmentation)
    }

    fn of(
        [training, validation, held_out]: [ImageSet; 3],
        content: &blake3::Hasher,
        augmentation: Augmentation,
    ) -> Result<Self, DataError> {
        if let Some(part) = [&training, &held_out].into_iter().find(|part| part.len() == 0) {
            return Err(malformed(&part.from, "the whole set", "it has no images"));
        }
        let (stored, crop) = (training.shape, augmentation.crop);
        if crop >= stored.height.min(stored.width) {
            let reason = format!("its images of {stored} values have no room for crop = {crop}");
            return Err(malformed(&training.from, "the whole set", reason));
        }
        Ok(Self {
            epochs: Epochs::new(training.len()),
            shape: augmentation.shape(stored),
            training,
            validation,
            held_out,
            content: content.finalize().to_hex().to_string(),
            augmentation,
            notes: Vec::new(),
        })
    }

    /// The same images with [notes](Dataset::notes) on how they were read.
    pub fn with_notes(self, notes: Vec<String>) -> Self {
        Self { notes, ..self }
    }

    /// The images for validation, or those that are held out where there are none.
    pub fn for_validation(&self) -> &ImageSet {
        if self.validation.len() == 0 { &self.held_out } else { &self.validation }
    }

    pub fn part(&self, part: Part) -> &ImageSet {
        match part {
            Part::Training => &self.training,
            Part::HeldOut => &self.held_out,
        }
    }

    /// Up to `n` images of a part as they are, but for noise.
    fn unchanged(&self, part: &ImageSet, n: usize, random: Random) -> Vec<Real> {
        let (levels, _) = part.some(n, random);
        values_of(&self.plain(part.shape, &levels), self.augmentation.dequantize, random.stream("held-out"))
    }

    /// Crops images that are not changed at random.
    fn plain(&self, stored: ImageShape, levels: &[u8]) -> Vec<u8> {
        let view = self.augmentation.plain();
        let mut shown = Vec::with_capacity(levels.len() / stored.values() * self.shape.values());
        for image in levels.chunks_exact(stored.values()) {
            view.append(stored, self.shape, image, &mut shown);
        }
        shown
    }
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "none".into(),
        [first, .., last] if names.len() > 12 => format!("{first} to {last} ({} of them)", names.len()),
        _ => names.join(", "),
    }
}

/// Values of grey levels: with noise, uniform over the width of a level, where they are dequantised.
pub(super) fn values_of(levels: &[u8], dequantize: bool, random: Random) -> Vec<Real> {
    if !dequantize {
        return levels.iter().copied().map(value_of).collect();
    }
    let noise = random.stream("dequantization").uniforms(levels.len());
    let place = |(&level, noise): (&u8, Real)| value_at(Real::from(level) + noise - 0.5);
    levels.iter().zip(noise).map(place).collect()
}

impl Dataset for FiniteImages {
    fn width(&self) -> usize {
        self.shape.values()
    }

    fn draw(&self, n: usize, random: Random) -> Vec<Real> {
        let stored = self.training.shape;
        let views = self.augmentation.views(n, random);
        let mut image = vec![0; stored.values()];
        let mut levels = Vec::with_capacity(n * self.width());
        for (drawn, view) in self.epochs.draw(n, random).into_iter().zip(views) {
            self.training.copy(drawn, &mut image);
            view.append(stored, self.shape, &image, &mut levels);
        }
        values_of(&levels, self.augmentation.dequantize, random)
    }

    fn held_out(&self, n: usize, random: Random) -> Vec<Real> {
        self.unchanged(&self.held_out, n, random)
    }

    fn validation(&self, n: usize, random: Random) -> Vec<Real> {
        self.unchanged(self.for_validation(), n, random)
    }

    fn fingerprint(&self) -> Option<Fingerprint> {
        let (content, training) = (self.content.clone(), self.training.len());
        Some(fingerprint(content, training, self.validation.rows(), self.held_out.rows()))
    }

    fn len(&self) -> Option<usize> {
        Some(self.training.len())
    }

    fn image(&self) -> Option<ImageShape> {
        Some(self.shape)
    }

    fn labelled(&self, part: Part, n: usize, random: Random) -> Option<LabelledImages> {
        let labelled = self.part(part).labelled(n, random)?;
        Some(LabelledImages { shape: self.shape, levels: self.plain(labelled.shape, &labelled.levels), ..labelled })
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn intact(&self) -> Result<(), DataError> {
        self.training.intact()?;
        self.validation.intact()?;
        self.held_out.intact()
    }
}
