//! The sizes of images between the layers. A stack that does not fit together is refused here.

use super::layer_config::{FactorConfig, LayerActivation, LayerConfig, ResidualConfig};
use ebm_core::error::ConfigError;
use ebm_core::kernels::Extent;
use ebm_core::kernels::conv::Conv;

/// Values of an image and weights of a layer at most: more is a slip of the pen, and would not fit into memory.
const MOST: usize = 1 << 28;

/// The size after all of `layers`; `place` is the key of the list.
pub(super) fn after_all(layers: &[LayerConfig], inputs: Extent, place: &str) -> Result<Extent, ConfigError> {
    ConfigError::require(layers.len() <= 1024, place, layers.len(), "at most 1024 layers")?;
    (0..).zip(layers).try_fold(inputs, |size, (index, layer)| after(layer, size, &format!("{place}[{index}]")))
}

/// The fewest values there are before, between and after layers that fit together.
pub(super) fn narrowest(layers: &[LayerConfig], inputs: Extent) -> usize {
    let sizes = layers.iter().scan(inputs, |size, layer| {
        *size = after(layer, *size, "").ok()?;
        Some(size.len())
    });
    sizes.fold(inputs.len(), usize::min)
}

/// Numbers that are trained, and that a pass keeps for each image, of layers that fit together: at least the images that go into layers
/// with weights.
pub(super) fn numbers(layers: &[LayerConfig], inputs: Extent) -> [f64; 2] {
    let [mut trained, mut kept] = [0.0, 0.0];
    let mut size = inputs;
    for layer in layers {
        let Ok(outputs) = after(layer, size, "") else { break };
        let [inputs, channels] = [size.len() as f64, size.channels as f64];
        let of_kernel = |to: usize, kernel: usize| (channels * (kernel * kernel) as f64 + 1.0) * to as f64;
        let [weights, images] = match layer {
            LayerConfig::Linear(_) => [(inputs + 1.0) * outputs.len() as f64, inputs],
            LayerConfig::Conv(conv) => [of_kernel(conv.to, conv.kernel), inputs],
            LayerConfig::ConvTranspose(conv) => [of_kernel(conv.to, conv.kernel), inputs],
            LayerConfig::BatchNorm(_) => [2.0 * channels, inputs],
            LayerConfig::Residual(residual) => {
                // Both branches may keep the same image.
                let [main, shortcut] = [&residual.layers, &residual.shortcut].map(|layers| numbers(layers, size));
                [main[0] + shortcut[0], main[1]]
            }
            _ => [0.0, 0.0],
        };
        trained += weights + if layer.activation() == LayerActivation::Prelu { 1.0 } else { 0.0 };
        kept += images;
        size = outputs;
    }
    [trained, kept]
}

