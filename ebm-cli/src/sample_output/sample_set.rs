use anyhow::{Context, Result};
use ebm_core::device::Real;
use ebm_core::image::{ImageShape, level_of};
use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
use npyz::WriterBuilder;
use std::io::{self, BufWriter, Write};
use std::{fs::File, path::Path};
use zip::{ZipWriter, write::FileOptions};

use super::format::{Format, NamedFormat};
use crate::output::{write_folder, write_named};
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
    /// Writes the samples to `path`, whole or not at all, in the named format or its extension's; replaces a file.
    pub fn save(&self, path: &Path, named: Option<NamedFormat>) -> Result<()> {
        let shape = self.image.unwrap_or(ImageShape { height: 1, width: self.width, channels: 1 });
        let failed = || format!("{}: cannot write the samples", path.display());
        let format = Format::of(path, named, self.width, self.image)?;
        write_named(path, |path| match format {
            Format::Npy => write_atomically(path, |file| self.values(file)).with_context(failed),
            Format::Npz => write_atomically(path, |file| self.archive(file, None)).with_context(failed),
            Format::ImageNpz => write_atomically(path, |file| self.archive(file, Some(shape))).with_context(failed),
            Format::Png => Ok(self.picture(path)?),
            Format::Gallery => Ok(self.gallery(path, shape)?),
            Format::ImageFolder => {
                write_folder(path, |folder| image_files(folder, &self.levels(), shape)).with_context(failed)
            }
        })
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
        let mut archive = ZipWriter::new(file);
        // The time of day is not part of the samples: equal samples are equal bytes.
        let options = FileOptions::default().last_modified_time(zip::DateTime::default());
        let mut add = |name: &str, write: &dyn Fn(&mut Vec<u8>) -> io::Result<()>| {
            let mut bytes = Vec::new();
            write(&mut bytes)?;
            archive.start_file(format!("{name}.npy"), options).map_err(io::Error::other)?;
            archive.write_all(&bytes)
        };
        match image {
            None => add("samples", &|bytes| self.values(bytes))?,
            Some(ImageShape { height, width, channels }) => {
                let levels = self.levels();
                let count = levels.len() / (height * width * channels).max(1);
                add("arr_0", &|bytes| array(bytes, &[count, height, width, channels], levels.iter().copied()))?;
            }
        }
        if let Some(energy) = self.energy {
            add("energy", &|bytes| array(bytes, &[energy.len()], singles(energy)))?;
        }
        if let Some((latents, width)) = self.latents {
            add("latents", &|bytes| array(bytes, &[latents.len() / width, width], singles(latents)))?;
        }
        archive.finish().map_err(io::Error::other)?;
        Ok(())
    }

    fn values(&self, writer: impl Write) -> io::Result<()> {
        array(writer, &[self.samples.len() / self.width, self.width], singles(self.samples))
    }

    fn picture(&self, path: &Path) -> Result<(), PlotError> {
        let points: Vec<[f64; 2]> =
            self.samples.chunks_exact(2).map(|row| [f64::from(row[0]), f64::from(row[1])]).collect();
        let frame = Frame::around(&points, self.axes);
        save_scatter(path, self.title, &frame, &points)
    }
}

/// Writes a PNG file for each image.
fn image_files(folder: &Path, levels: &[u8], shape: ImageShape) -> Result<()> {
    let colour = match shape.channels {
        1 => ExtendedColorType::L8,
        _ => ExtendedColorType::Rgb8,
    };
    for (index, levels) in levels.chunks_exact(shape.values().max(1)).enumerate() {
        let file = BufWriter::new(File::create(folder.join(format!("{index:06}.png")))?);
        PngEncoder::new(file).write_image(levels, shape.width as u32, shape.height as u32, colour)?;
    }
    Ok(())
}

/// Writes an array in NumPy's format.
fn array<T: npyz::AutoSerialize>(
    writer: impl Write,
    shape: &[usize],
    values: impl Iterator<Item = T>,
) -> io::Result<()> {
    let shape: Vec<u64> = shape.iter().map(|side| *side as u64).collect();
    let mut writer = npyz::WriteOptions::<T>::new().default_dtype().shape(&shape).writer(writer).begin_nd()?;
    writer.extend(values)?;
    writer.finish()
}

