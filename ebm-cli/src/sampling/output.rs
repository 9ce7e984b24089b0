//! Samples in files: NumPy arrays for programs, a picture for people.

use ebm_core::device::Real;
use npyz::WriterBuilder;
use npyz::npz::NpzWriter;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

use crate::plots::{Frame, PlotError, Scatter, write_atomically};

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
}

/// Samples that cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OutputError {
    /// An extension that says no known format.
    #[error("{}: {}; known are .npy (one array), .npz (samples, energies and latents) and .png (a scatter plot of two dimensions)", path.display(), match extension {
        Some(found) => format!("no format is known for the extension .{found}"),
        None => "the format is chosen by the file's extension, and it has none".into(),
    })]
    Extension {
        /// The file.
        path: PathBuf,
        /// Its extension, if it has one.
        extension: Option<String>,
    },
    /// A picture of samples that are not points in the plane.
    #[error("{}: a picture shows 2 dimensions, these samples have {width}; write .npy or .npz instead", path.display())]
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
        /// What the system said.
        source: io::Error,
    },
    /// The picture cannot be drawn or written.
    #[error(transparent)]
    Picture(#[from] PlotError),
}

impl Format {
    /// The format that a file's extension asks for, for samples of `width` dimensions. Upper and lower case are the same.
    ///
    /// # Errors
    /// If the extension is unknown, or the format cannot hold samples of that width.
    pub fn of(path: &Path, width: usize) -> Result<Self, OutputError> {
        let extension = path.extension().map(|e| e.to_string_lossy().into_owned());
        match extension.as_deref().map(str::to_ascii_lowercase).as_deref() {
            Some("npy") => Ok(Format::Npy),
            Some("npz") => Ok(Format::Npz),
            Some("png") if width == 2 => Ok(Format::Png),
            Some("png") => Err(OutputError::Width {
                path: path.into(),
                width,
            }),
            _ => Err(OutputError::Extension {
                path: path.into(),
                extension,
            }),
        }
    }
}

/// Samples, and what is known about each of them. All arrays are row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleSet<'a> {
    /// Heading of a picture.
    pub title: &'a str,
    /// Names of the axes of a picture.
    pub axes: [&'a str; 2],
    /// The samples, `[n, D]`.
    pub samples: &'a [Real],
    /// Number of dimensions D.
    pub width: usize,
    /// The energy of each sample in nats, `[n]`.
    pub energy: Option<&'a [Real]>,
    /// The latents that the samples were generated from, `[n, d]`, and d.
    pub latents: Option<(&'a [Real], usize)>,
}

impl SampleSet<'_> {
    /// Writes the samples to `path`, whole or not at all, in the format of its extension. A file that is there is replaced.
    ///
    /// # Errors
    /// As [`Format::of`], and if the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), OutputError> {
        let failed = |source| OutputError::Write {
            path: path.into(),
            source,
        };
        match Format::of(path, self.width)? {
            Format::Npy => write_atomically(path, |file| array(file, self.samples, Some(self.width))).map_err(failed),
            Format::Npz => write_atomically(path, |file| self.archive(file)).map_err(failed),
            Format::Png => Ok(self.picture(path)?),
        }
    }

    fn archive(&self, file: &mut (impl Write + io::Seek)) -> io::Result<()> {
        let mut archive = NpzWriter::new(file);
        let mut add = |name: &str, values: &[Real], width: Option<usize>| {
            let mut bytes = Vec::new();
            array(&mut bytes, values, width)?;
            archive
                .zip_writer()
                .start_file(npyz::npz::file_name_from_array_name(name), Default::default())
                .map_err(io::Error::other)?;
            archive.zip_writer().write_all(&bytes)
        };
        add("samples", self.samples, Some(self.width))?;
        if let Some(energy) = self.energy {
            add("energy", energy, None)?;
        }
        if let Some((latents, width)) = self.latents {
            add("latents", latents, Some(width))?;
        }
        archive.zip_writer().finish().map_err(io::Error::other)?;
        Ok(())
    }

    fn picture(&self, path: &Path) -> Result<(), PlotError> {
        let points: Vec<[f64; 2]> = self
            .samples
            .chunks_exact(2)
            .map(|row| [f64::from(row[0]), f64::from(row[1])])
            .collect();
        let frame = Frame::around(&points, self.axes);
        let scatter = Scatter {
            title: self.title,
            frame: &frame,
            points: &points,
        };
        scatter.save(path)
    }
}

