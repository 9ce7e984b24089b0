use crate::prelude::*;
use ebm_core::image::Part;

use super::mnist_folder::{file_of, lacking, read_pair};
use super::{augment::Augmentation, finite::FiniteImages};

/// Images in IDX files, plain or packed by gzip: MNIST and what is distributed as it is.
#[derive(Clone, Debug, PartialEq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Idx {
    /// The folder of the files of MNIST under their usual names (`train-images-idx3-ubyte.gz` and so on), or the file of
    /// the images to train on; a relative path starts from the folder of the configuration file, or from that of `--data`.
    pub path: PathBuf,
    /// File of the labels of the images to train on; empty: the one of the usual name, if it is there.
    pub labels: PathBuf,
    /// File of the images that training never sees; empty: the one of the usual name, or else a share of the others.
    pub held_out_images: PathBuf,
    /// File of the labels of these; empty: the one of the usual name, if it is there.
    pub held_out_labels: PathBuf,
    /// Share of the images, chosen at random by the run's seed, that training never sees, where they have no file.
    #[default(0.1)]
    pub held_out: f64,
    /// Share of the images to train on, chosen in the same way, that are for choices made during training instead:
    /// `checkpoint.best`, `train.stop`. 0: they look at what is held out.
    #[default(0.1)]
    pub validation: f64,
    /// Add noise, uniform over the width of a grey level, so that the data has a density.
    pub dequantize: bool,
}

impl Idx {
    fn shares(&self) -> Shares {
        Shares { held_out: self.held_out, validation: self.validation }
    }

    pub(crate) fn recognises(folder: &Path) -> bool {
        file_of(folder, Part::Training, false).is_some()
    }
}

impl DatasetSpec for Idx {
    fn check(&self) -> Result<(), ConfigError> {
        check_options(&self.path, self.shares())?;
        let lost = self.held_out_images.as_os_str().is_empty() && !self.held_out_labels.as_os_str().is_empty();
        let value = format!("{:?}", self.held_out_labels);
        ConfigError::require(!lost, "held_out_labels", value, "nothing, since held_out_images names no file")
    }

    fn load(&self, base: &Path, random: Random) -> Result<Box<dyn Dataset>, DataError> {
        let path = located(base, &self.path);
        let folder = path.is_dir().then_some(path.as_path());
        let usual = |part, labels| folder.and_then(|folder| file_of(folder, part, labels));
        let given = |path: &Path| (!path.as_os_str().is_empty()).then(|| located(base, path));
        let images = match folder {
            Some(folder) => usual(Part::Training, false).ok_or_else(|| lacking(folder))?,
            None if path.exists() => path.clone(),
            None => return Err(lacking(&path)),
        };
        let labels = given(&self.labels).or_else(|| usual(Part::Training, true));
        let training = read_pair(&images, labels.as_deref())?;
        let (held_out, held_out_labels) = match given(&self.held_out_images) {
            // Labels of the usual name would be those of other images.
            Some(images) => (Some(images), given(&self.held_out_labels)),
            None => (usual(Part::HeldOut, false), usual(Part::HeldOut, true)),
        };
        let augmentation = Augmentation { dequantize: self.dequantize, ..Default::default() };
        Ok(Box::new(match held_out {
            Some(from) => {
                let held_out = read_pair(&from, held_out_labels.as_deref())?;
                FiniteImages::new(training, held_out, self.validation, augmentation, random)?
            }
            None => FiniteImages::splitting(training, self.shares(), augmentation, random)?,
        }))
    }
}

