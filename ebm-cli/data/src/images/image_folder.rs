use crate::prelude::*;
use ebm_core::image::ImageShape;

use super::background::Background;
use super::image_file::{Colour, FORMATS, Frame, Framed, is_image, read_image};
use super::image_set::{ImageSet, ImageSetWriter};
use super::{augment::Augmentation, finite::FiniteImages};
use crate::unread_layout::unread_layout;

/// Most files that are named in a note.
const NAMED: usize = 3;

/// Images in a folder, as PNG, JPEG, WebP, BMP or TIFF files: in one sub-folder a class, or all in the folder itself and without
/// classes.
///
/// Images are kept in 8 bits a value: 16 bits and floats from 0 (black) to 1 (white) are rounded to the nearest grey level. Of an
/// animation, or of several pages, the first image is read. Other files are left out, which the data's notes tell.
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
    /// The colour that is seen through the transparent parts of images.
    pub background: Background,
    /// Add noise, uniform over the width of a grey level, so that the data has a density.
    pub dequantize: bool,
}

/// The files of a folder of images.
struct Listing {
    /// The files in their order, and the class of each.
    files: Vec<(PathBuf, u32)>,
    /// The classes: names of sub-folders. None if the files are in the folder itself.
    classes: Vec<String>,
    /// Files beside them that are no images.
    left_out: Vec<PathBuf>,
}

/// The content of a folder without hidden files, in the order of the names.
struct Entries {
    images: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    others: Vec<PathBuf>,
}

impl Listing {
    /// The images of a folder, in an order that does not depend on the system.
    fn of(folder: &Path) -> Result<Self, DataError> {
        if !folder.is_dir() {
            return Err(missing(folder, "there is no such folder", &advice()));
        }
        let Entries { images, folders, others } = Entries::of(folder)?;
        if images.is_empty()
            && let Some(reason) = unread_layout(folder)
        {
            return Err(malformed(folder, "the whole folder", reason));
        }
        match (&images[..], &folders[..]) {
            ([], []) => {
                let found = format!("no {FORMATS} file and no folder is in this folder{}", beside(folder, &others));
                Err(missing(folder, found, &advice()))
            }
            ([first, ..], [other, ..]) => {
                let reason = format!(
                    "it has images of its own ({} and others) beside folders ({} and others); expected images, or one folder a \
                     class",
                    name(first),
                    name(other)
                );
                Err(malformed(folder, "the whole folder", reason))
            }
            (_, []) => Ok(Self {
                files: images.into_iter().map(|file| (file, 0)).collect(),
                classes: Vec::new(),
                left_out: others,
            }),
            ([], classes) => Self::of_classes(classes, others),
        }
    }

    /// The images of folders, each a class. `left_out`: files beside the folders.
    fn of_classes(classes: &[PathBuf], mut left_out: Vec<PathBuf>) -> Result<Self, DataError> {
        let mut files = Vec::new();
        for (class, folder) in classes.iter().enumerate() {
            let refuse = |reason: String| Err(malformed(folder, "the class", reason));
            let Entries { images, folders, others } = Entries::of(folder)?;
            if let Some(deeper) = folders.first() {
                return refuse(format!("a class has images and no folders, and this one has {}", name(deeper)));
            }
            if images.is_empty() {
                let beside = beside(folder, &others);
                return refuse(format!("no {FORMATS} file is in it{beside}; every folder is a class and has images"));
            }
            files.extend(images.into_iter().map(|file| (file, class as u32)));
            left_out.extend(others);
        }
        Ok(Self { files, classes: classes.iter().map(|folder| name(folder)).collect(), left_out })
    }

