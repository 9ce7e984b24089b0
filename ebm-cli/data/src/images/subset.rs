//! A subset of a set of images.

use ebm_core::image::{ImageShape, LabelledImages};
use ebm_core::random::Random;
use std::sync::Arc;

use super::image_set::ImageSet;
use crate::epochs::some_of;

/// A subset of a set of images, or all of them, in an order of its own.
#[derive(Clone, Debug)]
pub(super) struct Subset {
    set: Arc<ImageSet>,
    rows: Option<Vec<usize>>,
}

impl Subset {
    /// All of them.
    pub fn all(set: ImageSet) -> Self {
        Self {
            set: Arc::new(set),
            rows: None,
        }
    }

    /// The subset of these rows.
    pub fn of(set: Arc<ImageSet>, rows: Vec<usize>) -> Self {
        Self { set, rows: Some(rows) }
    }

    /// The set they are from.
    pub fn set(&self) -> &ImageSet {
        &self.set
    }

    /// The shape of each.
    pub fn shape(&self) -> ImageShape {
        self.set.shape()
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.rows.as_ref().map_or(self.set.len(), Vec::len)
    }

    fn row(&self, index: usize) -> usize {
        self.rows.as_ref().map_or(index, |rows| rows[index])
    }

    /// Copies the grey levels of one, as [`ImageSet::copy`] does.
    pub fn copy(&self, index: usize, levels: &mut [u8]) {
        self.set.copy(self.row(index), levels);
    }

    /// The class of one, if classes are known.
    pub fn label(&self, index: usize) -> Option<u32> {
        self.set.label(self.row(index))
    }

    /// Up to `n` different ones at random with their classes, if these are known.
    pub fn labelled(&self, n: usize, random: Random) -> Option<LabelledImages> {
        let rows: Vec<_> = some_of(self.len(), n, random)
            .into_iter()
            .map(|index| self.row(index))
            .collect();
        Some(LabelledImages {
            shape: self.shape(),
            labels: rows.iter().map(|&row| self.set.label(row)).collect::<Option<_>>()?,
            levels: self.set.levels(&rows),
            classes: self.set.class_names().to_vec(),
        })
    }
}
