use crate::prelude::*;
use ebm_core::image::ImageShape;

use super::image_file::{Colour, Frame, read_image};
use super::image_set::{ImageSet, ImageSetWriter};
use super::{augment::Augmentation, finite::FiniteImages};

/// The advice on getting files.
const ADVICE: &str = "put PNG or JPEG files there, in one sub-folder a class or without sub-folders";
/// Extensions of files that are read; others are left alone.
const EXTENSIONS: [&str; 3] = ["png", "jpg", "jpeg"];

/// Extensions of images that are not read.
const OTHERS: [&str; 8] = ["webp", "bmp", "gif", "tif", "tiff", "avif", "heic", "jp2"];

/// The number of images in a folder, or in the folders of its classes, whose format is not read, so that they are left out.
pub fn images_left_out(folder: &Path) -> usize {
    let in_one = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_other = |path: &PathBuf| {
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        extension.is_some_and(|extension| OTHERS.contains(&&extension[..]))
    };
    let classes = in_one(folder).filter(|path| path.is_dir()).flat_map(|class| in_one(&class));
    in_one(folder).chain(classes).filter(is_other).count()
}

/// Images in a folder, as PNG or JPEG files: in one sub-folder a class, or all in the folder itself and without classes.
#[derive(Clone, Debug, PartialEq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImageFolder {
    /// The folder; a relative path starts from the folder of the configuration file, or from that of `--data`.
    pub path: PathBuf,
    /// Folder of the images that training never sees, made like the other; empty: a share of the others.
    pub held_out_path: PathBuf,
    /// Share of the images, chosen at random by the run's seed, that training never sees, where they have no folder.
    #[default(0.1)]
    pub held_out: f64,
    /// Share of the images to train on, chosen in the same way, that are for choices made during training instead:
    /// `checkpoint.best`, `train.stop`. 0: they look at what is held out.
    #[default(0.1)]
    pub validation: f64,
    /// Pixels along each side: images are scaled so that their shorter side has as many, and the middle is cut out. 0: they
    /// are all of one size, and stay as they are.
    pub size: usize,
    /// Pixels that `size` is larger by while images are scaled; each time that one is drawn to train on, a window of `size`
    /// pixels is cut out of it at random.
    pub crop: usize,
    /// Mirror half of the images to train on, at random.
    pub flip: bool,
    /// Whether images are grey or of three colours; others are converted.
    pub color: Colour,
    /// Add noise, uniform over the width of a grey level, so that the data has a density.
    pub dequantize: bool,
}

/// The files of a folder of images.
struct Listing {
    /// The files in their order, and the class of each.
    files: Vec<(PathBuf, u32)>,
    /// The classes: names of sub-folders. None if the files are in the folder itself.
    classes: Vec<String>,
}

impl Listing {
    /// The images of a folder, in an order that does not depend on the system.
    fn of(folder: &Path) -> Result<Self, DataError> {
        if !folder.is_dir() {
            return Err(missing(folder, "there is no such folder", ADVICE));
        }
        let (own, below) = entries(folder)?;
        match (own.is_empty(), below.is_empty()) {
            (true, true) => Err(missing(folder, "no PNG or JPEG file and no folder is in this folder", ADVICE)),
            (false, true) => Ok(Self { files: own.into_iter().map(|file| (file, 0)).collect(), classes: Vec::new() }),
            (false, false) => {
                let reason = format!(
                    "it has images of its own ({} and others) beside folders ({} and others); expected images, or one folder a \
                     class",
                    name(&own[0]),
                    name(&below[0])
                );
                Err(malformed(folder, "the whole folder", reason))
            }
            (true, false) => {
                let mut files = Vec::new();
                for (class, folder) in below.iter().enumerate() {
                    let refuse = |reason: String| Err(malformed(folder, "the class", reason));
                    let (own, deeper) = entries(folder)?;
                    if let Some(deeper) = deeper.first() {
                        return refuse(format!("a class has images and no folders, and this one has {}", name(deeper)));
                    }
                    if own.is_empty() {
                        return refuse("no PNG or JPEG file is in it; every folder is a class and has images".into());
                    }
                    files.extend(own.into_iter().map(|file| (file, class as u32)));
                }
                Ok(Self { files, classes: below.iter().map(|folder| name(folder)).collect() })
            }
        }
    }

    fn read(&self, folder: &Path, frame: Frame) -> Result<ImageSet, DataError> {
        let mut images: Option<(ImageSetWriter, ImageShape)> = None;
        for (file, _) in &self.files {
            let (shape, levels) = read_image(file, frame)?;
            let (writer, expected) = images.get_or_insert_with(|| (ImageSetWriter::new(shape, folder), shape));
            if shape != *expected {
                let first = self.files[0].0.display();
                let reason = format!(
                    "the image is {} x {} pixels high and wide, {first} is {} x {}; set size = {} to scale all of them",
                    shape.height,
                    shape.width,
                    expected.height,
                    expected.width,
                    expected.height.min(expected.width)
                );
                return Err(malformed(file, "the whole file", reason));
            }
            writer.push(&levels)?;
        }
        let (writer, _) = images.ok_or_else(|| missing(folder, "no images are in this folder", ADVICE))?;
        let set = writer.finish()?;
        if self.classes.is_empty() {
            return Ok(set);
        }
        set.with_classes(self.files.iter().map(|file| file.1).collect(), self.classes.clone(), folder)
    }

