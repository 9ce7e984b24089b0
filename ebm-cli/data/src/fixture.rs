//! Small files and what tests ask of them.

use ebm_core::{data::Dataset, random::Random, registry::DatasetSpec};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The data set of a configuration, or the message.
pub fn load(folder: &Path, config: &impl DatasetSpec) -> Result<Box<dyn Dataset>, String> {
    config.check().unwrap();
    config.load(folder, Random::new(0)).map_err(|error| error.to_string())
}

/// Refuses a success, and a message that lacks one of these parts.
#[track_caller]
pub fn refused<T, E: ToString>(result: Result<T, E>, parts: &[&str]) {
    let message = result.err().expect("it is refused").to_string();
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in {message}");
    }
}

pub fn idx(sides: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, sides.len() as u8];
    sides.iter().for_each(|side| file.extend(side.to_be_bytes()));
    file.extend(bytes);
    file
}

pub fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Level of a pixel of an image: every image and every pixel differs.
pub fn level(image: usize, pixel: usize) -> u8 {
    (image * 16 + pixel) as u8
}

/// `count` images of 2 x 3 from number `first` on.
pub fn images(first: usize, count: usize) -> Vec<u8> {
    let levels: Vec<u8> =
        (first..first + count).flat_map(|image| (0..6).map(move |pixel| level(image, pixel))).collect();
    idx(&[count as u32, 2, 3], &levels)
}

pub fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A folder with ten digits to train on and three held out, the former packed.
pub fn mnist() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let labels: Vec<u8> = (0..10).collect();
    write(folder.path(), "train-images-idx3-ubyte.gz", &packed(&images(0, 10)));
    write(folder.path(), "train-labels-idx1-ubyte.gz", &packed(&idx(&[10], &labels)));
    write(folder.path(), "t10k-images.idx3-ubyte", &images(10, 3));
    write(folder.path(), "t10k-labels.idx1-ubyte", &idx(&[3], &[7, 8, 9]));
    folder
}

/// Writes a PNG file whose pixel at (row, column) is as told.
pub fn png(path: &Path, height: u32, width: u32, pixel: impl Fn(u32, u32) -> [u8; 3]) {
    let image = image::RgbImage::from_fn(width, height, |x, y| image::Rgb(pixel(y, x)));
    image.save(path).unwrap();
}
