//! A Lipschitz constant of layers whose weights have norm 1 as matrices of outputs and inputs.
//!
//! A convolution `y = W P(x)` with such weights has at most the norm of P, which copies a pixel into every patch that it lies in: along
//! each axis at most `ceil(kernel / stride)` of them, so that the norm is at most this number. A transposed convolution is `P^T` after
//! the weights. The bound is reached where a kernel of equal weights slides over an image of equal pixels.

use super::layer_config::LayerConfig;
use super::shape;
use ebm_core::error::ConfigError;
use ebm_core::kernels::Extent;

/// The product over `layers` that get images of size `inputs`; `place` is the key of the list.
///
/// # Errors
/// If a layer has no such constant, with the way out, or the layers do not fit together.
pub(super) fn constant(layers: &[LayerConfig], inputs: Extent, place: &str) -> Result<f64, ConfigError> {
    let (mut size, mut product) = (inputs, 1.0);
    for (index, layer) in layers.iter().enumerate() {
        let place = format!("{place}[{index}]");
        let outputs = shape::after(layer, size, &place)?;
        product *= of_layer(layer, size, outputs, &place)?;
        size = outputs;
    }
    Ok(product)
}

fn of_layer(layer: &LayerConfig, inputs: Extent, outputs: Extent, place: &str) -> Result<f64, ConfigError> {
    let linear = match layer {
        LayerConfig::Linear(_) | LayerConfig::Activation(_) => 1.0,
        LayerConfig::Conv(conv) => overlap(conv.kernel, conv.stride, outputs),
        LayerConfig::ConvTranspose(conv) => overlap(conv.kernel, conv.stride, inputs),
        LayerConfig::BatchNorm(_) => {
            let expected = "no batch-norm, since lipschitz is set: it multiplies by factors of its own";
            return Err(ConfigError::new(place, "batch_norm", expected));
        }
        LayerConfig::UpSample(up) => up.factor as f64,
        LayerConfig::AveragePool(pool) => 1.0 / pool.factor as f64,
        LayerConfig::SumPool(_) => (inputs.pixels() as f64).sqrt(),
        LayerConfig::Residual(residual) => {
            constant(&residual.layers, inputs, &format!("{place}.residual.layers"))?
                + constant(&residual.shortcut, inputs, &format!("{place}.residual.shortcut"))?
        }
    };
    let slope = layer.activation().lipschitz().ok_or_else(|| {
        let expected =
            "another one, such as leaky-relu, since lipschitz is set: a learned slope may exceed every limit";
        ConfigError::new(format!("{place}.activation"), "prelu", expected)
    })?;
    Ok(linear * slope)
}

