//! The formats that samples are written in.

use ebm_core::image::ImageShape;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

use crate::plots::PlotError;

/// A file format for samples, chosen by a file's extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// One array, float32 `[n, D]`.
    Npy,
    /// An archive of float32 arrays: `samples` `[n, D]`, and `energy` `[n]` and `latents` `[n, d]` where they are known.
    Npz,
    /// A scatter plot of samples in two dimensions.
    Png,
    /// A picture of images side by side.
    Gallery,
    /// An archive with images as `arr_0`, uint8 `[n, height, width, channels]`, which the evaluators of ADM read, and `energy`
    /// and `latents` as in [`Format::Npz`].
    ImageNpz,
    /// A folder with a PNG file for each image, which pytorch-fid and torch-fidelity read.
    ImageFolder,
}

/// A format that is asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum NamedFormat {
    /// One array, float32 [n, D]
    Npy,
    /// Arrays `samples`, `energy` and `latents`; images as `arr_0`, uint8 [n, height, width, channels]
    Npz,
    /// Images: a folder of PNG files, new or empty
    Png,
}

/// Samples that cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OutputError {
    /// An extension that no known format has.
    #[error("{}: {}; known are .npy (one array), .npz (samples, energies and latents) and .png (a picture of images, or a scatter plot of two dimensions)", path.display(), match extension {
        Some(found) => format!("no format is known for the extension .{found}"),
        None => "the format is chosen by the file's extension, and it has none".into(),
    })]
    Extension {
        /// The file.
        path: PathBuf,
        /// Its extension, if it has one.
        extension: Option<String>,
    },
    /// A folder of images is asked for, and the samples are not images.
    #[error("{}: --format png writes images, and this run's samples are none; write .npy or .npz instead", path.display())]
    NoImages {
        /// The folder.
        path: PathBuf,
    },
    /// A folder that is not empty.
    #[error("{}: there is something already; --format png writes a folder that is new or empty", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// A picture of samples that are not points in the plane.
    #[error("{}: a picture shows images or 2 dimensions, these samples have {width}; write .npy or .npz instead", path.display())]
    Width {
        /// The file.
        path: PathBuf,
        /// Number of dimensions D.
        width: usize,
    },
    /// The file cannot be written.
    #[error("{}: cannot write the samples: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The picture cannot be drawn or written.
    #[error(transparent)]
    Picture(#[from] PlotError),
}

impl Format {
    /// The format that is asked for by name, or else by a file's extension, for samples of `width` dimensions, which are
    /// images of a shape or none. Upper and lower case are the same.
    ///
    /// # Errors
    /// If the extension is unknown, the format cannot hold such samples, or the folder is not empty.
    pub fn of(
        path: &Path,
        named: Option<NamedFormat>,
        width: usize,
        image: Option<ImageShape>,
    ) -> Result<Self, OutputError> {
        let extension = path.extension().map(|e| e.to_string_lossy().into_owned());
        let known = extension.as_deref().map(str::to_ascii_lowercase);
        match (named, known.as_deref(), image) {
            (Some(NamedFormat::Png), _, None) => Err(OutputError::NoImages { path: path.into() }),
            (Some(NamedFormat::Png), _, Some(_)) => match is_vacant(path) {
                true => Ok(Format::ImageFolder),
                false => Err(OutputError::Occupied { path: path.into() }),
            },
            (Some(NamedFormat::Npy), _, _) | (None, Some("npy"), _) => Ok(Format::Npy),
            (Some(NamedFormat::Npz), _, None) | (None, Some("npz"), None) => Ok(Format::Npz),
            (Some(NamedFormat::Npz), _, Some(_)) | (None, Some("npz"), Some(_)) => Ok(Format::ImageNpz),
            (None, Some("png"), Some(_)) => Ok(Format::Gallery),
            (None, Some("png"), None) if width == 2 => Ok(Format::Png),
            (None, Some("png"), None) => Err(OutputError::Width { path: path.into(), width }),
            _ => Err(OutputError::Extension { path: path.into(), extension }),
        }
    }
}

/// Whether the path is free, or an empty folder.
fn is_vacant(path: &Path) -> bool {
    match std::fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}
