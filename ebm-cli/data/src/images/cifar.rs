use crate::prelude::*;
use ebm_core::image::ImageShape;

use super::image_set::{ImageSet, ImageSetWriter};
use super::{augment::Augmentation, byte_stream::ByteStream, finite::FiniteImages, layout::Order};
use crate::unread_layout::unread_layout;

/// The advice on getting the files.
pub(crate) const ADVICE: &str = "download https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz (or cifar-100-binary.tar.gz) and \
                                 unpack it: it holds the folder cifar-10-batches-bin (cifar-100-binary), which `path` names";
const SHAPE: ImageShape = ImageShape { height: 32, width: 32, channels: 3 };
/// Images are stored in planes of one colour.
const PLANES: Order = Order { shape: SHAPE, planes: true };

/// CIFAR-10 or CIFAR-100 in the binary format of their authors, plain or packed by gzip.
///
/// CIFAR-10: `data_batch_1.bin` to `data_batch_5.bin` to train on, `test_batch.bin` is held out. CIFAR-100: `train.bin` and
/// `test.bin`. Names of the classes are from `batches.meta.txt` or `fine_label_names.txt` where these are there.
#[derive(Clone, Debug, PartialEq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cifar {
    /// The folder of the files; a relative path starts from the folder of the configuration file, or from that of `--data`.
    #[default("cifar-10-batches-bin".into())]
    pub path: PathBuf,
    /// Which classes of CIFAR-100 count.
    pub labels: CifarLabels,
    /// Share of the images to train on, chosen at random by the run's seed, that are for choices made during training instead:
    /// `checkpoint.best`, `train.stop`. 0: they look at what is held out.
    #[default(0.1)]
    pub validation: f64,
    /// Mirror half of the images to train on, at random.
    #[default(true)]
    pub flip: bool,
    /// Add noise, uniform over the width of a grey level, so that the data has a density.
    pub dequantize: bool,
}

/// The classes of CIFAR-100. CIFAR-10 has one kind only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CifarLabels {
    /// 100 classes.
    #[default]
    Fine,
    /// 20 classes.
    Coarse,
}

/// How the files of one of the two sets are made.
struct Layout {
    training: &'static [&'static str],
    held_out: &'static str,
    /// Bytes before an image, one a label.
    labels: usize,
    /// The one of these that counts.
    label: usize,
    classes: usize,
    /// The file of the classes' names.
    names: &'static str,
}

