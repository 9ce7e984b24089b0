//! The IDX format: arrays of bytes, as MNIST is distributed.

use crate::prelude::*;
use ebm_core::image::ImageShape;

use super::byte_stream::ByteStream;
use super::image_set::{ImageSet, ImageSetWriter};

/// Most bytes that a file may hold.
const MOST: u64 = 1 << 36;
/// Bytes of images that are read at once.
const AT_ONCE: u64 = 1 << 26;
/// The code of unsigned bytes among the types of elements.
const BYTES: u8 = 0x08;
/// The other types of elements.
const OTHERS: [(u8, &str); 5] = [
    (0x09, "signed bytes"),
    (0x0b, "16-bit whole numbers"),
    (0x0c, "32-bit whole numbers"),
    (0x0d, "32-bit floats"),
    (0x0e, "64-bit floats"),
];

/// Images `[n, height, width]` or `[n, height, width, channels]`, without labels.
pub(super) fn read_images(path: &Path) -> Result<ImageSet, DataError> {
    let mut stream = ByteStream::open(path)?;
    let axes = "an image file has 3 (n, height, width) or 4 (and channels)";
    let (sides, count) = read_header(path, &mut stream, axes, |axes| (3..=4).contains(&axes))?;
    let side = |axis: usize| sides.get(axis).map_or(1, |side| *side as usize);
    let shape = ImageShape { height: side(1), width: side(2), channels: side(3) };
    let refuse = |reason: String| malformed(path, "header", reason);
    if count == 0 {
        let announced = sides[0];
        return Err(refuse(format!("it announces {announced} images of {shape} values; there is nothing to train on")));
    }
    if ![1, 3].contains(&shape.channels) {
        return Err(refuse(format!("it announces images of {shape} values; expected 1 or 3 channels")));
    }
    let mut images = ImageSetWriter::new(shape, path);
    let mut piece = Vec::new();
    let (mut left, most) = (count, (AT_ONCE / shape.values() as u64).max(1) * shape.values() as u64);
    while left > 0 {
        let next = left.min(most);
        stream.take_into(&mut piece, next, &format!("array {sides:?}"))?;
        images.push(&piece)?;
        left -= next;
    }
    stream.end()?;
    images.finish()
}

/// Labels `[n]`.
pub(super) fn read_labels(path: &Path) -> Result<Vec<u32>, DataError> {
    let mut stream = ByteStream::open(path)?;
    let (sides, count) = read_header(path, &mut stream, "a label file has 1", |axes| axes == 1)?;
    let labels = stream.take(count, &format!("array {sides:?}"))?;
    stream.end()?;
    Ok(labels.into_iter().map(u32::from).collect())
}

