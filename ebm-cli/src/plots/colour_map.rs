//! A colour for a number in [0, 1], such that equal steps look equal.

use plotters::style::RGBColor;

/// Anchors in the Oklab colour space: (lightness, green-red `a`, blue-yellow `b`).
///
/// Lightness rises in equal steps, so the map is still ordered in grey print and for colour-blind readers; the hue
/// turns from night blue over violet and orange to pale yellow.
const ANCHORS: [[f64; 3]; 5] = [
    [0.1700, 0.010, -0.060],
    [0.3625, 0.075, -0.115],
    [0.5550, 0.150, 0.000],
    [0.7475, 0.080, 0.120],
    [0.9400, -0.020, 0.110],
];

/// The colour of `t`; values outside [0, 1] get the colour of the nearer end.
pub(super) fn colour(t: f64) -> RGBColor {
    let [l, a, b] = oklab(t);
    let [red, green, blue] = linear_srgb(l, a, b).map(to_byte);
    RGBColor(red, green, blue)
}

/// What is drawn where there is no number.
pub(super) const UNDEFINED: RGBColor = RGBColor(150, 150, 150);

fn oklab(t: f64) -> [f64; 3] {
    let last = ANCHORS.len() - 1;
    let position = t.clamp(0.0, 1.0) * last as f64;
    let index = (position as usize).min(last - 1);
    let weight = position - index as f64;
    std::array::from_fn(|i| ANCHORS[index][i] * (1.0 - weight) + ANCHORS[index + 1][i] * weight)
}

/// B. Ottosson, "A perceptual color space for image processing" (2020): Oklab to linear sRGB.
fn linear_srgb(l: f64, a: f64, b: f64) -> [f64; 3] {
    let long = (l + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let medium = (l - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let short = (l - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    [
        4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short,
        -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short,
        -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701_0 * short,
    ]
}

/// The sRGB transfer function (IEC 61966-2-1).
fn to_byte(linear: f64) -> u8 {
    let encoded = match linear {
        v if v <= 0.003_130_8 => 12.92 * v,
        v => 1.055 * v.powf(1.0 / 2.4) - 0.055,
    };
    (encoded.clamp(0.0, 1.0) * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_black_and_red_are_what_the_colour_space_says() {
        assert_eq!(linear_srgb(1.0, 0.0, 0.0).map(to_byte), [255; 3]);
        assert_eq!(linear_srgb(0.0, 0.0, 0.0).map(to_byte), [0; 3]);
        // sRGB red in Oklab, from the reference of `linear_srgb`.
        assert_eq!(linear_srgb(0.627_955, 0.224_863, 0.125_846).map(to_byte), [255, 0, 0]);
    }

    #[test]
    fn every_colour_exists_on_a_screen() {
        for i in 0..=200 {
            let [l, a, b] = oklab(f64::from(i) / 200.0);
            for channel in linear_srgb(l, a, b) {
                assert!((-0.002..=1.002).contains(&channel), "{i}: {channel}");
            }
        }
    }

    #[test]
    fn lightness_rises_evenly_and_no_step_stands_out() {
        let colours: Vec<_> = (0..=40).map(|i| oklab(f64::from(i) / 40.0)).collect();
        for pair in colours.windows(2) {
            let step: [f64; 3] = std::array::from_fn(|i| pair[1][i] - pair[0][i]);
            assert!((step[0] - 0.77 / 40.0).abs() < 1e-9);
            let distance = step.iter().map(|d| d * d).sum::<f64>().sqrt();
            assert!((0.019..0.026).contains(&distance), "{distance}");
        }
    }

    #[test]
    fn outside_the_range_the_ends_are_used() {
        assert_eq!(colour(-3.0), colour(0.0));
        assert_eq!(colour(7.0), colour(1.0));
    }
}
