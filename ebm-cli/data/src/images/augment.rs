use ebm_core::{image::ImageShape, random::Random};

/// The changes to an image each time it is drawn to train on, which leave it an image of its class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Augmentation {
    /// Mirror half of them, left to right.
    pub flip: bool,
    /// Pixels that a window into the stored image is smaller along each side; it lies anywhere for training, and in the
    /// middle of images that are held out.
    pub crop: usize,
    /// Add noise to all values, uniform over the width of a grey level.
    pub dequantize: bool,
}

/// The part of an image that is shown, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct View {
    top: usize,
    left: usize,
    mirrored: bool,
}

impl Augmentation {
    /// The shape of what is shown of images of a shape that is larger than the crop.
    pub fn shape(&self, stored: ImageShape) -> ImageShape {
        ImageShape { height: stored.height - self.crop, width: stored.width - self.crop, ..stored }
    }

    /// The middle, as it is.
    pub fn plain(&self) -> View {
        View { top: self.crop / 2, left: self.crop / 2, mirrored: false }
    }

    /// Random views, one for each of `n` images.
    pub fn views(&self, n: usize, random: Random) -> Vec<View> {
        if !self.flip && self.crop == 0 {
            return vec![self.plain(); n];
        }
        let numbers = random.stream("augmentation").uniforms(3 * n);
        let place = |u: f64| ((u * (self.crop + 1) as f64) as usize).min(self.crop);
        let view = |numbers: &[ebm_core::device::Real]| View {
            top: place(f64::from(numbers[0])),
            left: place(f64::from(numbers[1])),
            mirrored: self.flip && numbers[2] < 0.5,
        };
        numbers.chunks_exact(3).map(view).collect()
    }
}

impl View {
    /// Appends what is shown of an image.
    pub fn append(&self, stored: ImageShape, shown: ImageShape, image: &[u8], to: &mut Vec<u8>) {
        let channels = stored.channels;
        for row in 0..shown.height {
            let start = ((self.top + row) * stored.width + self.left) * channels;
            let row = &image[start..start + shown.width * channels];
            match self.mirrored {
                false => to.extend_from_slice(row),
                true => row.rchunks_exact(channels).for_each(|pixel| to.extend_from_slice(pixel)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORED: ImageShape = ImageShape { height: 3, width: 4, channels: 2 };

    fn shown(augmentation: Augmentation, view: View) -> Vec<u8> {
        let image: Vec<u8> = (0..24).collect();
        let mut levels = Vec::new();
        view.append(STORED, augmentation.shape(STORED), &image, &mut levels);
        levels
    }

    #[test]
    fn a_view_is_a_window_and_its_mirror_image_keeps_the_pixels_whole() {
        let crop = Augmentation { flip: true, crop: 1, ..Default::default() };
        let view = |mirrored| View { top: 1, left: 1, mirrored };
        assert_eq!(shown(crop, view(false)), [10, 11, 12, 13, 14, 15, 18, 19, 20, 21, 22, 23]);
        assert_eq!(shown(crop, view(true)), [14, 15, 12, 13, 10, 11, 22, 23, 20, 21, 18, 19]);
        let none = Augmentation::default();
        assert_eq!(shown(none, none.plain()), (0..24).collect::<Vec<u8>>());
    }

    #[test]
    fn views_are_functions_of_their_place_and_of_every_kind() {
        let augmentation = Augmentation { flip: true, crop: 2, ..Default::default() };
        let place = Random::new(1).at(3);
        let views = augmentation.views(900, place);
        assert_eq!(views, augmentation.views(900, place));
        assert_ne!(views, augmentation.views(900, place.at(4)));
        let mut seen: Vec<_> = views.iter().map(|v| (v.top, v.left, v.mirrored)).collect();
        seen.sort_unstable();
        seen.dedup();
        // Three places along each side, mirrored or not; the rarest of 18 has 50 expected.
        assert_eq!(seen.len(), 18);
        let flipped = views.iter().filter(|view| view.mirrored).count();
        assert!((375..525).contains(&flipped), "{flipped}");
    }
}