/// The sides of the array, and the number of its bytes, which follow.
fn read_header(
    path: &Path,
    stream: &mut ByteStream,
    expected: &str,
    fits: impl Fn(u8) -> bool,
) -> Result<(Vec<u64>, u64), DataError> {
    let refuse = |reason: String| Err(malformed(path, "header", reason));
    let magic = stream.take(4, "header")?;
    let [0, 0, kind, axes] = magic[..] else {
        let shown = magic.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
        return refuse(format!("it starts with {shown}; an IDX file of bytes starts with 00 00 08"));
    };
    if kind != BYTES {
        let known = OTHERS.iter().find(|(code, _)| *code == kind);
        let name = known.map_or("of an unknown type", |(_, name)| name);
        return refuse(format!("its elements are {name} (code {kind:02x}); expected unsigned bytes (08)"));
    }
    if !fits(axes) {
        return refuse(format!("its array has {axes} axes; {expected}"));
    }
    let sides = stream.take(4 * u64::from(axes), "header")?;
    let sides: Vec<u64> = sides.as_chunks().0.iter().map(|side| u32::from_be_bytes(*side).into()).collect();
    let count = sides.iter().try_fold(1u64, |product, side| product.checked_mul(*side));
    match count.filter(|count| *count <= MOST) {
        Some(count) => Ok((sides, count)),
        None => refuse(format!("it announces an array {sides:?}, more than {MOST} bytes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, idx, images, level, packed, write};

    fn read_bytes(bytes: &[u8]) -> Result<ImageSet, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), "images", bytes);
        read_images(&path).map_err(|error| {
            let text = error.to_string();
            assert!(text.starts_with(&path.display().to_string()), "{text}");
            text
        })
    }

    fn levels(set: &ImageSet) -> Vec<u8> {
        set.levels(&(0..set.len()).collect::<Vec<_>>())
    }

    fn refused(bytes: &[u8], parts: &[&str]) {
        fixture::refused(read_bytes(bytes), parts);
    }

    #[test]
    fn plain_and_packed_files_hold_the_same_images() {
        let plain = read_bytes(&images(0, 5)).unwrap();
        assert_eq!(levels(&plain), levels(&read_bytes(&packed(&images(0, 5))).unwrap()));
        let shape = ImageShape { height: 2, width: 3, channels: 1 };
        assert_eq!((plain.len(), plain.shape), (5, shape));
        assert_eq!(plain.levels(&[3])[4], level(3, 4));
        // Gzip files may be put one after the other.
        let (head, tail) = (&images(0, 5)[..20], &images(0, 5)[20..]);
        let joined = read_bytes(&[packed(head), packed(tail)].concat()).unwrap();
        assert_eq!(levels(&plain), levels(&joined));
        let colour = read_bytes(&idx(&[1, 1, 2, 3], &[1, 2, 3, 4, 5, 6])).unwrap();
        assert_eq!((colour.shape.channels, levels(&colour)), (3, vec![1, 2, 3, 4, 5, 6]));
    }

    #[test]
    fn files_of_another_kind_are_told_what_they_start_with() {
        refused(b"\x89PNG\r\n", &["header", "starts with 89 50 4e 47", "00 00 08"]);
        refused(&idx(&[6], &[0; 6]), &["header", "1 axes", "3 (n, height, width)"]);
        let mut floats = images(0, 2);
        floats[2] = 0x0d;
        refused(&floats, &["header", "32-bit floats (code 0d)", "unsigned bytes (08)"]);
        refused(b"", &["header", "cut short", "4 bytes belong here, and there are 0"]);
        refused(&images(0, 2)[..9], &["header", "12 bytes belong here, and there are 5"]);
        refused(&idx(&[1, 1, 1, 2], &[1, 2]), &["header", "1 x 1 x 2", "1 or 3 channels"]);
    }

    #[test]
    fn a_file_that_ends_early_goes_on_or_is_damaged_is_refused() {
        let whole = images(0, 4);
        refused(&whole[..whole.len() - 1], &["array [4, 2, 3]", "24 bytes belong here, and there are 23"]);
        refused(&[&whole[..], b"x"].concat(), &["byte 40", "the file goes on"]);
        refused(&packed(&whole[..whole.len() - 1]), &["array [4, 2, 3]", "there are 23"]);
        refused(&packed(&[&whole[..], b"x"].concat()), &["byte 40", "the file goes on"]);
        let whole = packed(&whole);
        for end in [12, whole.len() - 9, whole.len() - 1] {
            refused(&whole[..end], &["gzip stream", "cut short or damaged", "fetch the file again"]);
        }
        let mut wrong_sum = whole.clone();
        wrong_sum[whole.len() - 6] ^= 1;
        refused(&wrong_sum, &["gzip stream", "after 40 unpacked bytes"]);
        refused(&[&whole[..], b"garbage"].concat(), &["gzip stream", "after 40 unpacked bytes"]);
    }

    #[test]
    fn a_header_that_announces_more_than_there_is_costs_no_memory() {
        refused(&idx(&[u32::MAX, 4, 4], &[0; 9]), &["array", "there are 9"]);
        refused(&packed(&idx(&[u32::MAX, 4, 4], &[0; 9])), &["array", "there are 9"]);
        for sides in [[u32::MAX; 3], [u32::MAX, 28, 28]] {
            refused(&idx(&sides, &[]), &["header", "more than 68719476736 bytes"]);
        }
        refused(&idx(&[0, 28, 28], &[]), &["header", "nothing to train on"]);
        refused(&idx(&[7, 0, 28], &[]), &["header", "nothing to train on"]);
    }
}
