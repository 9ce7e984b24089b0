//! Whole pictures. Set `EBM_PICTURES` to a folder to keep them and look at them.

use ebm_core::image::ImageShape;
use image::RgbImage;
use plotters::style::RGBColor;
use std::path::{Path, PathBuf};

use super::*;

/// Draws into a temporary folder, or the one that `EBM_PICTURES` names.
fn rendered(name: &str, save: impl FnOnce(&Path) -> Result<(), PlotError>) -> RgbImage {
    let folder = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("EBM_PICTURES").map(PathBuf::from);
    let path = kept.as_deref().unwrap_or(folder.path()).join(name);
    save(&path).unwrap();
    image::open(&path).unwrap().to_rgb8()
}

fn has(picture: &RgbImage, RGBColor(red, green, blue): RGBColor) -> bool {
    picture.pixels().any(|pixel| pixel.0 == [red, green, blue])
}

/// Points around 25 modes, which look random enough for a picture (Weyl sequence).
fn mixture(n: usize, width: f64) -> Vec<[f64; 2]> {
    let scattered = |i: usize, k: f64| width * (((i + 1) as f64 * k).fract() - 0.5);
    let mode = |i: usize| (i % 5) as f64 / 1.414 - 1.414;
    let x = |i: usize| mode(i) + scattered(i, 0.754_877_666_246_693);
    let y = |i: usize| mode(i / 5) + scattered(i, 0.569_840_290_998_053);
    (0..n).map(|i| [x(i), y(i)]).collect()
}

/// A value of each of `n` evaluations, every `every` steps.
fn curve(n: u64, every: u64, standard_error: f64, value: impl Fn(f64) -> f64) -> Vec<CurvePoint> {
    let point = |i| CurvePoint { step: every * (i + 1), value: value(i as f64), standard_error };
    (0..n).map(point).collect()
}

#[test]
fn the_density_picture_has_a_panel_a_cloud() {
    let frame = Frame::around(&[[-2.0, -2.0], [2.0, 2.0]], ["x1", "x2"]);
    let energy = |[x, y]: [f64; 2]| 2.0 * ((4.44 * x).cos() + (4.44 * y).cos() + 2.0) + 0.02 * (x * x + y * y);
    let energy: Vec<f64> = frame.centres(300).into_iter().map(energy).collect();
    let clouds = [("Data", 0.06), ("Generator", 0.6), ("Refined: 100 Langevin steps", 0.2)];
    let clouds = clouds.map(|(name, width)| Cloud { name: name.into(), points: mixture(2000, width) });
    let mut picture = DensityPicture {
        title: "25-gaussians after 20,000 steps",
        subtitle: "exact NLL \u{2212}0.253 \u{b1} 0.008 nats (10,000 held-out samples, quadrature); 25 of 25 modes",
        frame: &frame,
        energy: &energy,
        log_partition: Some(-0.951),
        clouds: &clouds,
    };
    assert_eq!(rendered("density-5.png", |path| picture.save(path)).width(), 2000);
    picture.clouds = &clouds[..2];
    picture.log_partition = None;
    assert_eq!(rendered("density-4.png", |path| picture.save(path)).width(), 1600);
    picture.energy = &[f64::NAN; 4];
    let nowhere_finite = rendered("density-nan.png", |path| picture.save(path));
    assert_eq!(*nowhere_finite.get_pixel(200, 250), colour_map::UNDEFINED);
}

