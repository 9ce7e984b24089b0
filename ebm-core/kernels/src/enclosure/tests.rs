use super::*;
use crate::Activation;
use crate::fourier;
use crate::random::Random;
use proptest::prelude::*;

/// The value at `t` of a model, and how far the truth may be from it.
fn at((terms, radius): &(Vec<f64>, f64), t: &[f64]) -> (f64, f64) {
    let mut value = terms[0] + t.iter().zip(&terms[1..]).map(|(t, b)| t * b).sum::<f64>();
    let mut products = terms[1 + t.len()..].iter();
    for i in 0..t.len() {
        for j in i..t.len() {
            value += t[i] * t[j] * products.next().unwrap();
        }
    }
    (value, *radius)
}

/// A network of random weights of one activation, with Fourier features, its enclosure and its values.
struct RandomNetwork {
    maps: [(Vec<f64>, Vec<f64>); 3],
    frequencies: Vec<f64>,
    activation: Activation,
}

const SLOPE: f64 = 0.3;
const WIDTH: usize = 7;

impl RandomNetwork {
    fn new(axes: usize, features: usize, gain: f64, activation: Activation, seed: u64) -> Self {
        let draw = |n: usize, name: &str| -> Vec<f64> {
            Random::new(seed).stream(name).normals(n).into_iter().map(|v| gain * f64::from(v)).collect()
        };
        let inputs = axes + 2 * features;
        let map = |inputs: usize, outputs: usize, name: &str| {
            (draw(inputs * outputs, name), draw(outputs, &format!("b{name}")))
        };
        Self {
            maps: [map(inputs, WIDTH, "1"), map(WIDTH, WIDTH, "2"), map(WIDTH, 1, "3")],
            frequencies: draw(features * axes, "f"),
            activation,
        }
    }

    fn enclosed(&self, boxes: &Boxes) -> Enclosure {
        let mut x = boxes.coordinates();
        if !self.frequencies.is_empty() {
            let count = self.frequencies.len() / boxes.axes();
            x = fourier::enclose(&x, &Affine::new(&self.frequencies, vec![0.0; count], 0.0));
        }
        for (k, (weights, bias)) in self.maps.iter().enumerate() {
            x = Affine::new(weights, bias.clone(), 0.0).apply(&x);
            if k < 2 {
                x = self.activation.enclose(SLOPE, &x);
            }
        }
        x.confined(boxes, 0.4)
    }

    fn value(&self, point: &[f64]) -> f64 {
        let angles: Vec<f64> =
            self.frequencies.chunks_exact(point.len()).map(|f| f.iter().zip(point).map(|(f, x)| f * x).sum()).collect();
        let mut x = point.to_vec();
        x.extend(angles.iter().map(|a| a.sin()));
        x.extend(angles.iter().map(|a| a.cos()));
        for (k, (weights, bias)) in self.maps.iter().enumerate() {
            let rows = weights.chunks_exact(x.len()).zip(bias);
            let phi = |v| if k < 2 { self.activation.in_f64(SLOPE, v) } else { v };
            x = rows.map(|(row, b)| phi(row.iter().zip(&x).map(|(w, x)| w * x).sum::<f64>() + b)).collect();
        }
        x[0] + 0.2 * point.iter().map(|x| x * x).sum::<f64>()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn every_value_lies_in_the_enclosure(
        axes in 1usize..=2,
        features in 0usize..=3,
        which in 0..Activation::ALL.len(),
        gain in 0.05f64..4.0,
        half in -9f64..3.0,
        far in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let network = RandomNetwork::new(axes, features, gain, Activation::ALL[which], seed);
        let mut draws = Random::new(seed).stream("box").normals(400).into_iter().map(f64::from);
        let scale = if far { 1e3 } else { 1.0 };
        let centres: Vec<f64> = draws.by_ref().take(axes).map(|v| scale * v).collect();
        let halves: Vec<f64> = draws.by_ref().take(axes).map(|v| v.abs() * 10f64.powf(half)).collect();
        let boxes = Boxes::new(axes, centres.clone(), halves.clone());
        let found = network.enclosed(&boxes);
        let model = found.model(0, 0);
        let (low, high) = found.range(0, 0);
        for k in 0..64 {
            // Points inside, and the corners first.
            let t: Vec<f64> = (0..axes)
                .map(|axis| if k < 4 { if k >> axis & 1 == 0 { -1.0 } else { 1.0 } } else { draws.next().unwrap().tanh() })
                .collect();
            let x: Vec<f64> = t.iter().zip(centres.iter().zip(&halves)).map(|(t, (c, h))| c + h * t).collect();
            let (truth, (near, radius)) = (network.value(&x), at(&model, &t));
            // The point and the value are rounded here too.
            let rounding = 1e-10 * (1.0 + truth.abs()) * (1.0 + gain.powi(3)) * if far { 1e3 } else { 1.0 };
            prop_assert!(!radius.is_nan());
            prop_assert!((truth - near).abs() <= radius + rounding, "{truth} is not {near} +- {radius}");
            prop_assert!(low - rounding <= truth && truth <= high + rounding, "{truth} is not in {low}..{high}");
        }
    }
}

#[test]
fn the_radius_of_a_smooth_function_falls_with_the_third_power_of_the_side() {
    let network = RandomNetwork::new(2, 2, 0.7, Activation::Silu, 3);
    let radius = |half: f64| network.enclosed(&Boxes::new(2, vec![0.3, -0.4], vec![half; 2])).model(0, 0).1;
    for half in [0.1, 0.03, 0.01] {
        let ratio = radius(half) / radius(0.5 * half);
        assert!((7.0..9.5).contains(&ratio), "{half}: {ratio}");
    }
    // Of a point, only the rounding remains.
    assert!(radius(0.0) < 1e-12);
}

#[test]
fn kinks_inside_and_outside_of_the_box_are_told_apart() {
    let relu = |centre: f64| Activation::Relu.enclose(0.0, &Boxes::new(1, vec![centre], vec![1.0]).coordinates());
    assert!(relu(2.0).model(0, 0).1 < 1e-12 && relu(-2.0).model(0, 0).1 < 1e-12);
    // Over [-1, 1]: the line (x + 1) / 2 less a quarter, and a quarter of error.
    let (terms, radius) = relu(0.0).model(0, 0);
    assert!((terms[0] - 0.25).abs() < 1e-12 && (terms[1] - 0.5).abs() < 1e-12 && (radius - 0.25).abs() < 1e-12);
}

#[test]
fn what_is_not_finite_is_unbounded() {
    let wide = Boxes::new(1, vec![0.0], vec![f64::MAX]);
    let found = Affine::new(&[10.0], vec![0.0], 0.0).apply(&wide.coordinates());
    let found = Affine::new(&[1.0], vec![0.0], 0.0).apply(&Activation::Silu.enclose(0.0, &found));
    assert_eq!(found.range(0, 0), (f64::NEG_INFINITY, f64::INFINITY));
}
