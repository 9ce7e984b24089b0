use crate::prelude::*;
use ebm_core::image::ImageShape;
use image::error::{ImageError, LimitError, LimitErrorKind};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, imageops::FilterType};
use std::error::Error;

use super::background::Background;
use super::grey_float_tiff::grey_float_tiff;
use super::to_levels::require_scale;

/// The formats that are read.
const READ: [ImageFormat; 5] =
    [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Tiff];
/// Their names, for messages.
pub(super) const FORMATS: &str = "PNG, JPEG, WebP, BMP or TIFF";
/// Most pixels of an image that is read, also where it is scaled down.
const MOST_PIXELS: u64 = 1 << 27;

/// The colours of images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Colour {
    /// Red, green and blue.
    #[default]
    Rgb,
    /// One channel: the luminance.
    #[serde(rename = "gray")]
    Grey,
}

/// The frame that images are made to fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    /// Pixels along each side, if they are to be scaled.
    pub side: Option<usize>,
    pub colour: Colour,
    pub background: Background,
}

impl Frame {
    /// Most pixels along a side.
    pub const LARGEST: usize = 4096;
}

/// An image as it is kept.
pub(super) struct Framed {
    pub shape: ImageShape,
    /// Grey levels.
    pub levels: Vec<u8>,
    /// Whether some of it was transparent, and is on the background now.
    pub transparent: bool,
}

/// Whether a file is one of the images that are read, by its name.
pub(crate) fn is_image(path: &Path) -> bool {
    ImageFormat::from_path(path).is_ok_and(|format| READ.contains(&format))
}

/// Reads an image, scaled and cut to the frame.
///
/// Values of 16 bits and floats are rounded to grey levels of 8 bits: white is 65535, or 1.
pub(super) fn read_image(path: &Path, frame: Frame) -> Result<Framed, DataError> {
    let refuse = |reason: String| malformed(path, "the whole file", reason);
    // A regular file only: anything else might never end.
    open(path)?;
    let decoded = decode(path).map_err(|error| match error.downcast_ref() {
        Some(ImageError::Limits(_)) => refuse(format!("the image is too large; at most {MOST_PIXELS} pixels are read")),
        _ => refuse(format!("it is no whole image in {FORMATS} format ({error})")),
    })?;
    if let Some(floats) = decoded.as_flat_samples_f32() {
        require_scale(floats.samples.iter().map(|value| f64::from(*value)), 1.0, "floats").map_err(refuse)?;
    }
    let (opaque, transparent) = frame.background.under(decoded);
    let image = match frame.side {
        None => opaque,
        Some(side) if opaque.width() as usize == side && opaque.height() as usize == side => opaque,
        // The shorter side is scaled to `side`, and the middle of the longer one is kept.
        Some(side) => opaque.resize_to_fill(side as u32, side as u32, FilterType::CatmullRom),
    };
    let (height, width) = (image.height() as usize, image.width() as usize);
    if height.max(width) > Frame::LARGEST {
        return Err(refuse(format!(
            "the image is {height} x {width} pixels, more than {}; set a size",
            Frame::LARGEST
        )));
    }
    // The conversion scales by what white is, and rounds.
    let (channels, levels) = match frame.colour {
        Colour::Rgb => (3, image.into_rgb8().into_raw()),
        Colour::Grey => (1, image.into_luma8().into_raw()),
    };
    Ok(Framed { shape: ImageShape { height, width, channels }, levels, transparent })
}

