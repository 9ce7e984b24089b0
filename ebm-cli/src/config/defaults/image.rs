//! The settings for images: convolutional nets for their size, without batch-norm.

use super::{Facts, filled};
use ebm_core::image::ImageShape;

/// Channels of the layers at the image's size, and at most.
const CHANNELS: usize = 32;
const MOST_CHANNELS: usize = 256;

/// A side at which images are not halved any more.
const SMALL: usize = 4;

pub(super) fn settings(facts: &Facts, shape: ImageShape) -> String {
    let sizes = sizes(shape);
    let text = SETTINGS
        .replace("{generator_layers}", &generator(&sizes, shape))
        .replace("{energy_layers}", &energy(&sizes))
        .replace("{image}", &format!("[{}, {}, {}]", shape.height, shape.width, shape.channels));
    // Less than ten minutes on two cores without AVX-512: up to 32 x 32 in grey, and 32 x 32 in colour.
    let steps = if shape.values() <= 32 * 32 { 2_500 } else { 1_500 };
    filled(&text, &[("latent", shape.values().min(64)), ("batch", facts.batch(64)), ("steps", steps)])
}

/// Heights and widths from the image's down to the smallest, each half of the one before, rounded up.
fn sizes(shape: ImageShape) -> Vec<[usize; 2]> {
    let mut sizes = vec![[shape.height, shape.width]];
    let mut next = Some([shape.height, shape.width]);
    // One padding serves both sides of a transposed convolution, so that only sides of one parity can be halved together.
    while let Some([height, width]) = next.filter(|[h, w]| h.min(w) > &SMALL && h % 2 == w % 2) {
        let half = [height.div_ceil(2), width.div_ceil(2)];
        sizes.push(half);
        next = Some(half);
    }
    sizes
}

/// Channels of the image after it was halved so many times.
fn channels(halved: usize) -> usize {
    (CHANNELS << halved.saturating_sub(1).min(8)).min(MOST_CHANNELS)
}

/// A linear layer to the smallest size, and a transposed convolution for each doubling; the last one makes the image.
fn generator(sizes: &[[usize; 2]], shape: ImageShape) -> String {
    let last = sizes.len() - 1;
    let of = |level: usize| if level == 0 { (shape.channels, "tanh") } else { (channels(level), "silu") };
    let ([height, width], (to, activation)) = (sizes[last], of(last));
    let mut lines = format!("  {{ linear = {{ to = [{height}, {width}, {to}], activation = \"{activation}\" }} }},\n");
    for level in (0..last).rev() {
        // 2 n - 1 pixels from n, and one more where the size is even.
        let (more, (to, activation)) = (1 - sizes[level][0] % 2, of(level));
        lines += &format!(
            "  {{ conv_transpose = {{ to = {to}, kernel = 5, stride = 2, padding = 2, output_padding = {more}, \
             activation = \"{activation}\" }} }},\n"
        );
    }
    lines
}

/// A convolution for each halving, or one at the image's size, and a linear layer to the energy.
fn energy(sizes: &[[usize; 2]]) -> String {
    let conv = |(to, stride): (usize, usize)| {
        format!("  {{ conv = {{ to = {to}, kernel = 5, stride = {stride}, padding = 2, activation = \"silu\" }} }},\n")
    };
    let halvings = (1..sizes.len()).map(|level| (channels(level), 2));
    let convs: String = if sizes.len() > 1 { halvings.map(conv).collect() } else { conv((CHANNELS, 1)) };
    format!("{convs}  {{ linear = {{ to = [1] }} }},\n")
}

const SETTINGS: &str = r#"
[generator]
kind = "conv"
latent = {latent}
# Transposed convolutions up to the size of the images. No batch-norm: it ties the samples of a batch to each other.
layers = [
{generator_layers}]
init = "kaiming"
# The bound needs noise: 0.05 is six of the 256 grey levels.
noise = 0.05

[energy]
kind = "conv"
image = {image}
layers = [
{energy_layers}]
# Layers of largest singular value 1, and no learned scale, which would undo that: the energy cannot outgrow the entropy.
spectral_norm = true
output_scale = false
init = "kaiming"

[lower]
# Holds whatever the Jacobian does; that of an image generator is too large to take whole.
kind = "mi"
estimator = "barber-agakov"
encoder = { hidden = [256, 256] }
optimizer = { learning_rate = 1e-3 }

[upper]
kind = "diffusion"
# Early times weigh as much as late ones, and those that are drawn start where the noise is visible.
weighting = "variance"
sampling = "uniform"
weight = 0.03
t_min = 1e-2

[train]
steps = {steps}
batch = {batch}
log_every = 50
# An evaluation in so many dimensions takes longer than it tells.
evaluate_every = 0
# The entropy of thousands of pixels outweighs an energy of limited slope.
lambda = 0.1

[train.energy]
optimizer = { learning_rate = 5e-4, beta1 = 0.0, beta2 = 0.99, epsilon = 1e-6 }
schedule = { course = "cosine", warmup = 100, last = 0.0 }

[train.generator]
average = 0.99
# Twice as fast as the energy, so that its samples follow the model.
optimizer = { learning_rate = 1e-3, beta1 = 0.0, beta2 = 0.99, epsilon = 1e-6 }
schedule = { course = "cosine", warmup = 100, last = 0.0 }

[evaluate]
held_out = 2000
generated = 2000
"#;