#[test]
fn the_bounds_of_a_run_and_how_good_its_samples_are() {
    let outlier = |i: f64| if i == 7.0 { 2.2 } else { 0.0 };
    let lower = curve(20, 100, 0.05, |i| -1.95 + 3.0 * (-i / 6.0).exp() + outlier(i));
    let mut exact = curve(20, 100, 0.02, |i| -1.85 + 5.0 * (-i / 6.0).exp());
    let upper = curve(20, 100, 0.1, |i| -0.5 + 9.0 * (-i / 6.0).exp());
    exact[12].value = f64::NAN;
    let mut picture = BoundsPicture {
        title: "25-gaussians: the likelihood between its bounds, 2000 steps",
        lower: Bound { points: &lower, claim: "certified", broken: &[800] },
        exact: &exact,
        upper: Bound { points: &upper, claim: "heuristic", broken: &[] },
        entropy: Some(-2.0139),
        evaluated: true,
        gap: &curve(20, 100, 0.1, |i| 1.45 + 6.0 * (-i / 6.0).exp()),
        coverage: Some(Coverage {
            good_share: &curve(20, 100, 0.0, |i| 0.8 * (1.0 - (-i / 4.0).exp())),
            meaning: "within 4 standard deviations of a mode",
            modes: &curve(20, 100, 0.0, |i| (5.0 * i + 3.0).min(25.0)),
            modes_total: 25,
        }),
    };
    let whole = rendered("sandwich.png", |path| picture.save(path));
    assert!(whole.width() == 1600 && has(&whole, panel::BROKEN));
    picture.coverage = None;
    let without_coverage = rendered("sandwich-alone.png", |path| picture.save(path));
    // Without an upper bound there is no gap, and no panel for it; where all hold, nothing is marked.
    (picture.upper, picture.gap, picture.lower.broken) = (Bound::default(), &[], &[]);
    let one_sided = rendered("sandwich-one-sided.png", |path| picture.save(path));
    assert!(whole.height() > without_coverage.height() && without_coverage.height() > one_sided.height());
    assert!(!has(&one_sided, panel::BROKEN));
}

#[test]
fn bounds_over_runs_that_went_astray() {
    let wobble = curve(200, 100, 0.2, |i| -2.9 + 1.5 * (-i / 40.0).exp() + 0.15 * (i * 1.7).sin());
    let falling = curve(200, 100, 0.5, |i| 3.0 - (i * 0.12).exp());
    let rising = curve(200, 100, 0.1, |i| 1.9 + (i * 0.06).exp());
    let wild_start = curve(200, 100, 0.01, |i| 1e5 * (-3.0 * i).exp() - 2.0 + (-i / 50.0).exp());
    for (name, lower, exact) in [
        ("curves.png", &wobble[..], &[][..]),
        ("curves-diverged.png", &falling, &rising),
        ("curves-start.png", &[], &wild_start),
        ("curves-empty.png", &[], &[]),
    ] {
        let picture = BoundsPicture {
            title: name,
            lower: Bound { points: lower, ..Bound::default() },
            exact,
            entropy: Some(-2.0139),
            ..BoundsPicture::default()
        };
        assert_eq!(rendered(name, |path| picture.save(path)).width(), 1600);
    }
}

#[test]
fn several_candidates_side_by_side() {
    let strips = [
        ("sv+gp", &[-1.86, -1.82, -1.8, -1.81, -1.79][..], Some((-1.816, Some(0.027)))),
        ("mi+diffusion", &[-1.2, -1.5, -1.1, -1.3, -1.4], Some((-1.3, Some(0.158)))),
        ("sv-smallest+zero-gp", &[2.4], Some((2.4, None))),
        ("sv+none", &[], None),
    ];
    let strips = strips.map(|(name, values, mean)| Strip {
        name: name.into(),
        values: values.to_vec(),
        mean,
        absent: "5 of 5 runs diverged".into(),
    });
    let mut picture = Strips {
        title: "Exact negative log-likelihood",
        axis: "nats per sample; lower is better",
        strips: &strips,
        level: Some((-2.0139, "entropy of the data")),
        ends: None,
    };
    let whole = rendered("strips.png", |path| picture.save(path));
    (picture.strips, picture.ends) = (&strips[..2], Some((-3.0, 0.0)));
    let fewer = rendered("strips-2.png", |path| picture.save(path));
    assert!(whole.width() == 760 && fewer.height() < whole.height());
}