/// The norm of the map from images to patches at `places`: a pixel lies in at most so many.
fn overlap(kernel: usize, stride: usize, places: Extent) -> f64 {
    let along = |places: usize| kernel.div_ceil(stride).min(places) as f64;
    (along(places.height) * along(places.width)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conv::{ConvEnergy, ConvEnergyConfig, Preset};
    use ebm_core::device::{Real, values};
    use ebm_core::geometry::{Geometry, Runtime};
    use ebm_core::models::{Energy, energy_gradient};
    use ebm_core::parameter::Module;
    use ebm_core::random::Random;
    use ebm_core::registry::{EnergySpec, parse_as};
    use ebm_core::tape::{Parts, SharedTape};
    use serde_json::{Value, json};

    fn config(image: [usize; 3], layers: Value, lipschitz: f64) -> ConvEnergyConfig {
        ConvEnergyConfig { image: image.to_vec(), layers: parse_as(layers).unwrap(), lipschitz, ..Default::default() }
    }

    /// The largest Euclidean norm of the gradient at these points `[n, D]`.
    fn steepest(energy: &ConvEnergy<Runtime>, points: Vec<Real>) -> f64 {
        let g = Energy::geometry(energy);
        let (_, gradient) = energy_gradient::<Runtime>(energy, &g.samples(points));
        let norm = |row: &[Real]| row.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
        values(&gradient).chunks_exact(g.data).map(norm).fold(0.0, f64::max)
    }

    #[test]
    fn equal_weights_over_equal_pixels_nearly_reach_the_constant() {
        let layers = json!([{ "conv": { "to": 1, "kernel": 3 } }, { "sum_pool": {} }]);
        let g = Runtime { latent: 1, data: 256 };
        let mut energy = ConvEnergy::new(g, &config([16, 16, 1], layers, 2.0), Random::new(1)).unwrap();
        energy.parameters_mut().into_iter().filter(|p| p.name().ends_with(".weight")).for_each(|p| p.set(&[5.0; 9]));
        // Along an axis the two pixels at the ends lie in 2 patches, 14 in 3: sqrt(14 * 9 + 2 * 4) = sqrt(134). Divided by the norm 3
        // of nine equal weights, times 2 / (3 * 16).
        let found = steepest(&energy, vec![0.5; 256]);
        assert!((found - 134.0 / 3.0 * 2.0 / 48.0).abs() < 1e-4, "{found}");
        assert!(found < 2.0);
    }

    #[test]
    fn no_slope_exceeds_the_constant_once_the_power_iteration_has_settled() {
        let layers = json!([
            { "conv": { "to": 4, "kernel": 4, "stride": 2, "padding": 1, "activation": "silu" } },
            { "conv_transpose": { "to": 3, "kernel": 3, "stride": 2, "output_padding": 1, "activation": { "leaky": 1.5 } } },
            { "residual": { "layers": [{ "activation": "softplus" }, { "conv": { "to": 3 } }] } },
            { "average_pool": {} },
            { "up_sample": {} },
            { "conv": { "to": 5, "kernel": 5, "stride": 3, "activation": "silu" } },
            { "linear": { "to": [1] } },
        ]);
        let g = Runtime { latent: 1, data: 8 * 8 * 2 };
        for seed in 0..6 {
            let random = Random::new(seed);
            let limit = 0.5 + seed as f64;
            let mut energy = ConvEnergy::new(g, &config([8, 8, 2], layers.clone(), limit), random).unwrap();
            let at = |i| random.stream("weights").at(i);
            for (i, p) in (0..).zip(energy.parameters_mut()).filter(|(_, p)| p.is_trained()) {
                let moved: Vec<Real> = p.values().iter().zip(at(i).normals(p.len())).map(|(w, n)| w + n).collect();
                p.set(&moved);
            }
            for _ in 0..300 {
                energy.forward(SharedTape::training(Parts::ENERGY).watch(&g.samples(vec![0.1; g.data])));
                energy.commit();
            }
            let points = random.stream("points").normals(50 * g.data).into_iter().map(|x| 3.0 * x).collect();
            let found = steepest(&energy, points);
            assert!(found > 0.0 && found <= limit * 1.001, "{seed}: {found} > {limit}");
        }
    }

    #[test]
    fn the_constants_of_layers_are_known() {
        let of = |layers: Value, image: [usize; 3]| {
            let layers: Vec<LayerConfig> = parse_as(layers).unwrap();
            constant(&layers, Extent::new(image[0], image[1], image[2]), "layers").unwrap()
        };
        let preset = constant(&Preset::Dcgan32.energy(), Preset::Dcgan32.image(), "layers").unwrap();
        // 3 of the first convolution, and three times 2 of a stride of 2 and 3.
        assert_eq!(preset, 648.0);
        assert_eq!(of(json!([{ "conv": { "to": 2, "kernel": 5, "stride": 2 } }]), [28, 28, 1]), 3.0);
        // One place: every pixel lies in one patch.
        assert_eq!(of(json!([{ "conv": { "to": 2, "kernel": 4, "padding": 0 } }]), [4, 4, 1]), 1.0);
        assert_eq!(of(json!([{ "residual": { "layers": [{ "conv": { "to": 2 } }] } }]), [9, 9, 2]), 4.0);
        assert_eq!(of(json!([{ "average_pool": {} }, { "up_sample": {} }, { "sum_pool": {} }]), [6, 6, 1]), 6.0);
    }

    #[test]
    fn what_has_no_constant_or_undoes_it_is_refused_with_the_way_out() {
        let refused = |config: ConvEnergyConfig| config.check().unwrap_err().to_string();
        let limited = |layers| config([4, 4, 1], layers, 1.0);
        let learned = refused(ConvEnergyConfig { preset: Preset::Cnn28, lipschitz: 1.0, ..Default::default() });
        assert!(
            learned.starts_with("layers[0].activation = prelu: expected another one, such as leaky-relu"),
            "{learned}"
        );
        let normal = refused(limited(json!([{ "batch_norm": {} }, { "linear": { "to": [1] } }])));
        assert!(normal.starts_with("layers[0] = batch_norm: expected no batch-norm"), "{normal}");
        let linear = json!([{ "linear": { "to": [1] } }]);
        let undone = refused(ConvEnergyConfig { output_scale: true, ..limited(linear.clone()) });
        assert!(undone.starts_with("output_scale = true: expected false"), "{undone}");
        assert!(refused(config([4, 4, 1], linear, f64::NAN)).starts_with("lipschitz = NaN"));
    }
}
