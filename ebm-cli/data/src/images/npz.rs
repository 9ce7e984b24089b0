use crate::prelude::*;
use std::io::BufReader;
use zip::{ZipArchive, result::ZipError};

use super::image_arrays::{ImageArrays, labels_of};
use super::{augment::Augmentation, finite::FiniteImages, image_set::ImageSet, layout::Layout};
use crate::unread_layout::unread_layout;

/// Names that arrays of images and of labels have where none is given: those of ImageNet-32 and of `numpy.savez`.
const IMAGES: [&str; 6] = ["data", "images", "x", "x_train", "samples", "arr_0"];
const LABELS: [&str; 5] = ["labels", "label", "y", "y_train", "arr_1"];
/// The advice on getting files.
const ADVICE: &str = "ImageNet-32: download \"Train(32x32)\" and \"Val(32x32)\" in npz format from \
                      https://image-net.org/download-images.php (an account is needed) and unpack them";

/// Images in NPZ or NPY files, without pickled objects: one file, or a folder of files that follow each other
/// in the order of their names, such as the batches of ImageNet-32.
///
/// Arrays are `[n, height, width]`, `[n, height, width, channels]`, `[n, channels, height, width]`, or `[n, D]` of square
/// images. Values are grey levels: bytes, unsigned numbers of 16 bits with 65535 as white, floats from 0 to 1, booleans, or other
/// whole numbers from 0 to 255. All are kept in 8 bits, rounded to the nearest level. Labels are whole numbers `[n]` in an array
/// beside them.
#[derive(Clone, Debug, PartialEq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Npz {
    /// The file, or the folder of the files; a relative path starts from the folder of the configuration file, or from that
    /// of `--data`.
    pub path: PathBuf,
    /// File or folder of the images that training never sees; empty: a share of the others.
    pub held_out_path: PathBuf,
    /// Share of the images, chosen at random by the run's seed, that training never sees, where they have no file.
    #[default(0.1)]
    pub held_out: f64,
    /// Share of the images to train on, chosen in the same way, that are for choices made during training instead:
    /// `checkpoint.best`, `train.stop`. 0: they look at what is held out.
    #[default(0.1)]
    pub validation: f64,
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

impl Npz {
    fn shares(&self) -> Shares {
        Shares { held_out: self.held_out, validation: self.validation }
    }

    pub(crate) fn recognises(folder: &Path) -> bool {
        folder.is_dir() && files(folder).is_ok()
    }

    fn read(&self, path: &Path) -> Result<ImageSet, DataError> {
        let files = files(path)?;
        let mut gathered = ImageArrays::default();
        for file in &files {
            if file.extension().is_some_and(|extension| extension == "npy") {
                let (input, size) = open(file)?;
                let mut input = BufReader::new(input);
                let count = gathered.images((file, "the array"), &mut input, Some(size), self.layout)?;
                gathered.label(file, None, count)?;
            } else {
                self.read_npz(file, &mut gathered)?;
            }
        }
        gathered.finish(path)?.ok_or_else(|| missing(path, "there are no images", ADVICE))
    }

    fn read_npz(&self, path: &Path, gathered: &mut ImageArrays) -> Result<(), DataError> {
        let (input, _) = open(path)?;
        let refuse = |error: ZipError| match error {
            ZipError::Io(source) if source.kind() != std::io::ErrorKind::UnexpectedEof => unreadable(path)(source),
            error => malformed(path, "archive", format!("it is no whole NPZ file ({error}); fetch or write it again")),
        };
        let mut archive = ZipArchive::new(BufReader::new(input)).map_err(refuse)?;
        let mut known: Vec<String> =
            archive.file_names().filter_map(|name| Some(name.strip_suffix(".npy")?.to_string())).collect();
        known.sort();
        // The array of a given name, or else of a usual one.
        let find = |given: &str, usual: &[&str]| {
            let wanted = if given.is_empty() { usual } else { &[given] };
            let found = wanted.iter().find(|name| known.iter().any(|other| other == *name));
            found.map(|name| name.to_string()).ok_or_else(|| {
                let reason = format!("its arrays are {}; none is called {}", known.join(", "), wanted.join(", "));
                malformed(path, "archive", reason)
            })
        };
        let images = find(&self.images, &IMAGES)?;
        let labels = match find(&self.labels, &LABELS) {
            Err(_) if self.labels.is_empty() => None,
            found => Some(found?),
        };
        let mut entry = archive.by_name(&format!("{images}.npy")).map_err(refuse)?;
        let count = gathered.images((path, &format!("array {images:?}")), &mut entry, None, self.layout)?;
        drop(entry);
        let mut read = |name: String| {
            let entry = archive.by_name(&format!("{name}.npy")).map_err(refuse)?;
            labels_of((path, &format!("array {name:?}")), &name, entry)
        };
        gathered.label(path, labels.map(&mut read).transpose()?, count)
    }
}

