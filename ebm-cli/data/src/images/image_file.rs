use crate::prelude::*;
use ebm_core::image::ImageShape;
use image::error::{ImageError, LimitError, LimitErrorKind};
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, imageops::FilterType};

/// Most bytes that decoding one image may take.
const MEMORY: u64 = 1 << 28;
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
}

impl Frame {
    /// Most pixels along a side.
    pub const LARGEST: usize = 4096;
}

/// Reads an image, scaled and cut to the frame: its shape and its grey levels.
pub(super) fn read_image(path: &Path, frame: Frame) -> Result<(ImageShape, Vec<u8>), DataError> {
    // A regular file only: anything else might never end.
    open(path)?;
    let decoded = decode(path).map_err(|error| {
        let reason = match error {
            ImageError::Limits(_) => format!("the image is too large; at most {MOST_PIXELS} pixels are read"),
            error => format!("it is no whole image in PNG or JPEG format ({error})"),
        };
        malformed(path, "the whole file", reason)
    })?;
    let image = match frame.side {
        None => decoded,
        Some(side) if decoded.width() as usize == side && decoded.height() as usize == side => decoded,
        // The shorter side is scaled to `side`, and the middle of the longer one is kept.
        Some(side) => decoded.resize_to_fill(side as u32, side as u32, FilterType::CatmullRom),
    };
    let (height, width) = (image.height() as usize, image.width() as usize);
    if height.max(width) > Frame::LARGEST {
        let reason = format!("the image is {height} x {width} pixels, more than {}; set a size", Frame::LARGEST);
        return Err(malformed(path, "the whole file", reason));
    }
    let (channels, levels) = match frame.colour {
        Colour::Rgb => (3, image.into_rgb8().into_raw()),
        Colour::Grey => (1, image.into_luma8().into_raw()),
    };
    Ok((ImageShape { height, width, channels }, levels))
}

fn decode(path: &Path) -> image::ImageResult<DynamicImage> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MEMORY);
    let mut reader = ImageReader::open(path)?.with_guessed_format()?;
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    // Known from the header: the pixels would take memory and time in proportion.
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(ImageError::Limits(LimitError::from_kind(LimitErrorKind::DimensionError)));
    }
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    Ok(image)
}
