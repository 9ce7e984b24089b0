use crate::kernels::Activation;
use crate::kernels::enclosure::{Affine, Enclosure};
use crate::kernels::fourier;

/// A network's weights in double precision, to enclose its values over boxes.
///
/// What is enclosed is the function that the stored weights define, not its values in `Real`.
#[derive(Clone, Debug)]
pub struct EnclosedNetwork {
    /// `x -> F x` of the Fourier features.
    pub(super) frequencies: Option<Affine>,
    /// Constants that join the inputs of the first layer, over one box without axes.
    pub(super) common: Option<Enclosure>,
    pub(super) layers: Vec<EnclosedLayer>,
    pub(super) factor: Option<f64>,
}

/// An affine map, its activation, and the slope that this has learned.
#[derive(Clone, Debug)]
pub(super) struct EnclosedLayer {
    pub map: Affine,
    pub activation: Activation,
    pub slope: f64,
}

impl EnclosedNetwork {
    /// The outputs, given the inputs.
    pub fn apply(&self, x: &Enclosure) -> Enclosure {
        let mut x = match &self.frequencies {
            Some(frequencies) => fourier::enclose(x, frequencies),
            None => x.clone(),
        };
        if let Some(common) = &self.common {
            x = x.beside(common);
        }
        for EnclosedLayer { map, activation, slope } in &self.layers {
            x = activation.enclose(*slope, &map.apply(&x));
        }
        match self.factor {
            Some(factor) => x.scaled(factor),
            None => x,
        }
    }

    /// Number of weights.
    pub fn weights(&self) -> usize {
        self.frequencies.iter().chain(self.layers.iter().map(|layer| &layer.map)).map(Affine::len).sum()
    }

    /// A Lipschitz constant: the product of those of all layers.
    pub fn lipschitz(&self) -> f64 {
        // The features are x and, for every frequency f, a point on a circle that turns by f x.
        let features = self.frequencies.as_ref().map_or(1.0, |map| 1f64.hypot(map.norm()));
        let layers = self.layers.iter().map(|l| l.map.norm() * l.activation.lipschitz().max(l.slope.abs()));
        let product = features * layers.product::<f64>() * self.factor.unwrap_or(1.0).abs();
        product * (1.0 + 64.0 * f64::EPSILON)
    }
}
