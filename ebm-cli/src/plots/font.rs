//! The typeface of all pictures: compiled in, so that no font of the system is needed.

use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontFamily, FontStyle, IntoFont, RGBColor, TextStyle, register_font};
use std::sync::OnceLock;

use super::PlotError;

const FAMILY: FontFamily<'static> = FontFamily::Name("ebm");

/// Makes the typeface known to the drawing library, once.
pub(super) fn register() -> Result<(), PlotError> {
    static DONE: OnceLock<bool> = OnceLock::new();
    let good = DONE.get_or_init(|| register_font("ebm", FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT).is_ok());
    match good {
        true => Ok(()),
        false => Err(PlotError::PotentialBug("the embedded font is not readable".into())),
    }
}

/// Where a text's given point lies: left, centre or right of it, and at its top or middle.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    TopLeft,
    Top,
    TopRight,
    Left,
    Right,
    Centre,
}

/// Text of a size in pixels.
pub(super) fn text(size: u32, colour: RGBColor, anchor: Anchor) -> TextStyle<'static> {
    let (h, v) = match anchor {
        Anchor::TopLeft => (HPos::Left, VPos::Top),
        Anchor::Top => (HPos::Center, VPos::Top),
        Anchor::TopRight => (HPos::Right, VPos::Top),
        Anchor::Left => (HPos::Left, VPos::Center),
        Anchor::Right => (HPos::Right, VPos::Center),
        Anchor::Centre => (HPos::Center, VPos::Center),
    };
    TextStyle {
        font: (FAMILY, size).into_font(),
        color: colour.to_backend_color(),
        pos: Pos::new(h, v),
    }
}
