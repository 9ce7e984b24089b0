use ebm_core::data::DataError;
use std::path::{Path, PathBuf};
use std::{fs::File, io::BufReader};
use zip::ZipArchive;

use super::{Features, MetricError, Moments};
use ebm_data::read_numbers;

/// A file of features: an `.npz` with `features` `[n, F]`, or `mu` `[F]` and `sigma` `[F, F]`, as pytorch-fid writes
/// them; or an `.npy`, which is the features `[n, F]`.
#[derive(Clone, Debug)]
pub struct Archive {
    /// The file.
    pub path: PathBuf,
    /// BLAKE3 of the file, in hexadecimal.
    pub hash: String,
    /// Its content.
    pub statistics: Statistics,
}

/// A set of features, or its moments.
#[derive(Clone, Debug, PartialEq)]
pub enum Statistics {
    /// The features of each sample, `[n, F]` row-major, and F.
    Features(Vec<f64>, usize),
    /// Their mean and covariance.
    Moments(Moments),
}

impl Archive {
    /// Reads it. With both kinds of arrays the features are taken.
    ///
    /// # Errors
    /// If the file cannot be read, or holds neither.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let failed = |source| DataError::Io { path: path.into(), source };
        let refuse = |reason| Err(malformed(path, "the archive", reason));
        // Anything else might never end.
        if !std::fs::metadata(path).map_err(failed)?.is_file() {
            return refuse("it is no regular file".into());
        }
        let file = File::open(path).map_err(failed)?;
        let mut hasher = blake3::Hasher::new();
        std::io::copy(&mut BufReader::new(&file), &mut hasher).map_err(failed)?;
        let hash = hasher.finalize().to_hex().to_string();
        let file = File::open(path).map_err(failed)?;
        if path.extension().is_some_and(|extension| extension == "npy") {
            let size = file.metadata().map_err(failed)?.len();
            let (width, values) = read_numbers(path, BufReader::new(file), size)?;
            return Ok(Self { path: path.into(), hash, statistics: Statistics::Features(values, width) });
        }
        let archive = ZipArchive::new(BufReader::new(file));
        let mut archive = archive.map_err(|error| malformed(path, "the archive", error.to_string()))?;
        let files = archive.file_names().filter_map(|file| file.strip_suffix(".npy"));
        let mut names: Vec<String> = files.map(String::from).collect();
        // The archive knows them in no order.
        names.sort_unstable();
        let has = |name: &str| names.iter().any(|known| known == name);
        let statistics = if has("features") {
            let (width, values) = array(&mut archive, path, "features")?;
            Statistics::Features(values, width)
        } else if has("mu") && has("sigma") {
            let (_, mean) = array(&mut archive, path, "mu")?;
            let (_, covariance) = array(&mut archive, path, "sigma")?;
            let moments = Moments::new(mean, covariance);
            Statistics::Moments(moments.map_err(|error| malformed(path, "sigma", error.to_string()))?)
        } else {
            let expected = "expected `features` [n, F], or `mu` [F] and `sigma` [F, F]";
            return refuse(format!("its arrays are [{}]; {expected}", names.join(", ")));
        };
        Ok(Self { path: path.into(), hash, statistics })
    }

    /// Mean and covariance.
    ///
    /// # Errors
    /// If there are fewer than two samples, or a feature is not finite.
    pub fn moments(&self) -> Result<Moments, MetricError> {
        match &self.statistics {
            Statistics::Moments(moments) => Ok(moments.clone()),
            Statistics::Features(values, width) => Moments::of(Features::new(values, *width)?),
        }
    }

    /// The features, where the file has them.
    ///
    /// # Errors
    /// If one is not finite.
    pub fn features(&self) -> Result<Option<Features<'_>>, MetricError> {
        match &self.statistics {
            Statistics::Moments(_) => Ok(None),
            Statistics::Features(values, width) => Features::new(values, *width).map(Some),
        }
    }
}

fn malformed(path: &Path, place: &str, reason: String) -> DataError {
    DataError::Malformed { path: path.into(), place: place.into(), reason }
}

/// A file as protocols name it: its path, and the start of the BLAKE3 of its content.
pub fn described(path: &Path, hash: &str) -> String {
    format!("{} (BLAKE3 {})", path.display(), &hash[..16])
}

