//! The input of metrics: model, data and configuration, and results that several metrics share.

use ebm_core::data::{Dataset, Modes};
use ebm_core::device::Real;
use ebm_core::geometry::Geometry;
use ebm_core::models::{Energy, Generator};
use ebm_core::random::Random;
use ebm_train::StepReport;
use ebm_train::grid::Region;
use std::cell::OnceCell;

use super::classified::{Classified, Sets};
use super::registry::{Need, Reason};
use crate::annealing::{AnnealingError, Bracket};
use crate::config::EvaluateConfig;
use crate::quadrature::{LogPartition, QuadratureError, energies, log_partition};
use crate::sampling::for_generated;

/// The data's box is the samples' bounding box, wider on each side by this part of its side.
pub(super) const MARGIN: f64 = 0.1;

/// The model that is evaluated, and its data.
pub struct Subject<'a, G: Geometry> {
    /// The energy.
    pub energy: &'a dyn Energy<G>,
    /// The generator, if the model has one.
    pub generator: Option<&'a dyn Generator<G>>,
    /// The data.
    pub data: &'a dyn Dataset,
    /// The bounds' values on a fresh batch.
    pub bounds: &'a StepReport,
}

/// A model of any geometry.
trait Model {
    fn energies(&self, points: &[Real]) -> Vec<Real>;
    fn log_partition(&self, data_box: &Region, config: &EvaluateConfig) -> Result<LogPartition, QuadratureError>;
    fn bracket(&self, config: &EvaluateConfig, random: Random) -> Result<Bracket, AnnealingError>;
    fn has_generator(&self) -> bool;
    fn for_generated(&self, n: usize, random: Random, f: &mut dyn FnMut(&[Real]));
}

impl<G: Geometry> Model for Subject<'_, G> {
    fn energies(&self, points: &[Real]) -> Vec<Real> {
        energies(self.energy, points)
    }
    fn log_partition(&self, data_box: &Region, config: &EvaluateConfig) -> Result<LogPartition, QuadratureError> {
        log_partition(self.energy, data_box, &config.quadrature)
    }
    fn bracket(&self, config: &EvaluateConfig, random: Random) -> Result<Bracket, AnnealingError> {
        Bracket::of(self.energy, self.data, &config.annealing, random)
    }
    fn has_generator(&self) -> bool {
        self.generator.is_some()
    }
    fn for_generated(&self, n: usize, random: Random, f: &mut dyn FnMut(&[Real])) {
        if let Some(generator) = self.generator {
            for_generated(generator, n, random, f);
        }
    }
}

/// The input of metrics. Samples and results that several of them need are computed once, when first asked for.
pub struct Context<'a> {
    model: &'a dyn Model,
    /// The data.
    pub data: &'a dyn Dataset,
    /// The bounds' values on a fresh batch.
    pub bounds: &'a StepReport,
    /// The options of the evaluation.
    pub config: &'a EvaluateConfig,
    /// Samples that training has not seen, `[n, D]` row-major; empty if the data set holds out none.
    pub held_out: Vec<Real>,
    random: Random,
    generated: OnceCell<Option<Vec<Real>>>,
    partition: OnceCell<Result<LogPartition, QuadratureError>>,
    classified: OnceCell<Result<Option<Classified>, String>>,
}

impl<'a> Context<'a> {
    /// A context of which nothing is computed yet.
    pub fn new<G: Geometry>(subject: &'a Subject<'a, G>, config: &'a EvaluateConfig, random: Random) -> Self {
        let random = random.stream("evaluation");
        Self {
            model: subject,
            data: subject.data,
            bounds: subject.bounds,
            config,
            held_out: subject.data.held_out(config.held_out, random),
            random,
            generated: OnceCell::new(),
            partition: OnceCell::new(),
            classified: OnceCell::new(),
        }
    }

    /// The place in the random numbers of this evaluation, for a stream of a metric's own.
    pub fn random(&self) -> Random {
        self.random
    }

