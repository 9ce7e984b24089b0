use crate::prelude::*;
use ebm_core::image::Part;

use super::idx_file::{read_images, read_labels};
use super::image_set::ImageSet;
use crate::unread_layout::unread_layout;

/// The advice on getting the files.
const ADVICE: &str = "download train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and \
                      t10k-labels-idx1-ubyte.gz (MNIST: https://ossci-datasets.s3.amazonaws.com/mnist/) into this folder, \
                      packed or unpacked";

/// The file of images or labels of a part, packed or not, if it is there.
pub(super) fn file_of(folder: &Path, part: Part, labels: bool) -> Option<PathBuf> {
    let part = if part == Part::Training { "train" } else { "t10k" };
    let (kind, axes) = if labels { ("labels", 1) } else { ("images", 3) };
    // Some copies have a dot where others have a dash.
    let names = ["-", "."].map(|mark| format!("{part}-{kind}{mark}idx{axes}-ubyte"));
    let files = names.iter().flat_map(|name| [name.clone(), format!("{name}.gz")]);
    files.map(|name| folder.join(name)).find(|path| path.exists())
}

/// The images of a part and their labels, where there is a file of them.
pub(super) fn read_part(folder: &Path, part: Part) -> Result<ImageSet, DataError> {
    let images = file_of(folder, part, false).ok_or_else(|| lacking(folder))?;
    read_pair(&images, file_of(folder, part, true).as_deref())
}

/// Images, and their labels from a file of their own.
pub(super) fn read_pair(images: &Path, labels: Option<&Path>) -> Result<ImageSet, DataError> {
    let set = read_images(images)?;
    let Some(from) = labels else { return Ok(set) };
    set.with_numbered_classes(read_labels(from)?, from)
}

/// There is nothing to read at `path`.
pub(super) fn lacking(path: &Path) -> DataError {
    if let Some(reason) = unread_layout(path) {
        return malformed(path, "the whole folder", reason);
    }
    match path.is_dir() {
        true => {
            missing(path, "no file train-images-idx3-ubyte or t10k-images-idx3-ubyte (.gz) is in this folder", ADVICE)
        }
        false => missing(path, "there is no such file or folder", ADVICE),
    }
}
