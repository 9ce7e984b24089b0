//! Samples in files: NumPy arrays for programs, a picture for people.

use ebm_core::device::Real;
use ebm_core::image::{ImageShape, level_of};
use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
use npyz::WriterBuilder;
use npyz::npz::NpzWriter;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use zip::write::FileOptions;

use super::format::{Format, NamedFormat, OutputError};
use crate::plots::{Frame, Gallery, GalleryPicture, PlotError, save_scatter};
use ebm_train::files::write_atomically;

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
    /// The shape of the images that the samples are, if they are.
    pub image: Option<ImageShape>,
}

impl SampleSet<'_> {
    /// Writes the samples to `path`, whole or not at all, in the format of its name, or else of its extension. A file that is
    /// there is replaced.
    ///
    /// # Errors
    /// The errors of [`Format::of`], and an error if the file cannot be written.
    pub fn save(&self, path: &Path, named: Option<NamedFormat>) -> Result<(), OutputError> {
        let failed = |source| OutputError::Write { path: path.into(), source };
        let shape = self.image.unwrap_or(ImageShape { height: 1, width: self.width, channels: 1 });
        match Format::of(path, named, self.width, self.image)? {
            Format::Npy => write_atomically(path, |file| array(file, self.samples, Some(self.width))).map_err(failed),
            Format::Npz => write_atomically(path, |file| self.archive(file, None)).map_err(failed),
            Format::ImageNpz => write_atomically(path, |file| self.archive(file, Some(shape))).map_err(failed),
            Format::Png => Ok(self.picture(path)?),
            Format::Gallery => Ok(self.gallery(path, shape)?),
            Format::ImageFolder => image_folder(path, &self.levels(), shape).map_err(failed),
        }
    }

    /// The grey levels nearest to the values.
    fn levels(&self) -> Vec<u8> {
        self.samples.iter().copied().map(level_of).collect()
    }

    fn gallery(&self, path: &Path, shape: ImageShape) -> Result<(), PlotError> {
        let levels = self.levels();
        let count = levels.len() / shape.values().max(1);
        GalleryPicture {
            title: self.title.into(),
            subtitle: format!("images of {shape} values"),
            shape,
            columns: count.isqrt().clamp(8, 32),
            galleries: vec![Gallery { name: "", levels }],
        }
        .save(path)
    }

    fn archive(&self, file: &mut (impl Write + io::Seek), image: Option<ImageShape>) -> io::Result<()> {
        let mut archive = NpzWriter::new(file);
        // The time of day is not part of the samples: equal samples are equal bytes.
        let options = FileOptions::default().last_modified_time(zip::DateTime::default());
        let mut add_bytes = |name: &str, bytes: &[u8]| {
            archive
                .zip_writer()
                .start_file(npyz::npz::file_name_from_array_name(name), options)
                .map_err(io::Error::other)?;
            archive.zip_writer().write_all(bytes)
        };
        if let Some(shape) = image {
            let mut bytes = Vec::new();
            images(&mut bytes, &self.levels(), shape)?;
            add_bytes("arr_0", &bytes)?;
        }
        let mut add = |name: &str, values: &[Real], width: Option<usize>| {
            let mut bytes = Vec::new();
            array(&mut bytes, values, width)?;
            add_bytes(name, &bytes)
        };
        if image.is_none() {
            add("samples", self.samples, Some(self.width))?;
        }
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
        let points: Vec<[f64; 2]> =
            self.samples.chunks_exact(2).map(|row| [f64::from(row[0]), f64::from(row[1])]).collect();
        let frame = Frame::around(&points, self.axes);
        save_scatter(path, self.title, &frame, &points)
    }
}

/// A uint8 array `[n, height, width, channels]` in NumPy's format.
fn images(writer: impl Write, levels: &[u8], shape: ImageShape) -> io::Result<()> {
    let count = levels.len() / shape.values().max(1);
    let sides = [count, shape.height, shape.width, shape.channels].map(|side| side as u64);
    let mut writer = npyz::WriteOptions::<u8>::new().default_dtype().shape(&sides).writer(writer).begin_nd()?;
    writer.extend(levels.iter().copied())?;
    writer.finish()
}