fn array(archive: &mut ZipArchive<BufReader<File>>, path: &Path, name: &str) -> Result<(usize, Vec<f64>), DataError> {
    let file = format!("{name}.npy");
    let entry = archive.by_name(&file);
    let entry = entry.map_err(|error| malformed(path, &file, error.to_string()))?;
    let size = entry.size();
    // Errors name the array as a file in the archive.
    read_numbers(&path.join(&file), entry, size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use npyz::WriterBuilder;
    use std::io::Write;

    fn array_file(shape: &[u64], values: &[f64]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut writer = npyz::WriteOptions::new().default_dtype().shape(shape).writer(&mut bytes).begin_nd().unwrap();
        writer.extend(values.iter()).unwrap();
        writer.finish().unwrap();
        bytes
    }

    fn write(path: &Path, arrays: &[(&str, &[u64], &[f64])]) {
        let mut archive = zip::ZipWriter::new(File::create(path).unwrap());
        for (name, shape, values) in arrays {
            archive.start_file(format!("{name}.npy"), Default::default()).unwrap();
            archive.write_all(&array_file(shape, values)).unwrap();
        }
        archive.finish().unwrap();
    }

    #[test]
    fn an_array_alone_is_features_and_keeps_all_its_digits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f.npy");
        // Single precision has steps of 1/16 there.
        let values = [1e6 + 0.01, 1e6 + 0.02, 1e6 + 0.03, 1e6 + 0.05];
        std::fs::write(&path, array_file(&[2, 2], &values)).unwrap();
        let archive = Archive::read(&path).unwrap();
        assert_eq!(archive.statistics, Statistics::Features(values.into(), 2));
        std::fs::write(&path, "no array").unwrap();
        let error = Archive::read(&path).unwrap_err().to_string();
        assert!(error.contains("f.npy: header") && error.contains("expected an NPY array"), "{error}");
    }

    #[test]
    fn features_and_moments_are_read_and_agree() {
        let folder = tempfile::tempdir().unwrap();
        let (features, moments) = (folder.path().join("f.npz"), folder.path().join("m.npz"));
        write(&features, &[("features", &[3, 2], &[1.0, 0.0, 2.0, 1.0, 3.0, 5.0])]);
        write(&moments, &[("mu", &[2], &[2.0, 2.0]), ("sigma", &[2, 2], &[1.0, 2.5, 2.5, 7.0])]);
        let (features, moments) = (Archive::read(&features).unwrap(), Archive::read(&moments).unwrap());
        let (a, b) = (features.moments().unwrap(), moments.moments().unwrap());
        assert_eq!((a.mean(), a.covariance()), (b.mean(), b.covariance()));
        assert_eq!(features.features().unwrap().unwrap().len(), 3);
        assert!(moments.features().unwrap().is_none());
        assert_ne!(features.hash, moments.hash);
    }

    #[test]
    fn what_holds_neither_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npz");
        let error = || Archive::read(&path).unwrap_err().to_string();
        assert!(error().contains("x.npz"), "{}", error());
        std::fs::write(&path, "no archive").unwrap();
        assert!(error().contains("x.npz: the archive"), "{}", error());
        write(&path, &[("mu", &[2], &[2.0, 2.0]), ("arr_0", &[1], &[1.0])]);
        assert!(error().contains("its arrays are [arr_0, mu]; expected `features`"), "{}", error());
        write(&path, &[("mu", &[2], &[2.0, 2.0]), ("sigma", &[3], &[1.0, 0.0, 1.0])]);
        assert!(error().contains("x.npz: sigma") && error().contains("3 values instead of 4"), "{}", error());
        write(&path, &[("mu", &[2], &[2.0, 2.0]), ("sigma", &[2, 2], &[-2.0, 0.0, 0.0, 1.0])]);
        assert!(error().contains("x.npz: sigma") && error().contains("eigenvalue is -2.000000e0"), "{}", error());
        write(&path, &[("features", &[2, 2], &[2.0, f64::NAN, 1.0, 1.0])]);
        assert!(error().contains("features.npy: element [0, 1]"), "{}", error());
    }
}