    /// Energies `[n]`, in nats, of points `[n, D]`.
    pub fn energies(&self, points: &[Real]) -> Vec<Real> {
        self.model.energies(points)
    }

    /// Whether the model has a generator.
    pub fn has_generator(&self) -> bool {
        self.model.has_generator()
    }

    /// The configured number of generated samples, `[n, D]` row-major, if the model has a generator.
    pub fn generated(&self) -> Option<&[Real]> {
        let draw = || {
            let mut samples = Vec::with_capacity(self.config.generated * self.data.width());
            self.for_generated(self.config.generated, self.random.stream("generated"), |chunk| {
                samples.extend_from_slice(chunk);
            });
            samples
        };
        let samples = self.generated.get_or_init(|| self.has_generator().then(draw));
        samples.as_deref()
    }

    /// Calls `f` with `n` generated samples, chunk by chunk, or not at all without a generator.
    pub fn for_generated(&self, n: usize, random: Random, mut f: impl FnMut(&[Real])) {
        self.model.for_generated(n, random, &mut f);
    }

    /// log Z by quadrature, in one or two dimensions.
    ///
    /// # Errors
    /// If it cannot be computed.
    pub fn log_partition(&self) -> Result<&LogPartition, &QuadratureError> {
        let compute = || {
            let mut seen = self.data.draw(self.config.held_out, self.random.stream("box"));
            seen.extend_from_slice(&self.held_out);
            let data_box = Region::around(&seen, self.data.width(), MARGIN);
            self.model.log_partition(&data_box, self.config)
        };
        self.partition.get_or_init(compute).as_ref()
    }

    /// log Z if it was computed.
    pub(crate) fn computed_partition(self) -> Option<LogPartition> {
        self.partition.into_inner()?.ok()
    }

    /// Bounds of log Z by annealed importance sampling.
    ///
    /// # Errors
    /// If the data has no Gaussian, or all chains are lost.
    pub fn bracket(&self) -> Result<Bracket, AnnealingError> {
        self.model.bracket(self.config, self.random.stream("annealing"))
    }

    /// The output of a classifier for the images; `None` where the data are no images, or no classifier is wanted.
    pub(super) fn classified(&self) -> Result<Option<&Classified>, &String> {
        let found = self.classified.get_or_init(|| Classified::of(self));
        found.as_ref().map(Option::as_ref)
    }

    /// A classifier and what it says of generated and of other samples, where there are such.
    pub(super) fn compared(&self) -> Option<(&Classified, &Sets)> {
        let classified = self.classified().ok()??;
        Some((classified, classified.sets.as_ref()?))
    }

    /// The modes of the data, if it has separate ones.
    pub fn modes(&self) -> Option<Modes> {
        self.data.modes()
    }

    /// Whether a need is met. `Ok(false)`: it is not, and that needs no explanation.
    ///
    /// # Errors
    /// Why it is not met.
    pub fn meets(&self, need: Need) -> Result<bool, Reason> {
        let width = self.data.width();
        match need {
            Need::HeldOut if self.held_out.is_empty() => Err("the data set holds out no samples".into()),
            // Known before thousands of samples are drawn for the box.
            Need::OneOrTwoDimensions if width > 2 => {
                Err(format!("no exact value: {}", QuadratureError::Dimensions { width }).into())
            }
            // Up to two dimensions the quadrature knows better.
            Need::Chains if self.config.annealing.chains == 0 && width > 2 => {
                Err("off; evaluate.annealing.chains turns it on (some hundred chains)".into())
            }
            Need::Chains => Ok(self.config.annealing.chains > 0),
            Need::Modes if self.modes().is_none() => Err("the data set has no separate modes".into()),
            Need::Generator if !self.has_generator() => Err("the model has no generator".into()),
            Need::Classifier => Ok(matches!(self.classified(), Ok(Some(_)))),
            _ => Ok(true),
        }
    }
}
