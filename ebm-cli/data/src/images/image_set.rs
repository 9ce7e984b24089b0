//! Images of one shape, 8 bits a value.

use crate::prelude::*;
use ebm_core::image::ImageShape;
use std::sync::{Mutex, PoisonError};

use super::store::{Store, StoreWriter};

/// Images of one shape, and their classes where they are known.
#[derive(Debug)]
pub(super) struct ImageSet {
    shape: ImageShape,
    count: usize,
    store: Store,
    classes: Option<Classes>,
    /// The file or folder of the images, for messages.
    from: PathBuf,
    /// The first failure to read what was stored.
    fault: Mutex<Option<std::io::Error>>,
}

#[derive(Debug)]
struct Classes {
    labels: Vec<u32>,
    names: Vec<String>,
}

/// Collects images.
pub(super) struct ImageSetWriter {
    shape: ImageShape,
    count: usize,
    store: StoreWriter,
    from: PathBuf,
}

impl ImageSetWriter {
    /// Starts a set of images of a shape that has values. `from`: their file or folder, for messages.
    pub fn new(shape: ImageShape, from: &Path) -> Self {
        Self {
            shape,
            count: 0,
            store: StoreWriter::new(),
            from: from.into(),
        }
    }

    /// Appends whole images.
    pub fn push(&mut self, levels: &[u8]) -> Result<(), DataError> {
        self.count += levels.len() / self.shape.values();
        self.store.push(levels).map_err(|source| self.unstored(source))
    }

    /// The images, without classes.
    pub fn finish(mut self) -> Result<ImageSet, DataError> {
        let store = std::mem::replace(&mut self.store, StoreWriter::new());
        let store = store.finish().map_err(|source| self.unstored(source))?;
        Ok(ImageSet {
            shape: self.shape,
            count: self.count,
            store,
            classes: None,
            from: self.from,
            fault: Mutex::default(),
        })
    }

    fn unstored(&self, source: std::io::Error) -> DataError {
        let reason = format!("its images are too many for the memory, and no temporary file can hold them: {source}");
        malformed(&self.from, "the whole set", reason)
    }
}

impl ImageSet {
    /// Adds the class of each image. `from`: the file of the labels.
    pub fn labelled(mut self, labels: Vec<u32>, names: Vec<String>, from: &Path) -> Result<Self, DataError> {
        if labels.len() != self.len() {
            let reason = format!("it has {} labels for {} images", labels.len(), self.len());
            return Err(malformed(from, "the whole file", reason));
        }
        let unnamed = labels.iter().position(|label| *label as usize >= names.len());
        if let Some(index) = unnamed {
            let reason = format!("the label is {}; there are {} classes", labels[index], names.len());
            return Err(malformed(from, &format!("label {index}"), reason));
        }
        self.classes = Some(Classes { labels, names });
        Ok(self)
    }

    /// The shape of each.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.count
    }

    /// The file or folder of the images.
    pub fn from(&self) -> &Path {
        &self.from
    }

    /// Copies the grey levels of one. Where they cannot be read they are 0, and [`ImageSet::check`] tells.
    pub fn copy(&self, index: usize, levels: &mut [u8]) {
        if let Err(error) = self.store.copy(index * self.shape.values(), levels) {
            levels.fill(0);
            let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
            fault.get_or_insert(error);
        }
    }

    /// The grey levels of several, one after the other.
    pub fn levels(&self, rows: &[usize]) -> Vec<u8> {
        let values = self.shape.values();
        let mut levels = vec![0; rows.len() * values];
        for (&row, levels) in rows.iter().zip(levels.chunks_exact_mut(values)) {
            self.copy(row, levels);
        }
        levels
    }

    /// Refuses a set of which an image could not be read.
    pub fn intact(&self) -> Result<(), DataError> {
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault
            .take()
            .map_or(Ok(()), |source| Err(unreadable(&self.from)(source)))
    }

    /// The class of one, if classes are known.
    pub fn label(&self, index: usize) -> Option<u32> {
        self.classes.as_ref().map(|classes| classes.labels[index])
    }

    /// Names of the classes; none where they are not known.
    pub fn class_names(&self) -> &[String] {
        self.classes.as_ref().map_or(&[], |classes| &classes.names)
    }
}

/// Names for classes that are known by number: "0", "1", and so on.
pub(super) fn numbered(labels: &[u32]) -> Vec<String> {
    let count = labels.iter().max().map_or(0, |last| last + 1);
    (0..count).map(|class| class.to_string()).collect()
}