/// The size after a layer that gets images of size `inputs`; `place` is its key.
///
/// # Errors
/// If the layer cannot be applied to them, with what it gets and what it needs.
pub(super) fn after(layer: &LayerConfig, inputs: Extent, place: &str) -> Result<Extent, ConfigError> {
    let outputs = match layer {
        LayerConfig::Linear(linear) => {
            let place = format!("{place}.linear");
            check_activation(linear.activation, &place)?;
            let outputs = linear_size(&linear.to, &place)?;
            check_weights(inputs.len(), outputs.len(), &place)?;
            outputs
        }
        LayerConfig::Conv(conv) => {
            let place = format!("{place}.conv");
            let padding = padding(conv.padding, conv.kernel);
            check_activation(conv.activation, &place)?;
            check_kernel(inputs, [conv.to, conv.kernel, conv.stride, padding], &place)?;
            let size = |n| {
                let expected =
                    || format!("a kernel no larger than the {inputs} this layer gets with {padding} around it");
                Conv::size(n, conv.kernel, conv.stride, padding)
                    .ok_or_else(|| ConfigError::new(format!("{place}.kernel"), conv.kernel, expected()))
            };
            Extent::new(size(inputs.height)?, size(inputs.width)?, conv.to)
        }
        LayerConfig::ConvTranspose(conv) => {
            let place = format!("{place}.conv_transpose");
            let padding = padding(conv.padding, conv.kernel);
            check_activation(conv.activation, &place)?;
            check_kernel(inputs, [conv.to, conv.kernel, conv.stride, padding], &place)?;
            ConfigError::require(
                conv.output_padding < conv.stride,
                &format!("{place}.output_padding"),
                conv.output_padding,
                &format!("less than the stride, {}", conv.stride),
            )?;
            let size = |n| {
                let expected = || format!("a padding that leaves something of the {inputs} this layer gets");
                Conv::transposed_size(n, conv.kernel, conv.stride, padding, conv.output_padding)
                    .ok_or_else(|| ConfigError::new(format!("{place}.padding"), padding, expected()))
            };
            Extent::new(size(inputs.height)?, size(inputs.width)?, conv.to)
        }
        LayerConfig::BatchNorm(norm) => {
            check_activation(norm.activation, &format!("{place}.batch_norm"))?;
            inputs
        }
        LayerConfig::Activation(activation) => {
            check_activation(*activation, place)?;
            inputs
        }
        LayerConfig::UpSample(FactorConfig { factor }) => {
            ConfigError::require_within(&format!("{place}.up_sample.factor"), *factor, 1..=64)?;
            Extent::new(inputs.height * factor, inputs.width * factor, inputs.channels)
        }
        LayerConfig::AveragePool(FactorConfig { factor }) => {
            let key = format!("{place}.average_pool.factor");
            ConfigError::require_within(&key, *factor, 1..=64)?;
            ConfigError::require(
                inputs.height.is_multiple_of(*factor) && inputs.width.is_multiple_of(*factor),
                &key,
                factor,
                &format!("a divisor of both sides of the {inputs} this layer gets"),
            )?;
            Extent::new(inputs.height / factor, inputs.width / factor, inputs.channels)
        }
        LayerConfig::SumPool(_) => Extent::vector(inputs.channels),
        LayerConfig::Residual(residual) => after_residual(residual, inputs, &format!("{place}.residual"))?,
    };
    ConfigError::require(
        outputs.len() <= MOST,
        place,
        format!("a layer to {outputs}"),
        &format!("at most {MOST} values an image"),
    )?;
    Ok(outputs)
}

fn after_residual(residual: &ResidualConfig, inputs: Extent, place: &str) -> Result<Extent, ConfigError> {
    let main = after_all(&residual.layers, inputs, &format!("{place}.layers"))?;
    let shortcut = after_all(&residual.shortcut, inputs, &format!("{place}.shortcut"))?;
    ConfigError::require(
        main == shortcut,
        place,
        format!("branches that end with {main} and {shortcut}"),
        &format!("branches of the {inputs} this layer gets that end with the same size"),
    )?;
    Ok(main)
}

/// The padding asked for, or the one that keeps the size at stride 1 for odd kernels.
pub(super) fn padding(given: Option<usize>, kernel: usize) -> usize {
    given.unwrap_or(kernel.saturating_sub(1) / 2)
}

fn linear_size(to: &[usize], place: &str) -> Result<Extent, ConfigError> {
    let size = match *to {
        [width] => Extent::vector(width),
        [height, width, channels] => Extent::new(height, width, channels),
        _ => Extent::new(0, 0, 0),
    };
    let product = to.iter().try_fold(1usize, |n, side| n.checked_mul(*side));
    ConfigError::require(
        !size.is_empty() && product.is_some_and(|n| n <= MOST),
        &format!("{place}.to"),
        format!("{to:?}"),
        "[width] or [height, width, channels], none of them 0",
    )?;
    Ok(size)
}

fn check_kernel(inputs: Extent, [to, kernel, stride, padding]: [usize; 4], place: &str) -> Result<(), ConfigError> {
    ConfigError::require_within(&format!("{place}.to"), to, 1..=65_536)?;
    ConfigError::require_within(&format!("{place}.kernel"), kernel, 1..=64)?;
    ConfigError::require_within(&format!("{place}.stride"), stride, 1..=64)?;
    let expected = format!("less than the kernel, {kernel}");
    ConfigError::require(padding < kernel, &format!("{place}.padding"), padding, &expected)?;
    check_weights(inputs.channels, to * kernel * kernel, place)
}

fn check_weights(inputs: usize, outputs: usize, place: &str) -> Result<(), ConfigError> {
    ConfigError::require(
        inputs.checked_mul(outputs).is_some_and(|n| n <= MOST),
        place,
        format!("{inputs} x {outputs} weights"),
        &format!("at most {MOST}"),
    )
}

fn check_activation(activation: LayerActivation, place: &str) -> Result<(), ConfigError> {
    match activation {
        LayerActivation::Leaky(a) => ConfigError::require_not_negative(&format!("{place}.activation.leaky"), a),
        _ => Ok(()),
    }
}
