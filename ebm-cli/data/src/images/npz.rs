//! Images in NumPy's NPZ and NPY files.

use ebm_core::data::{DataError, Dataset};
use ebm_core::error::ConfigError;
use ebm_core::random::Random;
use ebm_core::register_dataset;
use ebm_core::registry::DatasetSpec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use zip::ZipArchive;
use zip::result::ZipError;

use super::augment::Augmentation;
use super::finite::{FiniteImages, Values};
use super::image_set::{ImageSet, ImageSetWriter, numbered};
use super::layout::{Layout, Order};
use super::npy_array::{damaged, labels_of, read_header};
use crate::table::{check_options, malformed, open};

/// Names that arrays of images and of labels have where none is given: those of ImageNet-32 and of `numpy.savez`.
const IMAGES: [&str; 6] = ["data", "images", "x", "x_train", "samples", "arr_0"];
const LABELS: [&str; 5] = ["labels", "label", "y", "y_train", "arr_1"];
/// Most values of an image.
const LARGEST: usize = 1 << 22;
/// Most bytes that images may have in all.
const MOST: u64 = 1 << 36;

/// Images in NPZ or NPY files, 8 bits a value, without pickled objects: one file, or a folder of files that follow each other
/// in the order of their names, such as the batches of ImageNet-32.
///
/// Arrays are `[n, height, width]`, `[n, height, width, channels]`, `[n, channels, height, width]`, or `[n, D]` of square
/// images. Labels are whole numbers `[n]` in an array beside them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Npz {
    /// The file, or the folder of the files; a relative path starts from the folder of the configuration file, or from that
    /// of `--data`.
    pub path: PathBuf,
    /// File or folder of the images that training never sees; empty: a share of the others.
    pub held_out_path: PathBuf,
    /// Share of the images, chosen at random by the run's seed, that training never sees, where they have no file.
    pub held_out: f64,
    /// Name of the array of images in an NPZ file; empty: `data`, `images`, `x`, `x_train`, `samples` or `arr_0`.
    pub images: String,
    /// Name of the array of labels; empty: `labels`, `label`, `y`, `y_train` or `arr_1`, if there is one.
    pub labels: String,
    /// Where the channels are.
    pub layout: Layout,
    /// Mirror half of the images to train on, at random.
    pub flip: bool,
    /// Add noise, uniform over the width of a grey level, so that the data has a density.
    pub dequantize: bool,
}

impl Default for Npz {
    fn default() -> Self {
        let [path, held_out_path]: [PathBuf; 2] = Default::default();
        let [images, labels]: [String; 2] = Default::default();
        Self {
            path,
            held_out_path,
            held_out: 0.1,
            images,
            labels,
            layout: Layout::default(),
            flip: false,
            dequantize: false,
        }
    }
}

/// What is read from files that follow each other.
#[derive(Default)]
struct Gathered {
    images: Option<(ImageSetWriter, Order)>,
    labels: Vec<u32>,
    count: usize,
    /// Whether the files have labels.
    labelled: Option<bool>,
}

impl Npz {
    /// Whether a folder holds files of this kind.
    pub(crate) fn recognises(folder: &Path) -> bool {
        folder.is_dir() && files(folder).is_ok()
    }

    fn read(&self, path: &Path) -> Result<ImageSet, DataError> {
        let files = files(path)?;
        let mut gathered = Gathered::default();
        for file in &files {
            match is_npy(file) {
                true => {
                    let (input, size) = open(file)?;
                    let before = gathered.count;
                    self.images_of(file, "the array", &mut BufReader::new(input), Some(size), &mut gathered)?;
                    gathered.label(file, None, before)?;
                }
                false => self.read_npz(file, &mut gathered)?,
            }
        }
        let Some((images, _)) = gathered.images else {
            return Err(missing(path, "there are no images"));
        };
        let set = images.finish()?;
        match gathered.labelled {
            Some(true) => {
                let names = numbered(&gathered.labels);
                set.labelled(gathered.labels, names, path)
            }
            _ => Ok(set),
        }
    }