/// The nearest values in single precision, from whichever precision the build has.
fn singles(values: &[Real]) -> impl Iterator<Item = f32> {
    values.iter().map(|value| f64::from(*value) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use zip::ZipArchive;

    const SAMPLES: [Real; 6] = [0.5, -1.25, 3.0, 1e-3, 7.5, -8.0];

    fn set(width: usize) -> SampleSet<'static> {
        let (title, axes) = ("samples", ["x1", "x2"]);
        SampleSet { title, axes, samples: &SAMPLES, width, energy: None, latents: None, image: None }
    }

    fn expected() -> Vec<f32> {
        singles(&SAMPLES).collect()
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
    fn an_npz_file_holds_what_is_known_and_does_not_say_when_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.npz");
        let (energy, latents) = ([1.5, -2.0, 0.25], [0.0, 1.0, 2.0]);
        let full = SampleSet { energy: Some(&energy), latents: Some((&latents, 1)), ..set(2) };
        full.save(&path, None).unwrap();
        let mut archive = ZipArchive::new(File::open(&path).unwrap()).unwrap();
        let mut read = |name: &str| {
            let file = npyz::NpyFile::new(archive.by_name(&format!("{name}.npy")).unwrap()).unwrap();
            (file.shape().to_vec(), file.into_vec::<f32>().unwrap())
        };
        assert_eq!(read("samples"), (vec![3, 2], expected()));
        assert_eq!(read("energy"), (vec![3], vec![1.5, -2.0, 0.25]));
        assert_eq!(read("latents"), (vec![3, 1], vec![0.0, 1.0, 2.0]));

        set(2).save(&path, None).unwrap();
        let mut archive = ZipArchive::new(File::open(&path).unwrap()).unwrap();
        assert_eq!(archive.file_names().collect::<Vec<_>>(), ["samples.npy"]);
        let time = archive.by_index(0).unwrap().last_modified();
        // The beginning of the format's calendar.
        assert_eq!((time.year(), time.month(), time.day(), time.hour()), (1980, 1, 1, 0));
    }

    #[test]
    fn what_cannot_be_written_is_refused_with_the_formats_that_are_known() {
        let known = "known are .npy (one array), .npz (samples, energies and latents) and .png (a picture of images, or a scatter plot of two dimensions)";
        let none = "the format is chosen by the file's extension, and it has none";
        let picture = "a picture shows images or 2 dimensions, these samples have 3; write .npy or .npz instead";
        for (path, message) in [
            ("x.png", format!("x.png: {picture}")),
            ("x.jpg", format!("x.jpg: no format is known for the extension .jpg; {known}")),
            ("samples", format!("samples: {none}; {known}")),
            ("/no/such/folder/x.npy", "/no/such/folder/x.npy: cannot write the samples: ".into()),
        ] {
            let error = format!("{:#}", set(3).save(Path::new(path), None).unwrap_err());
            assert!(error.starts_with(&message), "{error}");
        }
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
        let mut archive = ZipArchive::new(File::open(&path).unwrap()).unwrap();
        assert_eq!(archive.file_names().collect::<Vec<_>>(), ["arr_0.npy"]);
        let file = npyz::NpyFile::new(archive.by_index(0).unwrap()).unwrap();
        assert_eq!((file.shape(), file.dtype().descr()), (&[3, 2, 3, 3][..], "'|u1'".into()));
        assert_eq!(file.into_vec::<u8>().unwrap(), (0..54).collect::<Vec<u8>>());
    }

    #[test]
    fn a_folder_of_images_has_one_png_file_each() {
        let folder = tempfile::tempdir().unwrap();
        for (channels, colour) in [(1, image::ColorType::L8), (3, image::ColorType::Rgb8)] {
            let (path, values) = (folder.path().join(format!("x{channels}")), image_values(channels));
            image_set(channels, &values).save(&path, Some(NamedFormat::Png)).unwrap();
            let mut names: Vec<_> = std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().file_name()).collect();
            names.sort();
            assert_eq!(names, ["000000.png", "000001.png", "000002.png"]);
            let last = image::open(path.join("000002.png")).unwrap();
            assert_eq!((last.color(), last.width(), last.height()), (colour, 3, 2));
            assert_eq!(last.as_bytes()[0], 12 * channels as u8);
        }
        // Nothing else is left.
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn pictures_are_of_points_in_the_plane_or_of_all_images() {
        let folder = tempfile::tempdir().unwrap();
        let (path, values) = (folder.path().join("x.png"), image_values(1));
        set(2).save(&path, None).unwrap();
        assert!(image::open(&path).is_ok());
        image_set(1, &values).save(&path, None).unwrap();
        let picture = image::open(&path).unwrap().to_rgb8();
        // The last pixel of the third image, of level 17; images are 21 times as large, after a margin of 24 and a heading.
        let pixel = picture.get_pixel(24 + 2 * 65 + 62, 78 + 41);
        assert_eq!(pixel.0, [17; 3]);
    }
}
