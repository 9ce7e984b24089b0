use ebm_core::image::ImageShape;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The order of an image's values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// By the shape: the axis of 1 or 3 is that of the channels, the last one if there are two. Images of `[n, D]` are in
    /// planes, as those of ImageNet-32.
    #[default]
    Detect,
    /// Row by row, the channels of a pixel together.
    Hwc,
    /// In planes, one a channel.
    Chw,
}

/// The order of the values in an array of images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub shape: ImageShape,
    pub planes: bool,
}

impl Order {
    /// The order of an array's images, if its shape is one of images.
    pub fn of(sides: &[u64], layout: Layout) -> Option<Self> {
        let side = |axis: usize| sides.get(axis).and_then(|side| usize::try_from(*side).ok());
        let colours = |channels: &usize| [1, 3].contains(channels);
        let with = |height, width, channels, planes| Self { shape: ImageShape { height, width, channels }, planes };
        match (sides.len(), layout) {
            (2, _) => {
                let values = side(1)?;
                let square = |channels: usize| {
                    let side = (values / channels).isqrt();
                    (side * side * channels == values).then_some((side, channels))
                };
                let (side, channels) = square(3).or_else(|| square(1))?;
                Some(with(side, side, channels, layout != Layout::Hwc))
            }
            (3, _) => Some(with(side(1)?, side(2)?, 1, false)),
            (4, Layout::Detect | Layout::Hwc) if side(3).is_some_and(|last| colours(&last)) => {
                Some(with(side(1)?, side(2)?, side(3)?, false))
            }
            (4, Layout::Detect | Layout::Chw) => {
                let channels = side(1).filter(colours)?;
                Some(with(side(2)?, side(3)?, channels, true))
            }
            _ => None,
        }
    }

    /// Puts an image's values in the order of samples.
    pub fn arrange(&self, values: &[u8], image: &mut Vec<u8>) {
        image.clear();
        let ImageShape { height, width, channels } = self.shape;
        match self.planes {
            false => image.extend_from_slice(values),
            true => image
                .extend((0..values.len()).map(|index| values[index % channels * height * width + index / channels])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_found_by_shape_or_told() {
        let order = |sides: &[u64], layout| Order::of(sides, layout).map(|o| (o.shape.to_string(), o.planes));
        for (sides, layout, expected) in [
            (&[9, 3072][..], Layout::Detect, Some(("32 x 32 x 3", true))),
            (&[9, 3072], Layout::Hwc, Some(("32 x 32 x 3", false))),
            (&[9, 784], Layout::Detect, Some(("28 x 28 x 1", true))),
            (&[9, 785], Layout::Detect, None),
            (&[9, 5, 7], Layout::Detect, Some(("5 x 7 x 1", false))),
            (&[9, 5, 7, 3], Layout::Detect, Some(("5 x 7 x 3", false))),
            (&[9, 3, 5, 7], Layout::Detect, Some(("5 x 7 x 3", true))),
            (&[9, 3, 5, 3], Layout::Detect, Some(("3 x 5 x 3", false))),
            (&[9, 3, 5, 3], Layout::Chw, Some(("5 x 3 x 3", true))),
            (&[9, 5, 7, 2], Layout::Detect, None),
            (&[9, 3, 5, 7], Layout::Hwc, None),
            (&[9], Layout::Detect, None),
        ] {
            let expected = expected.map(|(shape, planes)| (shape.to_string(), planes));
            assert_eq!(order(sides, layout), expected, "{sides:?} {layout:?}");
        }
    }
}
