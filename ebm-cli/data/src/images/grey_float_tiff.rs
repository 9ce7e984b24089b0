use image::{DynamicImage, Limits, Rgb, Rgb32FImage, metadata::Orientation};
use std::{error::Error, fs::File, io::BufReader, path::Path};
use tiff::decoder::{Decoder, DecodingResult};
use tiff::{ColorType, TiffResult, tags::Tag};

/// The first image of a TIFF file, if it is one of grey floats: scientific programs write them, and `image` refuses them.
pub(super) fn grey_float_tiff(path: &Path) -> Result<Option<DynamicImage>, Box<dyn Error>> {
    let mut decoder = Decoder::new(BufReader::new(File::open(path)?))?;
    let (width, height) = decoder.dimensions()?;
    if !matches!(decoder.colortype()?, ColorType::Gray(16 | 32 | 64)) || !has_floats(&mut decoder)? {
        return Ok(None);
    }
    Limits::default().reserve_buffer(width, height, image::ColorType::Rgb32F)?;
    let orientation = decoder.find_tag_unsigned::<u8>(Tag::Orientation).ok().flatten();
    let values: Vec<f32> = match decoder.read_image()? {
        DecodingResult::F16(values) => values.into_iter().map(f32::from).collect(),
        DecodingResult::F32(values) => values,
        DecodingResult::F64(values) => values.into_iter().map(|value| value as f32).collect(),
        _ => return Ok(None),
    };
    let value = |x, y| values.get((y * width + x) as usize).copied().unwrap_or_default();
    let mut image = DynamicImage::ImageRgb32F(Rgb32FImage::from_fn(width, height, |x, y| Rgb([value(x, y); 3])));
    if let Some(orientation) = orientation.and_then(Orientation::from_exif) {
        image.apply_orientation(orientation);
    }
    Ok(Some(image))
}

/// Whether the samples are floats, which the type of colour does not say.
fn has_floats(decoder: &mut Decoder<BufReader<File>>) -> TiffResult<bool> {
    const FLOAT: u16 = 3;
    let formats = decoder.find_tag_unsigned_vec::<u16>(Tag::SampleFormat)?;
    Ok(formats.is_some_and(|formats| formats.first() == Some(&FLOAT)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiff::encoder::{TiffEncoder, colortype};

    fn written<C: colortype::ColorType>(values: &[C::Inner]) -> Option<DynamicImage>
    where
        [C::Inner]: tiff::encoder::TiffValue,
    {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tiff");
        let mut encoder = TiffEncoder::new(File::create(&path).unwrap()).unwrap();
        encoder.write_image::<C>(3, 2, values).unwrap();
        grey_float_tiff(&path).unwrap()
    }

    #[test]
    fn floats_of_both_widths_come_back_in_their_order() {
        let values = [0.0, 0.5, 1.0, -2.0, 300.0, 0.125];
        for image in [
            written::<colortype::Gray32Float>(&values.map(|value| value as f32)),
            written::<colortype::Gray64Float>(&values),
        ] {
            let image = image.unwrap().into_rgb32f();
            let found: Vec<f64> = image.pixels().map(|pixel| f64::from(pixel[1])).collect();
            assert_eq!((image.width(), image.height(), &found[..]), (3, 2, &values[..]));
        }
    }

    #[test]
    fn images_of_whole_numbers_are_left_to_the_other_decoder() {
        assert!(written::<colortype::Gray16>(&[1, 2, 3, 4, 5, 6]).is_none());
        assert!(written::<colortype::Gray32>(&[1, 2, 3, 4, 5, 6]).is_none());
    }
}
