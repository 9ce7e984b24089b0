use anyhow::{Result, bail};
use ebm_core::image::ImageShape;
use std::path::Path;

use crate::output::is_vacant;

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

impl Format {
    /// The format that is asked for by name, or else by a file's extension, for samples of `width` dimensions, which are
    /// images of a shape or none. Upper and lower case are the same.
    pub fn of(path: &Path, named: Option<NamedFormat>, width: usize, image: Option<ImageShape>) -> Result<Self> {
        let extension = path.extension().map(|e| e.to_string_lossy().into_owned());
        let known = extension.as_deref().map(str::to_ascii_lowercase);
        let reason = match (named, known.as_deref(), image) {
            (Some(NamedFormat::Png), _, None) => {
                "--format png writes images, and this run's samples are none; write .npy or .npz instead".into()
            }
            (Some(NamedFormat::Png), _, Some(_)) if is_vacant(path).is_ok_and(|vacant| vacant) => {
                return Ok(Format::ImageFolder);
            }
            (Some(NamedFormat::Png), _, Some(_)) => {
                "there is something already; --format png writes a folder that is new or empty".into()
            }
            (Some(NamedFormat::Npy), _, _) | (None, Some("npy"), _) => return Ok(Format::Npy),
            (Some(NamedFormat::Npz), _, None) | (None, Some("npz"), None) => return Ok(Format::Npz),
            (Some(NamedFormat::Npz), _, Some(_)) | (None, Some("npz"), Some(_)) => return Ok(Format::ImageNpz),
            (None, Some("png"), Some(_)) => return Ok(Format::Gallery),
            (None, Some("png"), None) if width == 2 => return Ok(Format::Png),
            (None, Some("png"), None) => format!(
                "a picture shows images or 2 dimensions, these samples have {width}; write .npy or .npz instead"
            ),
            (None, _, _) => {
                let reason = extension.map_or_else(
                    || "the format is chosen by the file's extension, and it has none".into(),
                    |found| format!("no format is known for the extension .{found}"),
                );
                format!(
                    "{reason}; known are .npy (one array), .npz (samples, energies and latents) and .png (a picture of images, \
                     or a scatter plot of two dimensions)"
                )
            }
        };
        bail!("{}: {reason}", path.display())
    }
}