    fn read_npz(&self, path: &Path, gathered: &mut Gathered) -> Result<(), DataError> {
        let (input, _) = open(path)?;
        let refuse = |error: ZipError| match error {
            ZipError::Io(source) if source.kind() != std::io::ErrorKind::UnexpectedEof => DataError::Io {
                path: path.into(),
                source,
            },
            error => malformed(
                path,
                "archive",
                format!("it is no whole NPZ file ({error}); fetch or write it again"),
            ),
        };
        let mut archive = ZipArchive::new(BufReader::new(input)).map_err(refuse)?;
        let known: Vec<String> = archive
            .file_names()
            .filter_map(|name| Some(name.strip_suffix(".npy")?.to_string()))
            .collect();
        let find = |given: &str, usual: &[&str]| match given {
            "" => usual
                .iter()
                .find(|name| known.iter().any(|other| other == *name))
                .map(|name| name.to_string()),
            name => known.iter().find(|other| *other == name).cloned(),
        };
        let listed = || {
            let mut names = known.clone();
            names.sort();
            names.join(", ")
        };
        let Some(images) = find(&self.images, &IMAGES) else {
            let wanted = match &self.images[..] {
                "" => IMAGES.join(", "),
                name => name.to_string(),
            };
            let reason = format!("its arrays are {}; none is called {wanted}", listed());
            return Err(malformed(path, "archive", reason));
        };
        let labels = find(&self.labels, &LABELS);
        if labels.is_none() && !self.labels.is_empty() {
            let reason = format!("its arrays are {}; none is called {}", listed(), self.labels);
            return Err(malformed(path, "archive", reason));
        }
        let before = gathered.count;
        let mut entry = archive.by_name(&format!("{images}.npy")).map_err(refuse)?;
        self.images_of(path, &format!("array {images:?}"), &mut entry, None, gathered)?;
        drop(entry);
        let labels = match labels {
            None => None,
            Some(name) => {
                let mut entry = archive.by_name(&format!("{name}.npy")).map_err(refuse)?;
                Some(labels_of(path, &format!("array {name:?}"), &mut entry)?)
            }
        };
        gathered.label(path, labels, before)
    }

    /// Reads an array of images. `size`: bytes of the file, where they are known to be all there is.
    fn images_of(
        &self,
        path: &Path,
        place: &str,
        input: &mut impl Read,
        size: Option<u64>,
        gathered: &mut Gathered,
    ) -> Result<(), DataError> {
        let refuse = |reason: String| malformed(path, place, reason);
        let header = read_header(path, place, input)?;
        let sides = &header.shape;
        if header.descr != "|u1" {
            let reason = format!(
                "its elements are of type {}; expected bytes (array.astype(\"uint8\"), values of 0 to 255)",
                header.descr
            );
            return Err(refuse(reason));
        }
        if header.fortran_order {
            return Err(refuse(
                "it is stored column by column; expected numpy.ascontiguousarray(array)".into(),
            ));
        }
        let count = sides.iter().try_fold(1u64, |product, side| product.checked_mul(*side));
        let order = Order::of(sides, self.layout);
        let (Some(order), Some(count)) = (order, count.filter(|count| (1..=MOST).contains(count))) else {
            let reason = format!(
                "it has shape {sides:?}; expected images [n, height, width], with 1 or 3 channels at the end or after n, or [n, D]"
            );
            return Err(refuse(reason));
        };
        if order.shape.values() > LARGEST {
            return Err(refuse(format!(
                "its images are of {} values, more than {LARGEST}",
                order.shape
            )));
        }
        if let Some(size) = size.filter(|size| *size < count) {
            let reason = format!("the file is cut short: {count} values belong here, and it has {size} bytes");
            return Err(refuse(reason));
        }
        let (writer, first) = gathered
            .images
            .get_or_insert_with(|| (ImageSetWriter::new(order.shape, path), order));
        if first.shape != order.shape {
            let reason = format!(
                "its images are of {} values, those before of {}",
                order.shape, first.shape
            );
            return Err(refuse(reason));
        }
        let (mut values, mut image) = (vec![0; order.shape.values()], Vec::new());
        for index in 0..sides[0] {
            input
                .read_exact(&mut values)
                .map_err(|error| damaged(path, place, &format!("image {index}"), error))?;
            order.arrange(&values, &mut image);
            writer.push(&image)?;
            gathered.count += 1;
        }
        match input.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(refuse(format!("it goes on after its {count} values; expected its end"))),
            Err(error) => Err(damaged(path, place, "end", error)),
        }
    }
}

impl Gathered {
    /// Adds the labels of the images since `before`.
    fn label(&mut self, path: &Path, labels: Option<Vec<u32>>, before: usize) -> Result<(), DataError> {
        let refuse = |reason: String| Err(malformed(path, "the whole file", reason));
        if *self.labelled.get_or_insert(labels.is_some()) != labels.is_some() {
            return refuse("some of the files have labels and some have none".into());
        }
        let Some(labels) = labels else { return Ok(()) };
        let count = self.count - before;
        if labels.len() != count {
            return refuse(format!("it has {} labels for {count} images", labels.len()));
        }
        self.labels.extend(labels);
        Ok(())
    }
}

