//! A colour for a number in [0, 1], such that equal steps look equal.

use image::Rgb;

/// Colours at equal distances. Their lightness rises in equal steps, so the map is ordered in grey print and for
/// colour-blind readers too; the hue turns from night blue over violet and orange to pale yellow. They lie on straight
/// lines of the Oklab colour space (B. Ottosson, "A perceptual color space for image processing", 2020).
const COLOURS: [[u8; 3]; 13] = [
    [11, 10, 41],
    [32, 19, 65],
    [54, 27, 92],
    [77, 35, 119],
    [110, 50, 118],
    [145, 61, 116],
    [181, 70, 111],
    [201, 97, 104],
    [221, 122, 92],
    [241, 147, 72],
    [247, 177, 98],
    [250, 208, 123],
    [252, 238, 148],
];

/// The colour of a place without a number.
pub(super) const UNDEFINED: Rgb<u8> = Rgb([150; 3]);

/// The colour of `t`; values outside [0, 1] get the colour of the nearer end.
pub(super) fn colour(t: f64) -> Rgb<u8> {
    if t.is_nan() {
        return UNDEFINED;
    }
    let place = t.clamp(0.0, 1.0) * (COLOURS.len() - 1) as f64;
    let below = (place as usize).min(COLOURS.len() - 2);
    let weight = place - below as f64;
    let mixed = |i: usize| f64::from(COLOURS[below][i]) * (1.0 - weight) + f64::from(COLOURS[below + 1][i]) * weight;
    Rgb([0, 1, 2].map(|i| mixed(i).round() as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lightness_rises_no_step_stands_out_and_outside_the_range_the_ends_are_used() {
        // L* of CIE 1976, for a gamma of 2.2.
        let lightness = |Rgb(levels): Rgb<u8>| {
            let [red, green, blue] = levels.map(|level| (f64::from(level) / 255.0).powf(2.2));
            116.0 * (0.2126 * red + 0.7152 * green + 0.0722 * blue).cbrt() - 16.0
        };
        let all: Vec<f64> = (0..=40).map(|i| lightness(colour(f64::from(i) / 40.0))).collect();
        assert!(all.windows(2).all(|pair| (1.0..4.0).contains(&(pair[1] - pair[0]))), "{all:?}");
        assert_eq!(colour(-3.0), colour(0.0));
        assert_eq!(colour(7.0), colour(1.0));
        assert_eq!(colour(f64::NAN), UNDEFINED);
    }
}
