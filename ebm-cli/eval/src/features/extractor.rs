use ebm_core::{device::Real, image::ImageShape};
use std::path::{Path, PathBuf};
use thiserror::Error;

use super::values::{planes, single};
use super::{MetricError, onnx::Network};

/// Images that go through the network at once.
const BATCH: usize = 32;

/// A network from an ONNX file, `[n, channels, height, width] -> [n, F]`, with values from 0 to 1.
///
/// Whatever else its features need, such as another size of the images, must be part of the network.
pub struct Extractor {
    /// The file.
    pub path: PathBuf,
    /// BLAKE3 of the file, in hexadecimal.
    pub hash: String,
    shape: ImageShape,
    network: Network,
}

/// A network that cannot be used: the file, what is wrong with it, and what was expected.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// The file holds no network that can be run by this program, or none for these images.
    #[error("{}: {}", .0.display(), .1)]
    Unusable(PathBuf, String),
    /// Features that no metric can be computed from.
    #[error(transparent)]
    Features(#[from] MetricError),
}

impl Extractor {
    /// Reads a network for images of this shape, and tries it on one.
    ///
    /// # Errors
    /// If the program was built without ONNX, or the file holds no network for such images.
    pub fn open(path: &Path, shape: ImageShape) -> Result<Self, ExtractError> {
        let unusable = |reason| ExtractError::Unusable(path.into(), reason);
        let bytes = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
        let input = [BATCH, shape.channels, shape.height, shape.width];
        Ok(Self {
            path: path.into(),
            hash: blake3::hash(&bytes).to_hex().to_string(),
            shape,
            network: Network::parse(&bytes, input).map_err(unusable)?,
        })
    }

    /// Features `[n, F]` of images `[n, height, width, channels]` with values from -1 to 1, and F.
    ///
    /// # Errors
    /// If the network cannot be run.
    pub fn apply(&self, images: &[Real]) -> Result<(Vec<f64>, usize), ExtractError> {
        let pixels = self.shape.values();
        let mut features = Vec::new();
        for chunk in images.chunks(BATCH * pixels) {
            let values = planes(&single(chunk), pixels / self.shape.channels, self.shape.channels);
            let mut input: Vec<f32> = values.into_iter().map(|v| ((v + 1.0) / 2.0).clamp(0.0, 1.0)).collect();
            // The network's batch is fixed: the last one is filled up.
            input.resize(BATCH * pixels, 0.0);
            let found = self.network.run(input);
            let found = found.map_err(|reason| ExtractError::Unusable(self.path.clone(), reason))?;
            features.extend(found[..chunk.len() / pixels * self.network.width()].iter().copied().map(f64::from));
        }
        Ok((features, self.network.width()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: ImageShape = ImageShape { height: 2, width: 2, channels: 1 };

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = Extractor::open(Path::new("no/such.onnx"), SHAPE).err().unwrap().to_string();
        assert!(error.starts_with("no/such.onnx: "), "{error}");
    }

    #[cfg(not(feature = "onnx"))]
    #[test]
    fn without_onnx_the_way_out_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.onnx");
        std::fs::write(&path, "anything").unwrap();
        let error = Extractor::open(&path, SHAPE).err().unwrap().to_string();
        assert!(error.contains("--features onnx") && error.contains("ebm distance"), "{error}");
    }

    #[cfg(feature = "onnx")]
    mod onnx {
        use super::*;
        use serde::Deserialize;

        #[derive(Deserialize)]
        struct Fixture {
            images: Vec<Real>,
            features: Vec<f64>,
        }

        fn open(name: &str, height: usize, channels: usize) -> Result<Extractor, String> {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/onnx");
            let shape = ImageShape { height, width: 4, channels };
            Extractor::open(&folder.join(name), shape).map_err(|error| error.to_string())
        }

        #[test]
        fn features_equal_those_of_onnx_runtime() {
            let fixture: Fixture =
                serde_json::from_str(include_str!("../../tests/fixtures/onnx/extractor.json")).unwrap();
            let extractor = open("extractor.onnx", 3, 2).unwrap();
            // More than a batch, and no whole number of them.
            let copies = 40;
            let (features, width) = extractor.apply(&fixture.images.repeat(copies)).unwrap();
            assert_eq!((width, features.len()), (5, 2 * copies * 5));
            for (found, expected) in features.iter().zip(fixture.features.iter().cycle()) {
                assert!((found - expected).abs() < 1e-5, "{found} {expected}");
            }
            assert_eq!(extractor.hash.len(), 64);
        }

        #[test]
        fn a_network_for_other_images_is_refused_with_both_shapes() {
            for (height, channels) in [(28, 2), (3, 1)] {
                let error = open("extractor.onnx", height, channels).err().unwrap();
                let images = format!("[n, {channels}, {height}, 4]");
                assert!(error.contains("[?, 2, 3, 4]") && error.contains(&images), "{error}");
            }
        }

        #[test]
        fn a_network_that_gives_no_features_of_images_is_refused_with_what_was_expected() {
            for (name, found, expected) in [
                ("output-of-maps", "its first output is [32, 2, 3, 4]", "expected features [32, F]"),
                ("output-of-one-row", "its first output is [1, 24]", "expected features [32, F]"),
                ("output-of-classes", "its first output holds I64", "expected features in F32"),
                ("input-of-bytes", "its input holds U8", "expected values from 0 to 1 in F32"),
                ("input-of-vectors", "its input is [?, 24]", "[n, 2, 3, 4] (channels, height, width"),
                ("two-inputs", "the network has 2 inputs", "expected one, the images"),
            ] {
                let file = format!("{name}.onnx");
                let error = open(&file, 3, 2).err().unwrap_or_else(|| panic!("{name} is taken"));
                assert!(error.contains(&format!("{file}: {found}")), "{error}");
                assert!(error.contains(expected), "{error}");
                assert_eq!(error.lines().count(), 1, "{error}");
            }
        }

        #[test]
        fn what_is_no_network_is_told() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("net.onnx");
            std::fs::write(&path, b"\xff\xff no network").unwrap();
            let error = Extractor::open(&path, SHAPE).err().unwrap().to_string();
            assert!(error.contains("net.onnx: no ONNX network"), "{error}");
        }
    }
}