/// The files of a path, in the order of their names, with numbers in theirs.
fn files(path: &Path) -> Result<Vec<PathBuf>, DataError> {
    if !path.is_dir() {
        return match path.exists() {
            true => Ok(vec![path.into()]),
            false => Err(missing(path, "there is no such file or folder")),
        };
    }
    let io = |source| DataError::Io {
        path: path.into(),
        source,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(io)? {
        let file = entry.map_err(io)?.path();
        if file
            .extension()
            .is_some_and(|extension| extension == "npz" || extension == "npy")
        {
            files.push(file);
        }
    }
    // train_data_batch_10 comes after train_data_batch_9.
    files.sort_by_key(|file| (file.file_name().map(|name| name.len()), file.clone()));
    match files.is_empty() {
        true => Err(missing(path, "no NPZ or NPY file is in this folder")),
        false => Ok(files),
    }
}

fn is_npy(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "npy")
}

fn missing(path: &Path, found: &str) -> DataError {
    DataError::Missing {
        path: path.into(),
        found: found.into(),
        advice: "ImageNet-32: download \"Train(32x32)\" and \"Val(32x32)\" in npz format from \
                 https://image-net.org/download-images.php (an account is needed) and unpack them; --data DIR names another \
                 folder for relative paths to start from"
            .into(),
    }
}

impl DatasetSpec for Npz {
    fn check(&self) -> Result<(), ConfigError> {
        check_options(&self.path, self.held_out)
    }

    fn load(&self, base: &Path, random: Random) -> Result<Box<dyn Dataset>, DataError> {
        let values = Values {
            dequantize: self.dequantize,
            augmentation: Augmentation {
                flip: self.flip,
                crop: 0,
            },
        };
        let training = self.read(&base.join(&self.path))?;
        let data = match self.held_out_path.as_os_str().is_empty() {
            true => FiniteImages::splitting(training, self.held_out, values, random)?,
            false => FiniteImages::new(training, self.read(&base.join(&self.held_out_path))?, values)?,
        };
        Ok(Box::new(data))
    }
}

register_dataset!(
    Npz,
    name: "npz",
    summary: "images in NPZ or NPY files, such as ImageNet-32",
    reference: "Chrabaszcz, Loshchilov and Hutter, A downsampled variant of ImageNet, 2017",
);

#[cfg(test)]
mod tests {
    use super::super::fixture::write;
    use super::*;
    use ebm_core::image::{Part, level_of};
    use npyz::WriterBuilder;
    use std::io::Write;

    fn npy<T: npyz::AutoSerialize + Copy>(shape: &[u64], values: &[T]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let options = npyz::WriteOptions::<T>::new().default_dtype().shape(shape);
        let mut writer = options.writer(&mut bytes).begin_nd().unwrap();
        writer.extend(values.iter().copied()).unwrap();
        writer.finish().unwrap();
        bytes
    }

