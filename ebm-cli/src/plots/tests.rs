//! Whole pictures. Set `EBM_PICTURES` to a folder to keep them and look at them.

use plotters::style::RGBColor;
use std::path::{Path, PathBuf};

use super::*;

/// Numbers on [0, 1) that look random enough for a picture (Weyl sequence).
fn scattered(i: usize, k: f64) -> f64 {
    (i as f64 * k).fract()
}

fn normal_pair(i: usize) -> [f64; 2] {
    let (u, v) = (
        scattered(i + 1, 0.754_877_666_246_693),
        scattered(i + 1, 0.569_840_290_998_053),
    );
    let radius = (-2.0 * (1.0 - u).ln()).sqrt();
    let angle = std::f64::consts::TAU * v;
    [radius * angle.cos(), radius * angle.sin()]
}

fn mode(i: usize) -> [f64; 2] {
    [(i % 5) as f64, (i / 5 % 5) as f64].map(|c| (c - 2.0) / 1.414)
}

fn mixture(n: usize, deviation: f64) -> Vec<[f64; 2]> {
    (0..n)
        .map(|i| {
            let ([x, y], [a, b]) = (mode(i * 7 + i / 25), normal_pair(i));
            [x + deviation * a, y + deviation * b]
        })
        .collect()
}

fn energy([x, y]: [f64; 2]) -> f64 {
    let near = |i: usize| {
        let [a, b] = mode(i);
        ((x - a).powi(2) + (y - b).powi(2)) / (2.0 * 0.05f64.powi(2))
    };
    let density: f64 = (0..25).map(|i| (-near(i)).exp()).sum();
    -(density + 1e-4).ln() + 0.02 * (x * x + y * y)
}

/// Draws into a temporary folder, or the one that `EBM_PICTURES` names, and returns the picture's size.
fn rendered(name: &str, save: impl FnOnce(&Path) -> Result<(), PlotError>) -> (u32, u32) {
    let folder = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("EBM_PICTURES").map(PathBuf::from);
    let path = kept.as_deref().unwrap_or(folder.path()).join(name);
    save(&path).unwrap();
    image::ImageReader::open(&path)
        .unwrap()
        .decode()
        .unwrap()
        .to_rgb8()
        .dimensions()
}

fn curve(points: impl IntoIterator<Item = f64>, standard_error: f64) -> Vec<CurvePoint> {
    let point = |(i, value)| CurvePoint {
        step: 100 * (i as u64 + 1),
        value,
        standard_error,
    };
    points.into_iter().enumerate().map(point).collect()
}

#[test]
fn the_density_picture_has_a_panel_a_cloud() {
    let frame = Frame::new(Axis::new("x1", -2.2, 2.2), Axis::new("x2", -2.2, 2.2)).unwrap();
    let values = Grid::centres(&frame, 300, 300).into_iter().map(energy).collect();
    let energy = Grid::new(300, 300, values).unwrap();
    let (data, samples, refined) = (mixture(2000, 0.018), mixture(2000, 0.2), mixture(2000, 0.05));
    let clouds = [
        Cloud {
            name: "Data",
            points: &data,
        },
        Cloud {
            name: "Generator",
            points: &samples,
        },
        Cloud {
            name: "Refined: 100 Langevin steps",
            points: &refined,
        },
    ];
    let mut picture = DensityPicture {
        title: "25-gaussians after 20,000 steps",
        subtitle: "exact NLL \u{2212}0.253 \u{b1} 0.008 nats (10,000 held-out samples, quadrature); 25 of 25 modes",
        frame: &frame,
        energy: &energy,
        log_partition: Some(-0.951),
        clouds: &clouds,
    };
    assert_eq!(rendered("density-5.png", |path| picture.save(path)).0, 2000);
    picture.clouds = &clouds[..2];
    picture.log_partition = None;
    assert_eq!(rendered("density-4.png", |path| picture.save(path)).0, 1600);
}