/// A float32 array `[n, width]`, or `[n]` without a width, in NumPy's format.
fn array(writer: impl Write, values: &[Real], width: Option<usize>) -> io::Result<()> {
    let shape = match width {
        Some(width) => vec![(values.len() / width) as u64, width as u64],
        None => vec![values.len() as u64],
    };
    let mut writer = npyz::WriteOptions::<f32>::new()
        .default_dtype()
        .shape(&shape)
        .writer(writer)
        .begin_nd()?;
    writer.extend(values.iter().map(|&v| single(v)))?;
    writer.finish()
}

/// The nearest value in single precision, from whichever precision the build has.
fn single(value: Real) -> f32 {
    f64::from(value) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use npyz::npz::NpzArchive;

    const SAMPLES: [Real; 6] = [0.5, -1.25, 3.0, 1e-3, 7.5, -8.0];

    fn set(width: usize) -> SampleSet<'static> {
        SampleSet {
            title: "samples",
            axes: ["x1", "x2"],
            samples: &SAMPLES,
            width,
            energy: None,
            latents: None,
        }
    }

    fn expected() -> Vec<f32> {
        SAMPLES.into_iter().map(single).collect()
    }

    #[test]
    fn an_npy_file_reads_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.NPY");
        set(3).save(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let file = npyz::NpyFile::new(&bytes[..]).unwrap();
        assert_eq!(file.shape(), [2, 3]);
        assert_eq!(file.into_vec::<f32>().unwrap(), expected());
    }

    #[test]
    fn an_npz_file_holds_what_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npz");
        let (energy, latents) = ([1.5, -2.0, 0.25], [0.0, 1.0, 2.0]);
        let full = SampleSet {
            energy: Some(&energy),
            latents: Some((&latents, 1)),
            ..set(2)
        };
        full.save(&path).unwrap();
        let mut archive = NpzArchive::open(&path).unwrap();
        let mut read = |name: &str| {
            let file = archive.by_name(name).unwrap().unwrap();
            (file.shape().to_vec(), file.into_vec::<f32>().unwrap())
        };
        assert_eq!(read("samples"), (vec![3, 2], expected()));
        assert_eq!(read("energy"), (vec![3], vec![1.5, -2.0, 0.25]));
        assert_eq!(read("latents"), (vec![3, 1], vec![0.0, 1.0, 2.0]));

        set(2).save(&path).unwrap();
        let archive = NpzArchive::open(&path).unwrap();
        assert_eq!(archive.array_names().collect::<Vec<_>>(), ["samples"]);
    }

    #[test]
    fn a_picture_is_for_two_dimensions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.png");
        set(2).save(&path).unwrap();
        assert!(image::ImageReader::open(&path).unwrap().decode().is_ok());
        let error = set(3).save(Path::new("x.png")).unwrap_err().to_string();
        assert_eq!(
            error,
            "x.png: a picture shows 2 dimensions, these samples have 3; write .npy or .npz instead"
        );
    }

    #[test]
    fn an_unknown_extension_is_answered_with_the_known_ones() {
        let message = |path: &str| set(2).save(Path::new(path)).unwrap_err().to_string();
        let known = "known are .npy (one array), .npz (samples, energies and latents) and .png (a scatter plot of two dimensions)";
        assert_eq!(
            message("x.jpg"),
            format!("x.jpg: no format is known for the extension .jpg; {known}")
        );
        let none = "the format is chosen by the file's extension, and it has none";
        assert_eq!(message("samples"), format!("samples: {none}; {known}"));
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = set(2).save(Path::new("/no/such/folder/x.npy")).unwrap_err().to_string();
        assert!(
            error.starts_with("/no/such/folder/x.npy: cannot write the samples: "),
            "{error}"
        );
    }
}