    fn npz(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in entries {
            archive.start_file(format!("{name}.npy"), Default::default()).unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    /// Images of 2 x 2 x 3 in planes: value 12 i + p at place p of image i.
    fn planes(first: u8, count: u8) -> Vec<u8> {
        (12 * first..12 * (first + count)).collect()
    }

    fn load(folder: &Path, config: Npz) -> Result<Box<dyn Dataset>, String> {
        config.check().unwrap();
        config.load(folder, Random::new(0)).map_err(|error| error.to_string())
    }

    fn named(path: &str) -> Npz {
        Npz {
            path: path.into(),
            ..Default::default()
        }
    }

    fn levels(data: &dyn Dataset) -> Vec<u8> {
        let mut levels: Vec<Vec<u8>> = data
            .draw(data.len().unwrap(), Random::new(0))
            .chunks(data.width())
            .map(|image| image.iter().copied().map(level_of).collect())
            .collect();
        levels.sort();
        levels.concat()
    }

    #[test]
    fn batches_follow_each_other_by_number_and_planes_become_pixels() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("train");
        std::fs::create_dir(&path).unwrap();
        for (batch, name) in [(0, "batch_2"), (1, "batch_10")] {
            let images = npy(&[2, 12], &planes(2 * batch, 2));
            let labels = npy(&[2], &[i64::from(batch) * 2 + 1, i64::from(batch) * 2 + 2]);
            write(
                &path,
                &format!("{name}.npz"),
                &npz(&[("data", images), ("labels", labels)]),
            );
        }
        write(folder.path(), "val.npy", &npy(&[1, 2, 2, 3], &planes(4, 1)));
        let config = Npz {
            held_out_path: "val.npy".into(),
            ..named("train")
        };
        let data = load(folder.path(), config).unwrap();
        assert_eq!(
            (data.len(), data.image().unwrap().to_string()),
            (Some(4), "2 x 2 x 3".into())
        );
        assert_eq!(levels(&*data)[..12], [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]);
        let labelled = data.labelled(Part::Training, 9, Random::new(0)).unwrap();
        assert_eq!((labelled.labels, labelled.classes.len()), (vec![1, 2, 3, 4], 5));
        // Pixels stay together where the channels come last.
        let held_out: Vec<u8> = data.held_out(1, Random::new(0)).into_iter().map(level_of).collect();
        assert_eq!(held_out, planes(4, 1));
    }

    #[test]
    fn arrays_may_be_named() {
        let folder = tempfile::tempdir().unwrap();
        let entries = [
            ("data", npy(&[3, 2, 2], &[0u8; 12])),
            ("pictures", npy(&[3, 2, 2], &(0..12).collect::<Vec<u8>>())),
            ("kinds", npy(&[3], &[2u8, 0, 1])),
        ];
        write(folder.path(), "a.npz", &npz(&entries));
        let config = Npz {
            images: "pictures".into(),
            labels: "kinds".into(),
            held_out: 0.3,
            ..named("a.npz")
        };
        let data = load(folder.path(), config.clone()).unwrap();
        let all = [
            data.labelled(Part::Training, 9, Random::new(0)).unwrap(),
            data.labelled(Part::HeldOut, 9, Random::new(0)).unwrap(),
        ];
        for (image, label) in all.iter().flat_map(|part| part.levels.chunks(4).zip(&part.labels)) {
            assert_eq!(*label, [2, 0, 1][usize::from(image[0] / 4)]);
        }
        let error = load(
            folder.path(),
            Npz {
                labels: "y".into(),
                ..config
            },
        )
        .err()
        .unwrap();
        assert!(
            error.contains("arrays are data, kinds, pictures; none is called y"),
            "{error}"
        );
    }

    #[test]
    fn files_that_are_none_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |name: &str, bytes: &[u8], parts: &[&str]| {
            write(folder.path(), name, bytes);
            let error = load(folder.path(), named(name)).err().unwrap();
            for part in [name].iter().chain(parts) {
                assert!(error.contains(part), "{part:?} is not in {error}");
            }
        };
        let images = || npy(&[3, 12], &planes(0, 3));
        let whole = npz(&[("data", images())]);
        refused("a.npz", &whole[..whole.len() - 30], &["archive", "no whole NPZ file"]);
        refused("a.npz", b"nothing", &["archive", "no whole NPZ file"]);
        refused(
            "a.npz",
            &npz(&[("z", images())]),
            &["archive", "arrays are z", "data, images"],
        );
        refused(
            "a.npz",
            &npz(&[("data", npy(&[3, 12], &[0.5f32; 36]))]),
            &["array \"data\"", "<f4", "uint8"],
        );
        refused(
            "a.npz",
            &npz(&[("data", npy(&[3, 5], &[0u8; 15]))]),
            &["array \"data\"", "[3, 5]"],
        );
        let labels = npy(&[2], &[0i64, 1]);
        refused(
            "a.npz",
            &npz(&[("data", images()), ("labels", labels)]),
            &["2 labels for 3 images"],
        );
        let labels = npy(&[3], &[0i32, -1, 1]);
        refused(
            "a.npz",
            &npz(&[("data", images()), ("labels", labels)]),
            &["array \"labels\"", "label 1 is -1"],
        );
        let cut = images();
        refused(
            "a.npz",
            &npz(&[("data", cut[..cut.len() - 1].to_vec())]),
            &["image 2", "cut short"],
        );
        refused(
            "a.npz",
            &npz(&[("data", [images(), vec![0]].concat())]),
            &["goes on after its 36 values"],
        );
        refused("a.npy", &cut[..cut.len() - 1], &["the array, image 2", "cut short"]);
        let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 60000, 60000, 3), }";
        let large = [
            b"\x93NUMPY\x01\0",
            &(header.len() as u16).to_le_bytes()[..],
            header.as_bytes(),
        ]
        .concat();
        refused(
            "a.npy",
            &large,
            &["the array", "60000 x 60000 x 3 values, more than 4194304"],
        );
    }

    #[test]
    fn what_is_missing_is_told_with_where_to_get_it() {
        let folder = tempfile::tempdir().unwrap();
        for (path, found) in [("nowhere", "no such file or folder"), (".", "no NPZ or NPY file")] {
            let error = load(folder.path(), named(path)).err().unwrap();
            assert!(
                error.contains(found) && error.contains("https://image-net.org"),
                "{error}"
            );
        }
    }
}
