//! A folder with the four files of MNIST, under the names they are distributed by.

use crate::prelude::*;
use ebm_core::image::Part;

use super::idx_file::{read_images, read_labels};
use super::image_set::ImageSet;

/// The advice on getting the files.
const ADVICE: &str = "download train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and \
                      t10k-labels-idx1-ubyte.gz (MNIST: https://ossci-datasets.s3.amazonaws.com/mnist/) into this folder, \
                      packed or unpacked; --data DIR names another folder for relative paths to start from";

/// The file of images or labels of a part, packed or not, if it is there.
pub(super) fn file_of(folder: &Path, part: Part, labels: bool) -> Option<PathBuf> {
    let part = match part {
        Part::Training => "train",
        Part::HeldOut => "t10k",
    };
    let kind = match labels {
        true => "labels",
        false => "images",
    };
    let axes = if labels { 1 } else { 3 };
    // Some copies have a dot where others have a dash.
    let names = ["-", "."].map(|mark| format!("{part}-{kind}{mark}idx{axes}-ubyte"));
    let files = names.iter().flat_map(|name| [name.clone(), format!("{name}.gz")]);
    files.map(|name| folder.join(name)).find(|path| path.exists())
}

/// The images of a part and their labels, where there is a file of them.
pub(super) fn read_part(folder: &Path, part: Part) -> Result<ImageSet, DataError> {
    let Some(images) = file_of(folder, part, false) else {
        return Err(missing(folder));
    };
    read_pair(&images, file_of(folder, part, true).as_deref())
}

/// Images, and their labels from a file of their own.
pub(super) fn read_pair(images: &Path, labels: Option<&Path>) -> Result<ImageSet, DataError> {
    let set = read_images(images)?;
    let Some(from) = labels else { return Ok(set) };
    set.with_numbered_classes(read_labels(from)?, from)
}

/// There is nothing to read at `path`.
pub(super) fn missing(path: &Path) -> DataError {
    let found = match path.is_dir() {
        true => "no file train-images-idx3-ubyte or t10k-images-idx3-ubyte (.gz) is in this folder",
        false => "there is no such file or folder",
    };
    DataError::Missing { path: path.into(), found: found.into(), advice: ADVICE.into() }
}