    /// Gives classes the numbers that they have in another listing.
    fn numbered_like(mut self, other: &Self, folder: &Path) -> Result<Self, DataError> {
        let mut numbers = Vec::new();
        for class in &self.classes {
            let number = other.classes.iter().position(|known| known == class);
            let number = number.ok_or_else(|| {
                let reason =
                    format!("there is no such class to train on; the classes are {}", other.classes.join(", "));
                malformed(&folder.join(class), "the class", reason)
            })?;
            numbers.push(number as u32);
        }
        if !numbers.is_empty() {
            self.files.iter_mut().for_each(|file| file.1 = numbers[file.1 as usize]);
            self.classes = other.classes.clone();
        }
        Ok(self)
    }
}

/// Image files and folders in a folder, each in the order of their names. Hidden ones are left alone.
fn entries(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), DataError> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        if name(&path).starts_with('.') {
            continue;
        } else if path.is_dir() {
            folders.push(path);
        } else if extension.is_some_and(|extension| EXTENSIONS.contains(&&extension[..])) {
            files.push(path);
        }
    }
    files.sort();
    folders.sort();
    Ok((files, folders))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

impl ImageFolder {
    fn shares(&self) -> Shares {
        Shares { held_out: self.held_out, validation: self.validation }
    }
}

impl DatasetSpec for ImageFolder {
    fn check(&self) -> Result<(), ConfigError> {
        check_options(&self.path, self.shares())?;
        let most = Frame::LARGEST;
        let (size, crop) = (self.size, self.crop);
        ConfigError::require(size <= most, "size", size, &format!("at most {most} pixels"))?;
        let expected = format!("at most {most}, and 0 without a size");
        ConfigError::require(crop <= most && (crop == 0 || size > 0), "crop", crop, &expected)
    }

    fn load(&self, base: &Path, random: Random) -> Result<Box<dyn Dataset>, DataError> {
        let folder = base.join(&self.path);
        let frame = Frame { side: (self.size > 0).then_some(self.size + self.crop), colour: self.color };
        let augmentation = Augmentation { flip: self.flip, crop: self.crop, dequantize: self.dequantize };
        let listing = Listing::of(&folder)?;
        if self.held_out_path.as_os_str().is_empty() {
            let all = listing.read(&folder, frame)?;
            return Ok(Box::new(FiniteImages::splitting(all, self.shares(), augmentation, random)?));
        }
        let held_out_folder = base.join(&self.held_out_path);
        // Both are looked at before either is read.
        let held_out = Listing::of(&held_out_folder)?.numbered_like(&listing, &held_out_folder)?;
        let training = listing.read(&folder, frame)?;
        let held_out = held_out.read(&held_out_folder, frame)?;
        Ok(Box::new(FiniteImages::new(training, held_out, self.validation, augmentation, random)?))
    }
}