/// The files of a path, in the order of their names, with numbers in theirs.
fn files(path: &Path) -> Result<Vec<PathBuf>, DataError> {
    if !path.is_dir() {
        let missing = || missing(path, "there is no such file or folder", ADVICE);
        return path.exists().then(|| vec![path.into()]).ok_or_else(missing);
    }
    let entries = std::fs::read_dir(path).map_err(unreadable(path))?;
    let files: Result<Vec<PathBuf>, _> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut files = files.map_err(unreadable(path))?;
    files.retain(|file| file.extension().is_some_and(|found| found == "npz" || found == "npy"));
    // train_data_batch_10 comes after train_data_batch_9.
    files.sort_by_key(|file| (file.file_name().map(|name| name.len()), file.clone()));
    if !files.is_empty() {
        return Ok(files);
    }
    Err(match unread_layout(path) {
        Some(reason) => malformed(path, "the whole folder", reason),
        None => missing(path, "no NPZ or NPY file is in this folder", ADVICE),
    })
}

impl DatasetSpec for Npz {
    fn check(&self) -> Result<(), ConfigError> {
        check_options(&self.path, self.shares())
    }

    fn load(&self, base: &Path, random: Random) -> Result<Box<dyn Dataset>, DataError> {
        let augmentation = Augmentation { flip: self.flip, dequantize: self.dequantize, ..Default::default() };
        let training = self.read(&located(base, &self.path))?;
        Ok(Box::new(match self.held_out_path.as_os_str().is_empty() {
            true => FiniteImages::splitting(training, self.shares(), augmentation, random)?,
            false => {
                let held_out = self.read(&located(base, &self.held_out_path))?;
                FiniteImages::new(training, held_out, self.validation, augmentation, random)?
            }
        }))
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
    use super::*;
    use crate::fixture::{load, refused, write};
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

    fn named(path: &str) -> Npz {
        Npz { path: path.into(), validation: 0.0, ..Default::default() }
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
            write(&path, &format!("{name}.npz"), &npz(&[("data", images), ("labels", labels)]));
        }
        write(folder.path(), "val.npy", &npy(&[1, 2, 2, 3], &planes(4, 1)));
        let config = Npz { held_out_path: "val.npy".into(), ..named("train") };
        let data = load(folder.path(), &config).unwrap();
        assert_eq!((data.len(), data.image().unwrap().to_string()), (Some(4), "2 x 2 x 3".into()));
        // An epoch has every image once.
        let pixels = [0u8, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11];
        assert_eq!(levels(&*data), (0..4).flat_map(|image| pixels.map(|p| 12 * image + p)).collect::<Vec<u8>>());
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
        let config = Npz { images: "pictures".into(), labels: "kinds".into(), held_out: 0.3, ..named("a.npz") };
        let data = load(folder.path(), &config).unwrap();
        let all = [
            data.labelled(Part::Training, 9, Random::new(0)).unwrap(),
            data.labelled(Part::HeldOut, 9, Random::new(0)).unwrap(),
        ];
        for (image, label) in all.iter().flat_map(|part| part.levels.chunks(4).zip(&part.labels)) {
            assert_eq!(*label, [2, 0, 1][usize::from(image[0] / 4)]);
        }
        let other = Npz { labels: "y".into(), ..config };
        refused(load(folder.path(), &other), &["arrays are data, kinds, pictures; none is called y"]);
    }