    /// Reads the images, with notes on them.
    fn read(&self, folder: &Path, frame: Frame) -> Result<(ImageSet, Vec<String>), DataError> {
        let mut images: Option<(ImageSetWriter, ImageShape)> = None;
        let mut transparent = 0;
        for (file, _) in &self.files {
            let Framed { shape, levels, transparent: is_transparent } = read_image(file, frame)?;
            transparent += usize::from(is_transparent);
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
        let (writer, _) = images.ok_or_else(|| missing(folder, "no images are in this folder", &advice()))?;
        let mut set = writer.finish()?;
        if !self.classes.is_empty() {
            let labels = self.files.iter().map(|file| file.1).collect();
            set = set.with_classes(labels, self.classes.clone(), folder)?;
        }
        Ok((set, self.notes(folder, frame, transparent)))
    }

    fn notes(&self, folder: &Path, frame: Frame, transparent: usize) -> Vec<String> {
        let (images, left_out) = (self.files.len(), self.left_out.len());
        let mut notes = Vec::new();
        if left_out > 0 {
            notes.push(format!(
                "{}: {left_out} of {} files were left out, which are not {FORMATS}: {}",
                folder.display(),
                images + left_out,
                listed(folder, &self.left_out)
            ));
        }
        if transparent > 0 {
            notes.push(format!(
                "{}: {transparent} of {images} images have transparent parts, which are {} now; background sets the colour",
                folder.display(),
                frame.background.name()
            ));
        }
        notes
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

impl Entries {
    fn of(folder: &Path) -> Result<Self, DataError> {
        let (mut images, mut folders, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for entry in std::fs::read_dir(folder).map_err(unreadable(folder))? {
            let path = entry.map_err(unreadable(folder))?.path();
            if name(&path).starts_with('.') {
                continue;
            } else if path.is_dir() {
                folders.push(path);
            } else if is_image(&path) {
                images.push(path);
            } else {
                others.push(path);
            }
        }
        [&mut images, &mut folders, &mut others].into_iter().for_each(|paths| paths.sort());
        Ok(Self { images, folders, others })
    }
}

/// The advice on getting files.
fn advice() -> String {
    format!("put {FORMATS} files there, in one sub-folder a class or without sub-folders")
}

/// The first of some files, by their names below a folder.
fn listed(folder: &Path, files: &[PathBuf]) -> String {
    let names = files.iter().take(NAMED).map(|file| file.strip_prefix(folder).unwrap_or(file).display().to_string());
    let more = if files.len() > NAMED { ", ..." } else { "" };
    names.collect::<Vec<_>>().join(", ") + more
}

/// The files of a folder in which images were looked for, in brackets.
fn beside(folder: &Path, others: &[PathBuf]) -> String {
    if others.is_empty() { String::new() } else { format!(" (it has {})", listed(folder, others)) }
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
        let folder = located(base, &self.path);
        let frame = Frame {
            side: (self.size > 0).then_some(self.size + self.crop),
            colour: self.color,
            background: self.background,
        };
        let augmentation = Augmentation { flip: self.flip, crop: self.crop, dequantize: self.dequantize };
        let listing = Listing::of(&folder)?;
        if self.held_out_path.as_os_str().is_empty() {
            let (all, notes) = listing.read(&folder, frame)?;
            let images = FiniteImages::splitting(all, self.shares(), augmentation, random)?;
            return Ok(Box::new(images.with_notes(notes)));
        }
        let held_out_folder = located(base, &self.held_out_path);
        // Both are looked at before either is read.
        let held_out = Listing::of(&held_out_folder)?.numbered_like(&listing, &held_out_folder)?;
        let (training, notes) = listing.read(&folder, frame)?;
        let (held_out, more) = held_out.read(&held_out_folder, frame)?;
        let images = FiniteImages::new(training, held_out, self.validation, augmentation, random)?;
        Ok(Box::new(images.with_notes([notes, more].concat())))
    }
}

register_dataset!(
    ImageFolder,
    name: "image-folder",
    summary: "PNG, JPEG, WebP, BMP and TIFF files in a folder, one sub-folder a class",
    reference: "the layout of torchvision.datasets.ImageFolder",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Prefetched;
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
        folder
    }

    fn here() -> ImageFolder {
        ImageFolder { path: ".".into(), validation: 0.0, ..Default::default() }
    }

    #[test]
    fn folders_are_classes() {
        let folder = two_classes();
        let data = load(folder.path(), &here()).unwrap();
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
        let none = "no PNG, JPEG, WebP, BMP or TIFF file";
        refused(load(folder.path(), &here()), &[none, "and no folder is in this folder; put", "--data DIR"]);
        std::fs::write(folder.path().join("a.gif"), b"x").unwrap();
        refused(load(folder.path(), &here()), &["and no folder is in this folder (it has a.gif)"]);
        let nowhere = ImageFolder { path: "nowhere".into(), ..here() };
        refused(load(folder.path(), &nowhere), &["nowhere: there is no such folder"]);
        let folder = two_classes();
        create_dir_all(folder.path().join("c")).unwrap();
        refused(load(folder.path(), &here()), &["c: the class", none]);
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
    fn files_that_are_left_out_are_noted_also_through_what_wraps_the_images() {
        let folder = two_classes();
        let noted = |files: &str| {
            let data = load(folder.path(), &here()).unwrap();
            let notes = data.notes();
            assert_eq!(Prefetched::new(data.into()).notes(), notes);
            let start = format!("{}: ", folder.path().join(".").display());
            assert_eq!(notes, [format!("{start}{files}")]);
        };
        noted("1 of 6 files were left out, which are not PNG, JPEG, WebP, BMP or TIFF: a/notes.txt");
        for name in ["b/b.gif", "b/a", "README.md"] {
            std::fs::write(folder.path().join(name), b"x").unwrap();
        }
        noted(
            "4 of 9 files were left out, which are not PNG, JPEG, WebP, BMP or TIFF: README.md, a/notes.txt, b/a, ...",
        );
    }

    #[test]
    fn files_of_all_formats_are_read_and_transparent_ones_noted() {
        let folder = tempfile::tempdir().unwrap();
        let image = image::RgbaImage::from_pixel(2, 2, image::Rgba([9, 9, 9, 0]));
        let opaque = image::DynamicImage::from(image.clone()).into_rgb8();
        for name in ["a.png", "b.WEBP", "c.bmp", "d.tif", "e.jpg"] {
            opaque.save(folder.path().join(name)).unwrap();
        }
        assert_eq!(load(folder.path(), &here()).unwrap().notes(), [] as [&str; 0]);
        image.save(folder.path().join("f.png")).unwrap();
        let config = ImageFolder { held_out_path: ".".into(), background: Background::Black, ..here() };
        let data = load(folder.path(), &config).unwrap();
        let noted = "1 of 6 images have transparent parts, which are black now; background sets the colour";
        assert_eq!((data.len(), data.notes().len()), (Some(6), 2));
        assert!(data.notes().iter().all(|note| note.ends_with(noted)), "{:?}", data.notes());
        let black = data.held_out(6, Random::new(0)).chunks(12).filter(|image| image[0] == -1.0).count();
        assert_eq!(black, 1);
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