const TEN: Layout = Layout {
    training: &["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
    held_out: "test_batch.bin",
    labels: 1,
    label: 0,
    classes: 10,
    names: "batches.meta.txt",
};

const HUNDRED: Layout = Layout {
    training: &["train.bin"],
    held_out: "test.bin",
    labels: 2,
    label: 1,
    classes: 100,
    names: "fine_label_names.txt",
};

const HUNDRED_COARSE: Layout = Layout { label: 0, classes: 20, names: "coarse_label_names.txt", ..HUNDRED };

impl Layout {
    /// Reads files one after the other.
    fn read(&self, folder: &Path, files: &[&str]) -> Result<ImageSet, DataError> {
        let mut images = ImageSetWriter::new(SHAPE, folder);
        let mut labels = Vec::new();
        for file in files {
            let path = found(folder, file).ok_or_else(|| lacking(folder, file))?;
            self.read_file(&path, &mut images, &mut labels)?;
        }
        images.finish()?.with_classes(labels, self.names(folder)?, folder)
    }

    fn read_file(&self, path: &Path, images: &mut ImageSetWriter, labels: &mut Vec<u32>) -> Result<(), DataError> {
        let mut stream = ByteStream::open(path)?;
        let (mut record, mut image) = (Vec::new(), Vec::new());
        let size = (self.labels + SHAPE.values()) as u64;
        let mut count = 0u64;
        while !stream.is_at_end()? {
            let place = format!("image {count}");
            stream.take_into(&mut record, size, &place)?;
            let (before, planes) = record.split_at(self.labels);
            let label = before[self.label];
            if usize::from(label) >= self.classes {
                let reason = format!("its label is {label}; expected one below {}", self.classes);
                return Err(malformed(path, &place, reason));
            }
            PLANES.arrange(planes, &mut image);
            images.push(&image)?;
            labels.push(u32::from(label));
            count += 1;
        }
        match count {
            0 => Err(malformed(path, "the whole file", "it is empty; expected images of CIFAR")),
            _ => Ok(()),
        }
    }

    /// The classes' names: from their file, or numbers.
    fn names(&self, folder: &Path) -> Result<Vec<String>, DataError> {
        let path = folder.join(self.names);
        if !path.exists() {
            return Ok((0..self.classes).map(|class| class.to_string()).collect());
        }
        let text = std::fs::read_to_string(&path).map_err(unreadable(&path))?;
        let names: Vec<String> =
            text.lines().map(str::trim).filter(|name| !name.is_empty()).map(String::from).collect();
        if names.len() != self.classes {
            let reason = format!("it names {} classes; expected {}", names.len(), self.classes);
            return Err(malformed(&path, "the whole file", reason));
        }
        Ok(names)
    }
}

/// A file, plain or packed, if it is there.
fn found(folder: &Path, name: &str) -> Option<PathBuf> {
    let names = [name.to_string(), format!("{name}.gz")];
    names.iter().map(|name| folder.join(name)).find(|path| path.exists())
}

fn lacking(folder: &Path, file: &str) -> DataError {
    if let Some(reason) = unread_layout(folder) {
        return malformed(folder, "the whole folder", reason);
    }
    let found =
        if folder.is_dir() { format!("no file {file} is in this folder") } else { "there is no such folder".into() };
    missing(folder, found, ADVICE)
}

impl Cifar {
    pub(crate) fn recognises(folder: &Path) -> bool {
        [TEN.training[0], HUNDRED.training[0]].iter().any(|file| found(folder, file).is_some())
    }
}

impl DatasetSpec for Cifar {
    fn check(&self) -> Result<(), ConfigError> {
        require_path(&self.path, "the folder of the files of CIFAR")?;
        check_validation(self.validation)
    }

    fn load(&self, base: &Path, random: Random) -> Result<Box<dyn Dataset>, DataError> {
        let folder = located(base, &self.path);
        let layout = match (found(&folder, HUNDRED.training[0]), self.labels) {
            (None, _) => TEN,
            (Some(_), CifarLabels::Fine) => HUNDRED,
            (Some(_), CifarLabels::Coarse) => HUNDRED_COARSE,
        };
        let augmentation = Augmentation { flip: self.flip, dequantize: self.dequantize, ..Default::default() };
        let training = layout.read(&folder, layout.training)?;
        let held_out = layout.read(&folder, &[layout.held_out])?;
        Ok(Box::new(FiniteImages::new(training, held_out, self.validation, augmentation, random)?))
    }
}

register_dataset!(
    Cifar,
    name: "cifar",
    summary: "CIFAR-10 or CIFAR-100 in their binary format (D = 3072)",
    reference: "Krizhevsky, Learning multiple layers of features from tiny images, 2009",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{load, packed, refused, write};
    use ebm_core::image::{Part, value_of};

    /// Images whose pixel p has level `k`, `k + 1` and `k + 2` plus p modulo 7 in red, green and blue.
    fn records(labels: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (image, labels) in labels.iter().enumerate() {
            bytes.extend_from_slice(labels);
            for colour in 0..3 {
                bytes.extend((0..32 * 32).map(|pixel| (10 * image + colour + pixel % 7) as u8));
            }
        }
        bytes
    }

    fn ten() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in TEN.training {
            write(folder.path(), file, &records(&[&[1], &[9]]));
        }
        write(folder.path(), "test_batch.bin.gz", &packed(&records(&[&[3]])));
        folder
    }

    fn here() -> Cifar {
        Cifar { path: ".".into(), validation: 0.0, ..Default::default() }
    }

    #[test]
    fn planes_become_pixels_and_files_follow_each_other() {
        let folder = ten();
        write(folder.path(), "batches.meta.txt", b"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
        let data = load(folder.path(), &here()).unwrap();
        assert_eq!((data.width(), data.len()), (3072, Some(10)));
        let held_out = data.held_out(9, Random::new(0));
        assert_eq!(held_out.len(), 3072);
        assert_eq!(held_out[3 * 5..3 * 6], [5, 6, 7].map(value_of));
        let labelled = data.labelled(Part::Training, 99, Random::new(0)).unwrap();
        assert_eq!(labelled.labels, [1, 9, 1, 9, 1, 9, 1, 9, 1, 9]);
        assert_eq!((&labelled.classes[9][..], labelled.levels[3072]), ("j", 10));
    }

    #[test]
    fn half_of_the_images_to_train_on_are_mirrored() {
        let folder = ten();
        let place = Random::new(0).stream("data");
        let first_levels = |flip: bool| -> Vec<bool> {
            let data = load(folder.path(), &Cifar { flip, ..here() }).unwrap();
            let draw = data.draw(200, place);
            // The last pixel of a row, 31, has 3 more than the first.
            draw.chunks(3072).map(|image| image[0] > image[3]).collect()
        };
        assert!(first_levels(false).iter().all(|mirrored| !mirrored));
        let mirrored = first_levels(true).iter().filter(|mirrored| **mirrored).count();
        assert!((70..130).contains(&mirrored), "{mirrored}");
    }

    #[test]
    fn a_hundred_classes_have_two_labels_an_image() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "train.bin", &records(&[&[19, 99], &[0, 3]]));
        write(folder.path(), "test.bin", &records(&[&[4, 50]]));
        let labels = |labels| {
            let data = load(folder.path(), &Cifar { labels, ..here() }).unwrap();
            let found = data.labelled(Part::Training, 9, Random::new(0)).unwrap();
            (found.labels, found.classes.len())
        };
        assert_eq!(labels(CifarLabels::Fine), (vec![99, 3], 100));
        assert_eq!(labels(CifarLabels::Coarse), (vec![19, 0], 20));
    }

    #[test]
    fn files_that_are_none_are_refused() {
        let whole = records(&[&[1], &[9]]);
        for (bytes, parts) in [
            (&whole[..whole.len() - 1], &["image 1", "3073 bytes belong here, and there are 3072"][..]),
            (&records(&[&[1], &[10]]), &["image 1", "label is 10", "below 10"]),
            (&packed(&whole)[..60], &["gzip stream", "cut short or damaged"]),
            (b"", &["the whole file", "empty"]),
        ] {
            let folder = ten();
            write(folder.path(), "data_batch_4.bin", bytes);
            refused(load(folder.path(), &here()), &[parts, &["data_batch_4.bin"]].concat());
        }
        let folder = ten();
        write(folder.path(), "batches.meta.txt", b"cat\ndog\n");
        refused(load(folder.path(), &here()), &["batches.meta.txt", "names 2 classes"]);
        std::fs::remove_file(folder.path().join("data_batch_2.bin")).unwrap();
        refused(load(folder.path(), &here()), &["no file data_batch_2.bin", "https://"]);
    }
}