    #[test]
    fn floats_and_wider_numbers_become_levels() {
        let folder = tempfile::tempdir().unwrap();
        let levels_of = |array: Vec<u8>| {
            write(folder.path(), "a.npy", &array);
            levels(&*load(folder.path(), &Npz { held_out_path: "a.npy".into(), ..named("a.npy") }).unwrap())
        };
        assert_eq!(levels_of(npy(&[1, 2, 2], &[0.0f32, 0.5, 1.0, 0.1])), [0, 128, 255, 26]);
        assert_eq!(levels_of(npy(&[1, 2, 2], &[0u16, 1000, 32768, 65535])), [0, 4, 128, 255]);
        assert_eq!(levels_of(npy(&[1, 2, 2], &[0i64, 1, 254, 255])), [0, 1, 254, 255]);
        assert_eq!(levels_of(npy(&[1, 2, 2], &[true, false, true, true])), [255, 0, 255, 255]);
    }

    #[test]
    fn files_that_are_none_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |name: &str, bytes: &[u8], parts: &[&str]| {
            write(folder.path(), name, bytes);
            refused(load(folder.path(), &named(name)), &[parts, &[name]].concat());
        };
        let images = || npy(&[3, 12], &planes(0, 3));
        let (whole, cut) = (npz(&[("data", images())]), images());
        let cut = &cut[..cut.len() - 1];
        refused("a.npz", &whole[..whole.len() - 30], &["archive", "no whole NPZ file"]);
        refused("a.npz", b"nothing", &["archive", "no whole NPZ file"]);
        refused("a.npy", cut, &["the array, image 2", "cut short"]);
        let mut complex = npy(&[3, 12], &[0u64; 36]);
        let place = complex.windows(3).position(|bytes| bytes == b"<u8").unwrap();
        complex[place + 1] = b'c';
        let with = |labels| vec![("data", images()), ("labels", labels)];
        for (entries, parts) in [
            (vec![("z", images())], &["archive", "arrays are z", "data, images"][..]),
            (vec![("data", npy(&[3, 12], &[1.5f32; 36]))], &["array \"data\", image 0", "1.5 to 1.5", "1 (white)"]),
            (vec![("data", npy(&[3, 12], &[255u16; 36]))], &["array \"data\"", "is above 255", "uint8"]),
            (vec![("data", complex)], &["array \"data\"", "<c8", "floats from 0"]),
            (vec![("data", npy(&[3, 5], &[0u8; 15]))], &["array \"data\"", "[3, 5]"]),
            (vec![("data", cut.to_vec())], &["image 2", "cut short"]),
            (vec![("data", [images(), vec![0]].concat())], &["goes on after its 36 values"]),
            (with(npy(&[2], &[0i64, 1])), &["2 labels for 3 images"]),
            (with(npy(&[3], &[0i32, -1, 1])), &["array \"labels\"", "label 1 is -1"]),
            (with(npy(&[3], &[0.0f32, 0.5, 1.0])), &["label 1 is 0.5", "whole number"]),
        ] {
            refused("a.npz", &npz(&entries), parts);
        }
        let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 60000, 60000, 3), }";
        let length = (header.len() as u16).to_le_bytes();
        let large = [b"\x93NUMPY\x01\0", &length[..], header.as_bytes()].concat();
        refused("a.npy", &large, &["the array", "60000 x 60000 x 3 values, more than 4194304"]);
    }

    #[test]
    fn what_is_missing_is_told_with_where_to_get_it() {
        let folder = tempfile::tempdir().unwrap();
        for (path, found) in [("nowhere", "no such file or folder"), (".", "no NPZ or NPY file")] {
            refused(load(folder.path(), &named(path)), &[found, "https://image-net.org"]);
        }
    }
}