/// Writes a folder of PNG files, all or none: beside its place first.
fn image_folder(path: &Path, levels: &[u8], shape: ImageShape) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let beside = tempfile::Builder::new().prefix(".samples").tempdir_in(parent.unwrap_or(Path::new(".")))?;
    let colour = match shape.channels {
        1 => ExtendedColorType::L8,
        _ => ExtendedColorType::Rgb8,
    };
    for (index, levels) in levels.chunks_exact(shape.values().max(1)).enumerate() {
        let file = BufWriter::new(File::create(beside.path().join(format!("{index:06}.png")))?);
        PngEncoder::new(file)
            .write_image(levels, shape.width as u32, shape.height as u32, colour)
            .map_err(io::Error::other)?;
    }
    if path.exists() {
        std::fs::remove_dir(path)?;
    }
    // Temporary folders are for their owner alone; this one is no longer temporary.
    open_to_all(beside.path())?;
    std::fs::rename(beside.path(), path)?;
    let _ = beside.keep();
    Ok(())
}

#[cfg(unix)]
fn open_to_all(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn open_to_all(_: &Path) -> io::Result<()> {
    Ok(())
}

/// A float32 array `[n, width]`, or `[n]` without a width, in NumPy's format.
fn array(writer: impl Write, values: &[Real], width: Option<usize>) -> io::Result<()> {
    let shape = match width {
        Some(width) => vec![(values.len() / width) as u64, width as u64],
        None => vec![values.len() as u64],
    };
    let mut writer = npyz::WriteOptions::<f32>::new().default_dtype().shape(&shape).writer(writer).begin_nd()?;
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
            image: None,
        }
    }

    fn expected() -> Vec<f32> {
        SAMPLES.into_iter().map(single).collect()
    }

    #[test]
    fn an_npy_file_reads_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.NPY");
        set(3).save(&path, None).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let file = npyz::NpyFile::new(&bytes[..]).unwrap();
        assert_eq!(file.shape(), [2, 3]);
        assert_eq!(file.into_vec::<f32>().unwrap(), expected());
    }

    #[test]
    fn an_npz_file_does_not_say_when_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npz");
        set(2).save(&path, None).unwrap();
        let mut archive = zip::ZipArchive::new(File::open(&path).unwrap()).unwrap();
        let time = archive.by_index(0).unwrap().last_modified();
        // The beginning of the format's calendar.
        assert_eq!((time.year(), time.month(), time.day(), time.hour()), (1980, 1, 1, 0));
    }

    #[test]
    fn an_npz_file_holds_what_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npz");
        let (energy, latents) = ([1.5, -2.0, 0.25], [0.0, 1.0, 2.0]);
        let full = SampleSet { energy: Some(&energy), latents: Some((&latents, 1)), ..set(2) };
        full.save(&path, None).unwrap();
        let mut archive = NpzArchive::open(&path).unwrap();
        let mut read = |name: &str| {
            let file = archive.by_name(name).unwrap().unwrap();
            (file.shape().to_vec(), file.into_vec::<f32>().unwrap())
        };
        assert_eq!(read("samples"), (vec![3, 2], expected()));
        assert_eq!(read("energy"), (vec![3], vec![1.5, -2.0, 0.25]));
        assert_eq!(read("latents"), (vec![3, 1], vec![0.0, 1.0, 2.0]));

        set(2).save(&path, None).unwrap();
        let archive = NpzArchive::open(&path).unwrap();
        assert_eq!(archive.array_names().collect::<Vec<_>>(), ["samples"]);
    }

    #[test]
    fn a_picture_is_for_two_dimensions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.png");
        set(2).save(&path, None).unwrap();
        assert!(image::ImageReader::open(&path).unwrap().decode().is_ok());
        let error = set(3).save(Path::new("x.png"), None).unwrap_err().to_string();
        assert_eq!(
            error,
            "x.png: a picture shows images or 2 dimensions, these samples have 3; write .npy or .npz instead"
        );
    }

    #[test]
    fn an_unknown_extension_is_answered_with_the_known_ones() {
        let message = |path: &str| set(2).save(Path::new(path), None).unwrap_err().to_string();
        let known = "known are .npy (one array), .npz (samples, energies and latents) and .png (a picture of images, or a scatter plot of two dimensions)";
        assert_eq!(message("x.jpg"), format!("x.jpg: no format is known for the extension .jpg; {known}"));
        let none = "the format is chosen by the file's extension, and it has none";
        assert_eq!(message("samples"), format!("samples: {none}; {known}"));
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = set(2).save(Path::new("/no/such/folder/x.npy"), None).unwrap_err().to_string();
        assert!(error.starts_with("/no/such/folder/x.npy: cannot write the samples: "), "{error}");
    }

    /// Three images of 2 x 3 and one or three channels, whose levels count upwards.
    fn image_set(channels: usize, values: &[Real]) -> SampleSet<'_> {
        SampleSet {
            samples: values,
            width: 6 * channels,
            image: Some(ImageShape { height: 2, width: 3, channels }),
            ..set(2)
        }
    }

    fn image_values(channels: usize) -> Vec<Real> {
        (0..3 * 6 * channels).map(|level| ebm_core::image::value_of(level as u8)).collect()
    }

    #[test]
    fn images_in_an_npz_file_are_bytes_with_the_channels_last() {
        let folder = tempfile::tempdir().unwrap();
        let (path, values) = (folder.path().join("x.npz"), image_values(3));
        image_set(3, &values).save(&path, None).unwrap();
        let mut archive = NpzArchive::open(&path).unwrap();
        let file = archive.by_name("arr_0").unwrap().unwrap();
        assert_eq!((file.shape(), file.dtype().descr()), (&[3, 2, 3, 3][..], "'|u1'".into()));
        assert_eq!(file.into_vec::<u8>().unwrap(), (0..54).collect::<Vec<u8>>());
        assert!(archive.by_name("samples").unwrap().is_none());
    }

    #[test]
    fn a_folder_of_images_has_one_png_file_each_and_is_new() {
        let folder = tempfile::tempdir().unwrap();
        for (channels, colour) in [(1, image::ColorType::L8), (3, image::ColorType::Rgb8)] {
            let (path, values) = (folder.path().join(format!("x{channels}")), image_values(channels));
            let set = image_set(channels, &values);
            set.save(&path, Some(NamedFormat::Png)).unwrap();
            let mut names: Vec<_> = std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().file_name()).collect();
            names.sort();
            assert_eq!(names, ["000000.png", "000001.png", "000002.png"]);
            let last = image::open(path.join("000002.png")).unwrap();
            assert_eq!((last.color(), last.width(), last.height()), (colour, 3, 2));
            assert_eq!(last.as_bytes()[0], 12 * channels as u8);
            let error = set.save(&path, Some(NamedFormat::Png)).unwrap_err().to_string();
            assert!(error.contains("new or empty"), "{error}");
        }
        // Nothing else is left.
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
        let error = set(2).save(&folder.path().join("y"), Some(NamedFormat::Png)).unwrap_err();
        assert!(matches!(error, OutputError::NoImages { .. }));
    }

    #[test]
    fn a_picture_of_images_shows_them_all() {
        let folder = tempfile::tempdir().unwrap();
        let (path, values) = (folder.path().join("x.png"), image_values(1));
        image_set(1, &values).save(&path, None).unwrap();
        let picture = image::open(&path).unwrap().to_rgb8();
        // The last pixel of the third image, of level 17; images are 21 times as large, after a margin of 24 and a heading.
        let pixel = picture.get_pixel(24 + 2 * 65 + 62, 78 + 41);
        assert_eq!(pixel.0, [17; 3]);
    }
}