#[test]
fn an_energy_that_is_nowhere_finite_is_drawn_grey() {
    let frame = Frame::new(Axis::new("x1", -1.0, 1.0), Axis::new("x2", -1.0, 1.0)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nan.png");
    let picture = DensityPicture {
        title: "",
        subtitle: "",
        frame: &frame,
        energy: &Grid::new(2, 2, vec![f64::NAN; 4]).unwrap(),
        log_partition: None,
        clouds: &[],
    };
    picture.save(&path).unwrap();
    let pixels = image::ImageReader::open(&path).unwrap().decode().unwrap().to_rgb8();
    let RGBColor(red, green, blue) = colour_map::UNDEFINED;
    assert_eq!(pixels.get_pixel(200, 250).0, [red, green, blue]);
}

#[test]
fn ordinary_curves() {
    let decay = |i: i32| (-f64::from(i) / 40.0).exp();
    let wobble = |i: i32| 0.15 * (f64::from(i) * 1.7).sin();
    let lower = curve((0..200).map(|i| -2.9 + 1.5 * decay(i) + wobble(i)), 0.2);
    let mut exact = curve((0..200).map(|i| -0.25 + 3.0 * decay(i)), 0.02);
    let upper = curve((0..200).map(|i| 0.9 + 5.0 * decay(i) + wobble(i)), 0.3);
    exact[60].value = f64::NAN;
    let share = curve((0..20).map(|i| 0.8 * (1.0 - decay(10 * i))), 0.0);
    let modes = curve((0..20).map(|i| f64::from((5 * i + 3).min(25))), 0.0);
    let spread = |mut points: Vec<CurvePoint>| {
        points.iter_mut().for_each(|p| p.step *= 10);
        points
    };
    let (share, modes) = (spread(share), spread(modes));
    let curves = Curves {
        title: "25-gaussians: course of the run",
        lower: &lower,
        exact: &exact,
        upper: &upper,
        entropy: Some(-2.0139),
        coverage: Some(Coverage {
            good_share: &share,
            meaning: "within 4 standard deviations of a mode",
            modes: &modes,
            modes_total: 25,
        }),
    };
    assert_eq!(rendered("curves.png", |path| curves.save(path)).0, 1600);
}

#[test]
fn curves_of_runs_that_went_astray() {
    let lower = curve((0..200).map(|i| 3.0 - (f64::from(i) * 0.12).exp()), 0.5);
    let exact = curve((0..200).map(|i| 1.9 + (f64::from(i) * 0.06).exp()), 0.1);
    let diverged = Curves {
        title: "25-gaussians, upper = \"none\"",
        lower: &lower,
        exact: &exact,
        entropy: Some(-2.0139),
        ..Curves::default()
    };
    rendered("curves-diverged.png", |path| diverged.save(path));

    let wild = |i: i32| match i {
        0..6 => 1e5 / f64::from(i + 1),
        _ => -2.0 + (-f64::from(i) / 50.0).exp(),
    };
    let exact = curve((0..200).map(wild), 0.01);
    let start = Curves {
        title: "a wild start",
        exact: &exact,
        ..diverged.clone()
    };
    rendered("curves-start.png", |path| Curves { lower: &[], ..start }.save(path));

    let nothing = Curves {
        title: "nothing yet",
        ..Curves::default()
    };
    rendered("curves-empty.png", |path| nothing.save(path));
}

#[test]
fn the_likelihood_between_its_bounds() {
    let decay = |i: i32| (-f64::from(i) / 6.0).exp();
    let lower = curve(
        (0..20).map(|i| -1.95 + 3.0 * decay(i) + if i == 7 { 2.2 } else { 0.0 }),
        0.05,
    );
    let exact = curve((0..20).map(|i| -1.85 + 5.0 * decay(i)), 0.02);
    let upper = curve((0..20).map(|i| -0.5 + 9.0 * decay(i)), 0.1);
    let gap = curve((0..20).map(|i| 1.45 + 6.0 * decay(i)), 0.1);
    let picture = SandwichPicture {
        title: "25-gaussians: the likelihood between its bounds, 2000 steps",
        lower: SandwichSide {
            points: &lower,
            broken: &[800],
            claim: "certified",
        },
        exact: &exact,
        upper: SandwichSide {
            points: &upper,
            broken: &[],
            claim: "heuristic",
        },
        gap: &gap,
        entropy: Some(-2.0139),
    };
    let (width, height) = rendered("sandwich.png", |path| picture.save(path));
    assert_eq!(width, 1600);
    let one_sided = SandwichPicture {
        upper: SandwichSide::default(),
        gap: &[],
        ..picture
    };
    // Without an upper bound there is no gap, and no panel for it.
    assert!(rendered("sandwich-one-sided.png", |path| one_sided.save(path)).1 < height);
}

#[test]
fn several_candidates_side_by_side() {
    let strip = |name: &str, values: &[f64], mean: Option<(f64, Option<f64>)>| Strip {
        name: name.into(),
        values: values.to_vec(),
        mean,
        absent: "5 of 5 runs diverged".into(),
    };
    let strips = [
        strip(
            "sv+gp",
            &[-1.86, -1.82, -1.8, -1.81, -1.79],
            Some((-1.816, Some(0.027))),
        ),
        strip(
            "mi+diffusion",
            &[-1.2, -1.5, -1.1, -1.3, -1.4],
            Some((-1.3, Some(0.158))),
        ),
        strip("sv-smallest+zero-gp", &[2.4], Some((2.4, None))),
        strip("sv+none", &[], None),
    ];
    let picture = Strips {
        title: "Exact negative log-likelihood",
        axis: "nats per sample; lower is better",
        strips: &strips,
        level: Some((-2.0139, "entropy of the data")),
        ends: None,
    };
    let (width, height) = rendered("strips.png", |path| picture.save(path));
    assert_eq!(width, 760);
    let fewer = Strips {
        strips: &strips[..2],
        ..picture
    };
    assert!(rendered("strips-2.png", |path| fewer.save(path)).1 < height);
}

#[test]
fn a_scatter_plot_of_samples_with_one_far_out() {
    let mut points = mixture(3000, 0.1);
    points.push([40.0, -3.0]);
    points.push([f64::NAN, 0.0]);
    let frame = Frame::around(&points, ["x1", "x2"]);
    let scatter = Scatter {
        title: "3,002 samples of the generator",
        frame: &frame,
        points: &points,
    };
    assert_eq!(rendered("scatter.png", |path| scatter.save(path)).0, 1000);
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let frame = Frame::around(&[], ["x1", "x2"]);
    let scatter = Scatter {
        title: "",
        frame: &frame,
        points: &[],
    };
    let error = scatter
        .save(Path::new("/no/such/folder/x.png"))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("/no/such/folder/x.png: cannot write the picture: "),
        "{error}"
    );
}

#[test]
fn the_spectrum_is_one_panel_also_where_values_are_zero_or_all_the_same() {
    let band = |median: f64| SpectrumBand {
        low: 0.5 * median,
        median,
        high: 2.0 * median,
    };
    let steep: Vec<_> = (0..128).map(|i| band(10f64.powf(f64::from(i) / 20.0 - 5.0))).collect();
    let few = [band(0.0), band(0.3), band(0.9)];
    let flat = [SpectrumBand {
        low: 2.0,
        median: 2.0,
        high: 2.0,
    }];
    for (name, bands) in [
        ("spectrum.png", &steep[..]),
        ("spectrum-of-three.png", &few),
        ("spectrum-of-one.png", &flat),
        ("spectrum-of-zeros.png", &[band(0.0); 4]),
    ] {
        let picture = SpectrumPicture {
            title: "25-gaussians after 20,000 steps: singular values of the Jacobian at 64 latents",
            bands,
            rounding: 3.8e-6 * bands[bands.len() - 1].median,
        };
        assert_eq!(rendered(name, |path| picture.save(path)), (1600, 818), "{name}");
    }
}
