use image::{DynamicImage, Rgb, Rgb32FImage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The colour that is seen through the transparent parts of images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Background {
    /// White, as on a page.
    #[default]
    White,
    /// Black.
    Black,
}

impl Background {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::White => "white",
            Self::Black => "black",
        }
    }

    /// Puts the background under an image, and tells whether it is seen through it.
    pub(super) fn under(self, image: DynamicImage) -> (DynamicImage, bool) {
        if !image.has_alpha() {
            return (image, false);
        }
        let floats = image.to_rgba32f();
        if floats.pixels().all(|pixel| pixel[3] >= 1.0) {
            // Nothing is lost with its opacity later.
            return (image, false);
        }
        let behind = match self {
            Self::White => 1.0,
            Self::Black => 0.0,
        };
        let blended = Rgb32FImage::from_fn(floats.width(), floats.height(), |x, y| {
            let [red, green, blue, opacity] = floats.get_pixel(x, y).0;
            Rgb([red, green, blue].map(|level| behind + opacity * (level - behind)))
        });
        (DynamicImage::ImageRgb32F(blended), true)
    }
}
