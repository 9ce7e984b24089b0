use crate::prelude::*;
use ebm_core::image::ImageShape;
use std::io::Read;
use zip::read::ZipFile;

use super::image_set::{ImageSet, ImageSetWriter};
use super::layout::{Layout, Order};
use super::to_levels::ToLevels;
use crate::{npy_file::read_numbers, npy_header::NpyHeader};

/// Most values of an image.
const LARGEST: usize = 1 << 22;
/// Most bytes that images may have in all.
const MOST: u64 = 1 << 36;

/// The images and labels read so far.
#[derive(Default)]
pub(super) struct ImageArrays {
    images: Option<(ImageSetWriter, ImageShape)>,
    labels: Vec<u32>,
    /// Whether the files have labels.
    labelled: Option<bool>,
}

impl ImageArrays {
    /// Reads an array of images, whose number it gives. `size`: bytes of the file, where they are known to be all there is.
    pub fn images(
        &mut self,
        (path, place): (&Path, &str),
        input: &mut impl Read,
        size: Option<u64>,
        layout: Layout,
    ) -> Result<usize, DataError> {
        let refuse = |reason: String| Err(malformed(path, place, reason));
        let header = NpyHeader::read(path, place, input)?;
        let sides = &header.shape;
        let Some(mut to_levels) = ToLevels::of(&header.descr) else {
            return refuse(format!("its elements are of type {}; expected {}", header.descr, ToLevels::EXPECTED));
        };
        if header.fortran_order {
            return refuse("it is stored column by column; expected numpy.ascontiguousarray(array)".into());
        }
        let count = sides.iter().try_fold(1u64, |product, side| product.checked_mul(*side));
        let order = Order::of(sides, layout);
        let (Some(order), Some(count)) = (order, count.filter(|count| (1..=MOST).contains(count))) else {
            return refuse(format!(
                "it has shape {sides:?}; expected images [n, height, width], with 1 or 3 channels at the end or after n, or [n, D]"
            ));
        };
        if order.shape.values() > LARGEST {
            return refuse(format!("its images are of {} values, more than {LARGEST}", order.shape));
        }
        let bytes = count * to_levels.element_bytes() as u64;
        if let Some(size) = size.filter(|size| *size < bytes) {
            return refuse(format!("the file is cut short: {bytes} bytes belong here, and it has {size}"));
        }
        let (writer, first) = self.images.get_or_insert_with(|| (ImageSetWriter::new(order.shape, path), order.shape));
        if *first != order.shape {
            return refuse(format!("its images are of {} values, those before of {first}", order.shape));
        }
        let (mut stored, mut image) = (vec![0; order.shape.values() * to_levels.element_bytes()], Vec::new());
        for index in 0..sides[0] {
            let place = format!("{place}, image {index}");
            input.read_exact(&mut stored).map_err(|error| damaged(path, &place, error))?;
            let levels = to_levels.convert(&mut stored).map_err(|reason| malformed(path, &place, reason))?;
            order.arrange(levels, &mut image);
            writer.push(&image)?;
        }
        to_levels.end().map_err(|reason| malformed(path, place, reason))?;
        match input.read(&mut [0]) {
            Ok(0) => Ok(sides[0] as usize),
            Ok(_) => refuse(format!("it goes on after its {count} values; expected its end")),
            Err(error) => Err(damaged(path, &format!("{place}, end"), error)),
        }
    }

    /// Adds the labels of the last `count` images, or that they have none.
    pub fn label(&mut self, path: &Path, labels: Option<Vec<u32>>, count: usize) -> Result<(), DataError> {
        let refuse = |reason: String| Err(malformed(path, "the whole file", reason));
        if *self.labelled.get_or_insert(labels.is_some()) != labels.is_some() {
            return refuse("some of the files have labels and some have none".into());
        }
        let Some(labels) = labels else { return Ok(()) };
        if labels.len() != count {
            return refuse(format!("it has {} labels for {count} images", labels.len()));
        }
        self.labels.extend(labels);
        Ok(())
    }

    /// The images with their labels, if there are any.
    pub fn finish(self, path: &Path) -> Result<Option<ImageSet>, DataError> {
        let Some((images, _)) = self.images else { return Ok(None) };
        let set = images.finish()?;
        match self.labelled {
            Some(true) => set.with_numbered_classes(self.labels, path).map(Some),
            _ => Ok(Some(set)),
        }
    }
}

/// Labels `[n]` from an array of an archive: whole numbers that are small and not negative.
pub(super) fn labels_of((path, place): (&Path, &str), name: &str, entry: ZipFile<'_>) -> Result<Vec<u32>, DataError> {
    /// The largest label.
    const LARGEST: f64 = (1 << 20) as f64;
    let refuse = |reason: String| Err(malformed(path, place, reason));
    let size = entry.size();
    let (width, values) = read_numbers(&path.join(format!("{name}.npy")), entry, size)?;
    if width != 1 {
        return refuse(format!("it has {width} columns; expected labels [n]"));
    }
    match values.iter().position(|v| !(0.0..=LARGEST).contains(v) || v.fract() != 0.0) {
        Some(index) => {
            refuse(format!("label {index} is {}; expected a whole number from 0 to {LARGEST}", values[index]))
        }
        None => Ok(values.into_iter().map(|label| label as u32).collect()),
    }
}