register_dataset!(
    ImageFolder,
    name: "image-folder",
    summary: "PNG and JPEG files in a folder, one sub-folder a class",
    reference: "the layout of torchvision.datasets.ImageFolder",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{load, png, refused};
    use ebm_core::image::{Part, level_of};
    use std::fs::create_dir_all;

    /// Classes `a` (2 images of 4 x 6, of level 10) and `b` (3, of level 200), with files that are none.
    fn two_classes() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (class, count, level) in [("a", 2, 10), ("b", 3, 200)] {
            create_dir_all(folder.path().join(class)).unwrap();
            for image in 0..count {
                png(&folder.path().join(class).join(format!("{image}.png")), 4, 6, |_, _| [level; 3]);
            }
        }
        std::fs::write(folder.path().join("a/.hidden.png"), b"x").unwrap();
        std::fs::write(folder.path().join("a/notes.txt"), b"x").unwrap();
        std::fs::write(folder.path().join("b/left-out.WebP"), b"x").unwrap();
        folder
    }

    fn here() -> ImageFolder {
        ImageFolder { path: ".".into(), validation: 0.0, ..Default::default() }
    }

    #[test]
    fn folders_are_classes() {
        let folder = two_classes();
        let data = load(folder.path(), &here()).unwrap();
        assert_eq!(images_left_out(folder.path()), 1);
        assert_eq!(data.image().unwrap().to_string(), "4 x 6 x 3");
        let labelled = data.labelled(Part::Training, 9, Random::new(0)).unwrap();
        assert_eq!((labelled.labels.len(), labelled.classes), (4, vec!["a".to_string(), "b".into()]));
        for (image, label) in labelled.levels.chunks(72).zip(&labelled.labels) {
            assert_eq!(image, [[10, 200][*label as usize]; 72]);
        }
    }

    #[test]
    fn images_are_scaled_cut_and_made_grey() {
        let folder = tempfile::tempdir().unwrap();
        for image in 0..4 {
            // Black, but for a white left third.
            png(&folder.path().join(format!("{image}.png")), 20, 60, |_, x| [if x < 20 { 255 } else { 0 }; 3]);
        }
        let config = ImageFolder { size: 10, color: Colour::Grey, ..here() };
        let data = load(folder.path(), &config).unwrap();
        assert_eq!(data.image().unwrap().to_string(), "10 x 10 x 1");
        // The middle third is black, up to the blur of scaling at its left edge.
        let levels: Vec<u8> = data.held_out(1, Random::new(0)).into_iter().map(level_of).collect();
        assert!(levels.chunks(10).all(|row| row[2..].iter().all(|level| *level < 5)), "{levels:?}");
        assert_eq!(data.labelled(Part::Training, 1, Random::new(0)), None);
        let windows = ImageFolder { crop: 4, ..config };
        let data = load(folder.path(), &windows).unwrap();
        assert_eq!(data.image().unwrap().to_string(), "10 x 10 x 1");
    }

    #[test]
    fn what_is_held_out_may_have_a_folder_of_its_own() {
        let (folder, other) = (two_classes(), tempfile::tempdir().unwrap());
        create_dir_all(other.path().join("b")).unwrap();
        png(&other.path().join("b/x.png"), 4, 6, |_, _| [3; 3]);
        let config = ImageFolder { held_out_path: other.path().into(), ..here() };
        let data = load(folder.path(), &config).unwrap();
        assert_eq!(data.len(), Some(5));
        // Its only class has the number that it has for training.
        assert_eq!(data.labelled(Part::HeldOut, 1, Random::new(0)).unwrap().labels, [1]);
        std::fs::rename(other.path().join("b"), other.path().join("c")).unwrap();
        refused(load(folder.path(), &config), &["/c: the class", "no such class", "a, b"]);
    }

    #[test]
    fn folders_that_cannot_be_meant_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        refused(load(folder.path(), &here()), &["no PNG or JPEG file and no folder", "--data DIR"]);
        let nowhere = ImageFolder { path: "nowhere".into(), ..here() };
        refused(load(folder.path(), &nowhere), &["nowhere: there is no such folder"]);
        let folder = two_classes();
        create_dir_all(folder.path().join("c")).unwrap();
        refused(load(folder.path(), &here()), &["c: the class", "no PNG or JPEG file"]);
        create_dir_all(folder.path().join("c/d")).unwrap();
        refused(load(folder.path(), &here()), &["c: the class", "this one has d"]);
        png(&folder.path().join("0.png"), 4, 6, |_, _| [0; 3]);
        refused(load(folder.path(), &here()), &["images of its own (0.png", "folders (a"]);
    }

    #[test]
    fn images_of_mixed_sizes_are_told_with_the_way_out_and_a_file_that_is_no_image_is_named() {
        let folder = two_classes();
        let path = folder.path().join("b/1.png");
        png(&path, 5, 6, |_, _| [0; 3]);
        refused(load(folder.path(), &here()), &["b/1.png", "5 x 6 pixels", "a/0.png is 4 x 6", "size = 4"]);
        let whole = std::fs::read(&path).unwrap();
        for bytes in [&whole[..whole.len() - 20], &b"nothing"[..], b""] {
            std::fs::write(&path, bytes).unwrap();
            refused(load(folder.path(), &here()), &["b/1.png: ", "no whole image"]);
        }
    }

    #[test]
    fn an_image_of_too_many_pixels_is_refused_by_its_header() {
        let folder = two_classes();
        // Header and nothing else: 50000 x 50000 pixels of eight bits, in grey.
        let mut chunk = b"IHDR".to_vec();
        chunk.extend([50_000u32.to_be_bytes(), 50_000u32.to_be_bytes()].concat());
        chunk.extend([8, 0, 0, 0, 0]);
        let mut crc = flate2::Crc::new();
        crc.update(&chunk);
        let parts: [&[u8]; 4] = [b"\x89PNG\r\n\x1a\n", &13u32.to_be_bytes(), &chunk, &crc.sum().to_be_bytes()];
        // The decoder reads on until the pixels begin.
        let start = b"\0\0\0\x01IDAT\x78".to_vec();
        std::fs::write(folder.path().join("b/1.png"), [parts.concat(), start].concat()).unwrap();
        refused(load(folder.path(), &here()), &["b/1.png: the whole file: ", "too large; at most 134217728 pixels"]);
    }

    #[test]
    fn options_without_a_meaning_are_refused() {
        let config = ImageFolder { crop: 3, ..here() };
        assert_eq!(config.check().unwrap_err().key, "crop");
        let config = ImageFolder { size: 1 << 20, ..here() };
        assert_eq!(config.check().unwrap_err().key, "size");
    }
}
