use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::layer_config::{
    BatchNormConfig, ConvConfig, ConvTransposeConfig, FactorConfig, LayerActivation, LayerConfig, LinearConfig,
    ResidualConfig, SumPoolConfig,
};
use ebm_core::kernels::Extent;

/// A pair of nets: a generator from 128 latents, and an energy for its images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Preset {
    /// 32x32x3: the released CIFAR-10 nets. Energy: seven convolutions, LeakyReLU 0.1. Generator: three transposed
    /// convolutions with batch-norm and ReLU, tanh.
    #[default]
    #[serde(rename = "dcgan-32")]
    Dcgan32,
    /// 28x28x3: the StackedMNIST nets. Four 5x5 convolutions of stride 2 each, PReLU; batch-norm in the generator, tanh.
    #[serde(rename = "cnn-28")]
    Cnn28,
    /// 32x32x3: residual blocks (Miyato et al., ICLR 2018); batch-norm in the generator, none in the energy.
    #[serde(rename = "resnet-32")]
    Resnet32,
}

impl Preset {
    /// The size of the images.
    pub fn image(self) -> Extent {
        match self {
            Self::Dcgan32 | Self::Resnet32 => Extent::new(32, 32, 3),
            Self::Cnn28 => Extent::new(28, 28, 3),
        }
    }

    /// The generator's layers.
    pub fn generator(self) -> Vec<LayerConfig> {
        use LayerActivation::{Identity, Prelu, Relu, Tanh};
        match self {
            Self::Dcgan32 => {
                let mut layers = vec![linear(&[4, 4, 512])];
                for to in [256, 128, 64] {
                    layers.extend([spread(to, 4, 0, Identity), norm(Relu)]);
                }
                layers.push(conv(3, 3, 1, Tanh));
                layers
            }
            Self::Cnn28 => {
                let mut layers = vec![linear(&[2, 2, 512]), norm(Prelu)];
                for (to, output_padding) in [(256, 1), (128, 0), (64, 1)] {
                    layers.extend([spread(to, 5, output_padding, Identity), norm(Prelu)]);
                }
                layers.push(spread(3, 5, 1, Tanh));
                layers
            }
            Self::Resnet32 => {
                let plain = |kernel| conv(256, kernel, 1, Identity);
                let main = vec![norm(Relu), up(), plain(3), norm(Relu), plain(3)];
                let mut layers = vec![linear(&[4, 4, 256])];
                layers.extend(vec![residual(main, vec![up(), plain(1)]); 3]);
                layers.extend([norm(Relu), conv(3, 3, 1, Tanh)]);
                layers
            }
        }
    }

    /// The energy's layers.
    pub fn energy(self) -> Vec<LayerConfig> {
        use LayerActivation::{Identity, Leaky, Prelu, Relu};
        match self {
            Self::Dcgan32 => {
                let mut layers = vec![conv(64, 3, 1, Leaky(0.1))];
                for to in [64, 128, 256] {
                    layers.extend([conv(to, 4, 2, Leaky(0.1)), conv(2 * to, 3, 1, Leaky(0.1))]);
                }
                layers.push(linear(&[1]));
                layers
            }
            Self::Cnn28 => {
                let mut layers: Vec<_> = [64, 128, 256, 512].map(|to| conv(to, 5, 2, Prelu)).into();
                layers.push(linear(&[1]));
                layers
            }
            Self::Resnet32 => {
                let wide = |activation| conv(128, 3, 1, activation);
                let bent = LayerConfig::Activation(Relu);
                // Averaging before the 1x1 convolution is the same as after it, with a quarter of the work.
                let smaller = vec![average(), conv(128, 1, 1, Identity)];
                let same = residual(vec![bent.clone(), wide(Relu), wide(Identity)], vec![]);
                vec![
                    residual(vec![wide(Relu), wide(Identity), average()], smaller.clone()),
                    residual(vec![bent.clone(), wide(Relu), wide(Identity), average()], smaller),
                    same.clone(),
                    same,
                    bent,
                    LayerConfig::SumPool(SumPoolConfig {}),
                    linear(&[1]),
                ]
            }
        }
    }
}

fn linear(to: &[usize]) -> LayerConfig {
    LayerConfig::Linear(LinearConfig { to: to.to_vec(), activation: LayerActivation::Identity })
}

fn conv(to: usize, kernel: usize, stride: usize, activation: LayerActivation) -> LayerConfig {
    LayerConfig::Conv(ConvConfig { to, kernel, stride, padding: None, activation })
}

fn spread(to: usize, kernel: usize, output_padding: usize, activation: LayerActivation) -> LayerConfig {
    LayerConfig::ConvTranspose(ConvTransposeConfig { to, kernel, stride: 2, padding: None, output_padding, activation })
}

fn norm(activation: LayerActivation) -> LayerConfig {
    LayerConfig::BatchNorm(BatchNormConfig { activation })
}

fn up() -> LayerConfig {
    LayerConfig::UpSample(FactorConfig { factor: 2 })
}

fn average() -> LayerConfig {
    LayerConfig::AveragePool(FactorConfig { factor: 2 })
}

fn residual(layers: Vec<LayerConfig>, shortcut: Vec<LayerConfig>) -> LayerConfig {
    LayerConfig::Residual(ResidualConfig { layers, shortcut })
}