fn decode(path: &Path) -> Result<DynamicImage, Box<dyn Error>> {
    let reader = ImageReader::open(path)?.with_guessed_format()?;
    if reader.format() == Some(ImageFormat::Tiff)
        && let Some(image) = grey_float_tiff(path)?
    {
        return Ok(image);
    }
    let mut decoder = reader.into_decoder()?;
    // Known from the header: the pixels would take memory and time in proportion.
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(ImageError::Limits(LimitError::from_kind(LimitErrorKind::DimensionError)).into());
    }
    // Decoders set aside what the header announces, whatever it is.
    Limits::default().reserve(decoder.total_bytes())?;
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Ok(image)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::refused;
    use image::{ImageBuffer, Luma, LumaA, Rgb, Rgba};

    fn read(name: &str, image: impl Into<DynamicImage>, frame: Frame) -> Result<Framed, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        image.into().save(&path).unwrap();
        read_image(&path, frame).map_err(|error| error.to_string())
    }

    /// The levels of an image of one row of pixels.
    fn levels<P>(name: &str, pixels: &[P], frame: Frame) -> Result<Vec<u8>, String>
    where
        P: image::Pixel,
        ImageBuffer<P, Vec<P::Subpixel>>: Into<DynamicImage>,
    {
        let mut image = ImageBuffer::new(pixels.len() as u32, 1);
        pixels.iter().enumerate().for_each(|(x, pixel)| image.put_pixel(x as u32, 0, *pixel));
        read(name, image, frame).map(|read| read.levels)
    }

    const GREY: Frame = Frame { side: None, colour: Colour::Grey, background: Background::White };

    #[test]
    fn formats_without_loss_give_the_same_levels() {
        let pixels = [Rgb([0u8, 127, 255]), Rgb([1, 2, 3])];
        for name in ["a.png", "a.webp", "a.bmp", "a.tiff", "a.TIF"] {
            assert!(is_image(name.as_ref()), "{name}");
            assert_eq!(levels(name, &pixels, Frame::default()).unwrap(), [0, 127, 255, 1, 2, 3], "{name}");
        }
        for name in ["a.gif", "a.avif", "a.txt", "a", "png"] {
            assert!(!is_image(name.as_ref()), "{name}");
        }
    }

    #[test]
    fn sixteen_bits_are_scaled_by_their_white() {
        for name in ["a.png", "a.tiff"] {
            let found = levels(name, &[0u16, 1000, 32767, 32768, 65535].map(|level| Luma([level])), GREY);
            assert_eq!(found.unwrap(), [0, 4, 127, 128, 255], "{name}");
            let found = levels(name, &[Rgb([0u16, 257, 65535])], Frame::default());
            assert_eq!(found.unwrap(), [0, 1, 255], "{name}");
        }
    }

    #[test]
    fn floats_are_from_black_at_0_to_white_at_1() {
        let colours = [Rgb([0.0f32, 0.5, 1.0]), Rgb([0.25, 0.1, 0.75])];
        assert_eq!(levels("a.tiff", &colours, Frame::default()).unwrap(), [0, 128, 255, 64, 26, 191]);
        for (value, range) in [(254.5, "from 0 to 254.5"), (-1.0, "from -1 to 0"), (f32::NAN, "NaN")] {
            let found = levels("a.tiff", &[Rgb([0.0f32, value, 0.0])], Frame::default());
            refused(found, &["a.tiff: the whole file", range, "floats are from 0 (black) to 1 (white)"]);
        }
    }

    #[test]
    fn what_is_transparent_is_on_the_background() {
        let on = |background| Frame { background, ..Frame::default() };
        let pixels = [Rgba([200u8, 100, 0, 255]), Rgba([200, 100, 0, 0]), Rgba([200, 100, 0, 51])];
        for name in ["a.png", "a.webp", "a.tiff"] {
            // A fifth of the pixel is over four fifths of the background.
            let found = levels(name, &pixels, on(Background::White)).unwrap();
            assert_eq!(found, [200, 100, 0, 255, 255, 255, 244, 224, 204], "{name}");
            let found = levels(name, &pixels, on(Background::Black)).unwrap();
            assert_eq!(found, [200, 100, 0, 0, 0, 0, 40, 20, 0], "{name}");
        }
        let grey = levels("a.png", &[LumaA([100u8, 255]), LumaA([100, 0]), LumaA([100, 51])], GREY);
        assert_eq!(grey.unwrap(), [100, 255, 224]);
        let sixteen = levels("a.png", &[Rgba([51400u16, 25700, 0, 13107])], on(Background::White));
        assert_eq!(sixteen.unwrap(), [244, 224, 204]);
    }

    #[test]
    fn only_what_is_transparent_in_part_is_called_so() {
        let image = |alpha| image::RgbaImage::from_pixel(2, 2, Rgba([9, 9, 9, alpha]));
        for (alpha, transparent) in [(255, false), (254, true), (0, true)] {
            assert_eq!(read("a.png", image(alpha), Frame::default()).unwrap().transparent, transparent);
        }
        assert!(!read("a.png", image::RgbImage::new(2, 2), Frame::default()).unwrap().transparent);
    }

    #[test]
    fn scaling_does_not_draw_hidden_colours_in() {
        // Red where it is seen, and green where it is not.
        let image = image::RgbaImage::from_fn(8, 8, |x, _| Rgba(if x < 4 { [255, 0, 0, 255] } else { [0, 255, 0, 0] }));
        let frame = Frame { side: Some(4), background: Background::Black, ..Frame::default() };
        let found = read("a.png", image, frame).unwrap();
        assert!(found.levels.chunks(3).all(|pixel| pixel[1] == 0), "{:?}", found.levels);
    }

    #[test]
    fn a_header_that_announces_more_than_there_is_costs_no_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bmp");
        image::RgbImage::new(2, 2).save(&path).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        for place in [18, 22] {
            bytes[place..place + 4].copy_from_slice(&60_000u32.to_le_bytes());
        }
        std::fs::write(&path, bytes).unwrap();
        refused(read_image(&path, Frame::default()).map(|_| ()), &["a.bmp", "too large; at most 134217728 pixels"]);
    }
}