#[test]
fn a_scatter_plot_of_samples_with_one_far_out() {
    let mut points = mixture(3000, 0.5);
    points.extend([[40.0, -3.0], [f64::NAN, 0.0]]);
    let frame = Frame::around(&points, ["x1", "x2"]);
    let save = |path: &Path| save_scatter(path, "3,002 samples of the generator", &frame, &points);
    assert_eq!(rendered("scatter.png", save).width(), 1000);
    let error = save(Path::new("/no/such/folder/x.png")).unwrap_err();
    let told = "/no/such/folder/x.png: cannot write the picture: ";
    assert!(error.to_string().starts_with(told), "{error}");
}

#[test]
fn the_spectrum_is_one_panel_also_where_values_are_zero_or_all_the_same() {
    let around = |median: f64| [0.5 * median, median, 2.0 * median];
    let steep: Vec<_> = (0..128).map(|i| around(10f64.powf(f64::from(i) / 20.0 - 5.0))).collect();
    for (name, quantiles) in [
        ("spectrum.png", &steep[..]),
        ("spectrum-of-three.png", &[0.0, 0.3, 0.9].map(around)),
        ("spectrum-of-one.png", &[[2.0; 3]]),
        ("spectrum-of-zeros.png", &[[0.0; 3]; 4]),
    ] {
        let title = "25-gaussians after 20,000 steps: singular values of the Jacobian at 64 latents";
        let rounding = 3.8e-6 * quantiles[quantiles.len() - 1][1];
        let picture = rendered(name, |path| save_spectrum(path, title, quantiles, rounding));
        assert_eq!(picture.width(), 1600, "{name}");
    }
}

#[test]
fn images_side_by_side_are_magnified_by_a_whole_number() {
    let levels: Vec<u8> = (0..40 * 192).map(|i| (i * 37 % 251) as u8).collect();
    let gallery = |name, levels: &[u8]| Gallery { name, levels: levels.to_vec() };
    let picture = GalleryPicture {
        title: "8 x 8".into(),
        subtitle: "step 7".into(),
        shape: ImageShape { height: 8, width: 8, channels: 3 },
        columns: 8,
        galleries: vec![gallery("Generator", &levels), gallery("Data", &levels[192 * 10..])],
    };
    let drawn = rendered("gallery.png", |path| picture.save(path));
    // Each pixel of an image is 8 by 8 pixels large.
    for (x, y, first) in [(24, 106, 0), (31, 113, 0), (32, 106, 3)] {
        assert_eq!(drawn.get_pixel(x, y).0, levels[first..first + 3]);
    }
}

#[test]
fn columns_of_data_and_samples_one_by_one_and_in_pairs() {
    let wave = |i: usize, k: f64| (((i + 1) as f64 * k).fract() - 0.5) * 4.0;
    let table = |name: &str, factor: f64| Columns {
        name: name.into(),
        values: (1..=5).map(|c| (0..1500).map(|i| factor * wave(i, 0.7548 / c as f64)).collect()).collect(),
    };
    let mut tables = [table("Data", 1.0), table("Generator", 0.7)];
    tables[1].values[0][3] = f64::NAN;
    let panel = |index: usize| Histogram {
        title: format!("column {index}"),
        axis: "cm".into(),
        series: tables.iter().map(|table| (table.name.clone(), table.values[index].clone())).collect(),
    };
    let panels: Vec<Histogram> = (0..5).map(panel).collect();
    let five = rendered("marginals.png", |path| save_histograms(path, "wine: all 5 columns", &panels));
    let two = rendered("energies.png", |path| save_histograms(path, "wine: energies", &panels[..2]));
    assert!(five.width() == 1600 && two.width() == 800 && five.height() > two.height());
    assert!(has(&five, legend::INKS[0]) && has(&five, legend::INKS[1]));
    rendered("marginals-none.png", |path| save_histograms(path, "", &[]));

    let names: Vec<String> = (1..=4).map(|index| format!("x{index}")).collect();
    let six = rendered("pairs.png", |path| save_pairs(path, "wine: pairs", &names, &tables));
    let one = rendered("pairs-of-two.png", |path| save_pairs(path, "wine: pairs", &names[..2], &tables));
    assert!(six.width() == 3 * one.width() && six.height() > one.height());
    rendered("pairs-none.png", |path| save_pairs(path, "", &names[..2], &[]));
}