register_dataset!(
    Idx,
    name: "idx",
    summary: "images in IDX files, such as MNIST",
    reference: "LeCun, Cortes and Burges, The MNIST database of handwritten digits, 1998",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{idx, images, level, load, mnist, packed, refused, write};
    use ebm_core::image::{ImageShape, value_of};

    fn named(path: &str) -> Idx {
        Idx { path: path.into(), validation: 0.0, ..Default::default() }
    }

    #[test]
    fn a_folder_is_read_by_the_usual_names() {
        let folder = mnist();
        let data = load(folder.path(), &named(".")).unwrap();
        let shape = ImageShape { height: 2, width: 3, channels: 1 };
        assert_eq!((data.image(), data.width(), data.len()), (Some(shape), 6, Some(10)));
        let held_out = data.held_out(99, Random::new(1));
        let expected: Vec<_> = (10..13).flat_map(|i| (0..6).map(move |p| value_of(level(i, p)))).collect();
        assert_eq!(held_out, expected);
        let labelled = data.labelled(Part::HeldOut, 99, Random::new(1)).unwrap();
        assert_eq!((labelled.labels, labelled.classes.len()), (vec![7, 8, 9], 10));
        assert_eq!(labelled.levels[0], level(10, 0));
        let some = data.labelled(Part::Training, 4, Random::new(1)).unwrap();
        let of_level = |image: &[u8]| u32::from(image[0] / 16);
        assert_eq!(some.levels.chunks(6).map(of_level).collect::<Vec<_>>(), some.labels);
    }

    #[test]
    fn noise_is_within_the_width_of_a_level_and_the_same_at_the_same_place() {
        let folder = mnist();
        let exact = load(folder.path(), &named(".")).unwrap();
        let noisy = Idx { dequantize: true, ..named(".") };
        let noisy = load(folder.path(), &noisy).unwrap();
        let place = Random::new(4).stream("data").at(2);
        let (draw, noise) = (exact.draw(10, place), noisy.draw(10, place));
        assert_eq!(noise, noisy.draw(10, place));
        let differences: Vec<_> = draw.iter().zip(&noise).map(|(a, b)| (a - b).abs()).collect();
        assert!(differences.iter().all(|difference| *difference <= 0.5001 / 127.5));
        assert!(differences.iter().filter(|difference| **difference > 0.25 / 127.5).count() > 10);
        assert_ne!(noisy.held_out(3, place), exact.held_out(3, place));
    }

    #[test]
    fn files_may_be_named_and_a_share_is_held_out_where_no_file_is() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "a.idx", &images(0, 10));
        write(folder.path(), "a.labels", &packed(&idx(&[10], &[1; 10])));
        let config = Idx { labels: "a.labels".into(), held_out: 0.3, ..named("a.idx") };
        let data = load(folder.path(), &config).unwrap();
        assert_eq!((data.len(), data.held_out(99, Random::new(0)).len()), (Some(7), 18));
        let labels = data.labelled(Part::Training, 99, Random::new(0)).unwrap().labels;
        assert_eq!(labels, [1; 7]);
        let three = load(folder.path(), &Idx { validation: 0.3, ..config.clone() }).unwrap();
        assert_eq!((three.len(), three.validation(99, Random::new(0)).len()), (Some(5), 12));
        assert_eq!(three.held_out(99, Random::new(0)), data.held_out(99, Random::new(0)));
        let plain = load(folder.path(), &named("a.idx")).unwrap();
        assert_eq!(plain.labelled(Part::Training, 1, Random::new(0)), None);
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        write(path, "a.idx", &images(0, 10));
        write(path, "nine", &idx(&[9], &[1; 9]));
        write(path, "wide.idx", &idx(&[2, 1, 7], &[1; 14]));
        write(path, "one.idx", &images(0, 1));
        let with = |labels: &str, held_out: &str| Idx {
            labels: labels.into(),
            held_out_images: held_out.into(),
            ..named("a.idx")
        };
        refused(load(path, &with("nine", "")), &["nine: the whole file", "9 labels for 10 images"]);
        refused(load(path, &with("a.idx", "")), &["a.idx: header", "3 axes", "a label file has 1"]);
        refused(load(path, &with("", "wide.idx")), &["wide.idx", "1 x 7 x 1", "2 x 3 x 1"]);
        refused(load(path, &with("", "none.idx")), &["none.idx", "No such file"]);
        refused(load(path, &named("one.idx")), &["one.idx", "1 image(s)", "at least 2"]);
    }

    #[test]
    fn what_is_missing_is_told_with_where_to_get_it_and_labels_of_no_images_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (path, found) in [("mnist", "no such file or folder"), (".", "no file train-images")] {
            let parts = [found, "https://", "train-labels-idx1-ubyte.gz", "--data DIR"];
            refused(load(folder.path(), &named(path)), &parts);
        }
        let config = Idx { held_out_labels: "a".into(), ..named("b") };
        assert_eq!(config.check().unwrap_err().key, "held_out_labels");
        assert_eq!(Idx::default().check().unwrap_err().key, "path");
    }
}
