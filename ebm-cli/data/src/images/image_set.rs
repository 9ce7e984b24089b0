use crate::prelude::*;
use ebm_core::image::{ImageShape, LabelledImages};
use std::io::{BufWriter, Write};
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::SpooledTempFile;

use super::store::{IN_MEMORY, Store, collecting};
use crate::epochs::some_of;

/// Images of one shape, 8 bits a value, and their classes where they are known. Parts of a set share what is stored.
#[derive(Clone, Debug)]
pub(super) struct ImageSet {
    pub shape: ImageShape,
    /// The rows of the stored images, in the order of the set.
    rows: Vec<usize>,
    stored: Arc<Stored>,
    classes: Option<Arc<Classes>>,
    /// The file or folder of the images, for messages.
    pub from: PathBuf,
}

#[derive(Debug)]
struct Stored {
    store: Store,
    /// BLAKE3 of all levels.
    hash: blake3::Hash,
    /// The first failure to read what was stored.
    fault: Mutex<Option<std::io::Error>>,
}

#[derive(Debug)]
struct Classes {
    labels: Vec<u32>,
    names: Vec<String>,
}

pub(super) struct ImageSetWriter {
    shape: ImageShape,
    count: usize,
    store: BufWriter<SpooledTempFile>,
    hash: blake3::Hasher,
    from: PathBuf,
}

impl ImageSetWriter {
    /// Starts a set of images of a shape that has values. `from`: their file or folder, for messages.
    pub fn new(shape: ImageShape, from: &Path) -> Self {
        Self { shape, count: 0, store: collecting(IN_MEMORY), hash: blake3::Hasher::new(), from: from.into() }
    }

    pub fn push(&mut self, levels: &[u8]) -> Result<(), DataError> {
        self.count += levels.len() / self.shape.values();
        self.hash.update(levels);
        self.store.write_all(levels).map_err(|source| unstored(&self.from, source))
    }

    /// The images, without classes.
    pub fn finish(self) -> Result<ImageSet, DataError> {
        let store = Store::of(self.store).map_err(|source| unstored(&self.from, source))?;
        Ok(ImageSet {
            shape: self.shape,
            rows: (0..self.count).collect(),
            stored: Arc::new(Stored { store, hash: self.hash.finalize(), fault: Mutex::default() }),
            classes: None,
            from: self.from,
        })
    }
}

fn unstored(from: &Path, source: std::io::Error) -> DataError {
    let reason = format!("its images are too many for the memory, and no temporary file can hold them: {source}");
    malformed(from, "the whole set", reason)
}

impl ImageSet {
    /// Adds the class of each image. `from`: the file of the labels.
    pub fn with_classes(mut self, labels: Vec<u32>, names: Vec<String>, from: &Path) -> Result<Self, DataError> {
        if labels.len() != self.len() {
            let reason = format!("it has {} labels for {} images", labels.len(), self.len());
            return Err(malformed(from, "the whole file", reason));
        }
        if let Some(index) = labels.iter().position(|label| *label as usize >= names.len()) {
            let reason = format!("the label is {}; there are {} classes", labels[index], names.len());
            return Err(malformed(from, &format!("label {index}"), reason));
        }
        self.classes = Some(Arc::new(Classes { labels, names }));
        Ok(self)
    }

    /// Adds classes that are known by number: "0", "1", and so on.
    pub fn with_numbered_classes(self, labels: Vec<u32>, from: &Path) -> Result<Self, DataError> {
        let count = labels.iter().max().map_or(0, |last| last + 1);
        let names = (0..count).map(|class| class.to_string()).collect();
        self.with_classes(labels, names, from)
    }

    /// The part of the images at these indices.
    pub fn part(&self, indices: &[usize]) -> Self {
        Self { rows: indices.iter().map(|index| self.rows[*index]).collect(), ..self.clone() }
    }

    /// The rows of its source, in the order of the set.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// Adds the whole source to a hash: shape, levels and classes.
    pub fn hash_into(&self, into: &mut blake3::Hasher) {
        let ImageShape { height, width, channels } = self.shape;
        for side in [height, width, channels] {
            into.update(&(side as u64).to_le_bytes());
        }
        into.update(self.stored.hash.as_bytes());
        if let Some(classes) = &self.classes {
            for label in &classes.labels {
                into.update(&label.to_le_bytes());
            }
            into.update(classes.names.join("\n").as_bytes());
        }
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Copies the grey levels of one. Where they cannot be read they are 0, and [`ImageSet::intact`] tells.
    pub fn copy(&self, index: usize, levels: &mut [u8]) {
        if let Err(error) = self.stored.store.copy(self.rows[index] * self.shape.values(), levels) {
            levels.fill(0);
            let mut fault = self.stored.fault.lock().unwrap_or_else(PoisonError::into_inner);
            fault.get_or_insert(error);
        }
    }

    /// The grey levels of several, one after the other.
    pub fn levels(&self, indices: &[usize]) -> Vec<u8> {
        let values = self.shape.values();
        let mut levels = vec![0; indices.len() * values];
        for (&index, levels) in indices.iter().zip(levels.chunks_exact_mut(values)) {
            self.copy(index, levels);
        }
        levels
    }

    /// The grey levels of up to `n` different ones at random, and their indices.
    pub fn some(&self, n: usize, random: Random) -> (Vec<u8>, Vec<usize>) {
        let indices = some_of(self.len(), n, random);
        (self.levels(&indices), indices)
    }

    /// Up to `n` different ones at random with their classes, if these are known.
    pub fn labelled(&self, n: usize, random: Random) -> Option<LabelledImages> {
        self.classes.as_ref()?;
        let (levels, indices) = self.some(n, random);
        Some(LabelledImages {
            shape: self.shape,
            labels: indices.into_iter().map(|index| self.label(index)).collect::<Option<_>>()?,
            levels,
            classes: self.class_names().to_vec(),
        })
    }

    /// Refuses a set of which an image could not be read.
    pub fn intact(&self) -> Result<(), DataError> {
        let mut fault = self.stored.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.take().map_or(Ok(()), |source| Err(unreadable(&self.from)(source)))
    }

    /// The class of one, if classes are known.
    pub fn label(&self, index: usize) -> Option<u32> {
        self.classes.as_ref().map(|classes| classes.labels[self.rows[index]])
    }

    /// Names of the classes; none where they are not known.
    pub fn class_names(&self) -> &[String] {
        self.classes.as_ref().map_or(&[], |classes| &classes.names)
    }
}
