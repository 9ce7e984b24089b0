use ebm_core::models::{Energy, Generator};
use ebm_core::{data::Dataset, device::Real, geometry::Geometry, random::Random};
use ebm_train::{Cancel, StepReport, grid::Region};
use std::cell::OnceCell;

use super::classified::{Classified, Sets};
use super::prospect::Prospect;
use super::registry::{Need, Reason};
use crate::annealing::{AnnealingError, Bracket, bracket, sampler_nlls};
use crate::proposal::{ProposalError, log_weights};
use crate::quadrature::{LogPartition, QuadratureError, energies_until, log_partition_until, proved_energies_until};
use crate::sampling::{energies_and_gradients, for_generated};
use crate::{config::EvaluateConfig, wells::Search};

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

/// Training samples that the search for wells compares with.
const COMPARED: usize = 2000;

/// A function that a model of any geometry gives.
type OfModel<'a, A, R> = Box<dyn Fn(&A) -> R + 'a>;
/// A generator of any geometry: calls a function with so many samples, chunk by chunk.
type Generate<'a> = dyn Fn(usize, Random, &mut dyn FnMut(&[Real])) + 'a;
/// A generator of any geometry, with the energy: the logarithms of up to so many weights.
type Weights<'a> = dyn Fn(usize, Random) -> Result<Vec<f64>, ProposalError> + 'a;
/// An energy of any geometry: the annealed sampler's negative log-likelihoods at points.
type SamplerNlls<'a> = dyn Fn(&[Real], Random) -> Result<Vec<f64>, AnnealingError> + 'a;

/// The input of metrics: model, data and configuration. Samples and results that several of them need are computed once, when
/// first asked for.
pub struct Context<'a> {
    energies: OfModel<'a, [Real], Vec<Real>>,
    proved_energies: OfModel<'a, [Real], Option<(Vec<f64>, f64)>>,
    gradients: OfModel<'a, [Real], (Vec<Real>, Vec<Real>)>,
    log_partition: OfModel<'a, Region, Result<LogPartition, QuadratureError>>,
    bracket: Box<dyn Fn(Random) -> Result<Bracket, AnnealingError> + 'a>,
    sampler_nlls: Box<SamplerNlls<'a>>,
    weights: Option<Box<Weights<'a>>>,
    generate: Option<Box<Generate<'a>>>,
    /// log Z in nats, where the energy knows it.
    pub(super) known_log_partition: Option<f64>,
    /// The data.
    pub data: &'a dyn Dataset,
    /// The bounds' values on a fresh batch.
    pub bounds: &'a StepReport,
    /// The options of the evaluation.
    pub config: &'a EvaluateConfig,
    /// Samples that training has not seen, `[n, D]` row-major; empty if the data set holds out none.
    pub held_out: Vec<Real>,
    /// The place in the random numbers of this evaluation, for a stream of a metric's own.
    pub random: Random,
    /// The request to end the evaluation, after which its results are not looked at: for long loops of a metric's own.
    pub cancel: Cancel,
    held_out_energies: OnceCell<Vec<Real>>,
    generated: OnceCell<Option<Vec<Real>>>,
    partition: OnceCell<Result<LogPartition, QuadratureError>>,
    classified: OnceCell<Result<Option<Classified>, String>>,
}

impl<'a> Context<'a> {
    /// A context of which nothing is computed yet.
    pub fn new<G: Geometry>(subject: &'a Subject<'a, G>, config: &'a EvaluateConfig, random: Random) -> Self {
        Self::until(subject, config, random, &Cancel::default())
    }

    /// [`Context::new`]. Once cancelled, what it gives comes soon and means nothing.
    pub(crate) fn until<G: Geometry>(
        subject: &'a Subject<'a, G>,
        config: &'a EvaluateConfig,
        random: Random,
        cancel: &Cancel,
    ) -> Self {
        let random = random.stream("evaluation");
        let Subject { energy, generator, data, bounds } = *subject;
        // A handle on the one request, for each function.
        let asked = || cancel.clone();
        let generate = |generator| -> Box<Generate<'a>> {
            let cancel = asked();
            Box::new(move |n, random, f| for_generated::<G>(generator, n, random, &cancel, f))
        };
        let weights = |generator| -> Box<Weights<'a>> {
            Box::new(move |most, random| log_weights::<G>(energy, generator, most, random))
        };
        Self {
            energies: {
                let cancel = asked();
                Box::new(move |points| energies_until(energy, points, &cancel))
            },
            proved_energies: {
                let (cancel, width) = (asked(), energy.geometry().data_width());
                Box::new(move |points| Some(proved_energies_until(&*energy.enclosed()?, points, width, &cancel)))
            },
            gradients: Box::new(move |points| energies_and_gradients(energy, points)),
            log_partition: {
                let cancel = asked();
                Box::new(move |data_box| log_partition_until(energy, data_box, &config.quadrature, &cancel))
            },
            bracket: {
                let cancel = asked();
                Box::new(move |random| bracket(energy, generator, data, &config.annealing, random, &cancel))
            },
            sampler_nlls: {
                let cancel = asked();
                Box::new(move |points, random| sampler_nlls(energy, data, points, &config.annealing, random, &cancel))
            },
            weights: generator.map(weights),
            generate: generator.map(generate),
            known_log_partition: energy.facts().log_partition,
            data,
            bounds,
            config,
            held_out: data.held_out(config.held_out, random),
            random,
            cancel: asked(),
            held_out_energies: OnceCell::new(),
            generated: OnceCell::new(),
            partition: OnceCell::new(),
            classified: OnceCell::new(),
        }
    }

    /// Energies `[n]`, in nats, of points `[n, D]`.
    pub fn energies(&self, points: &[Real]) -> Vec<Real> {
        (self.energies)(points)
    }

    /// Energies `[n]` in double precision, and by how much the worst may be off, if that can be proved.
    pub(super) fn proved_energies(&self, points: &[Real]) -> Option<(Vec<f64>, f64)> {
        (self.proved_energies)(points)
    }

    /// The energies of the held-out samples, `[n]`, in nats.
    pub(super) fn held_out_energies(&self) -> &[Real] {
        self.held_out_energies.get_or_init(|| self.energies(&self.held_out))
    }

    /// Whether the model has a generator.
    pub fn has_generator(&self) -> bool {
        self.generate.is_some()
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
        if let Some(generate) = &self.generate {
            generate(n, random, &mut f);
        }
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
            (self.log_partition)(&data_box)
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
    /// If the data has no Gaussian or the generator no density to start from, or all chains are lost.
    pub fn bracket(&self) -> Result<Bracket, AnnealingError> {
        (self.bracket)(self.random.stream("annealing"))
    }

    /// Negative log-likelihoods of the annealed sampler at the first held-out samples, as many as chains.
    pub(super) fn sampler_nlls(&self) -> Result<Vec<f64>, AnnealingError> {
        let values = self.held_out.len().min(self.config.annealing.chains * self.data.width());
        (self.sampler_nlls)(&self.held_out[..values], self.random.stream("sampler"))
    }

    /// Logarithms of the generator's own weights, up to as many as samples are generated.
    pub(super) fn generator_weights(&self) -> Result<Vec<f64>, ProposalError> {
        let weights = self.weights.as_ref().ok_or(ProposalError::NoGenerator)?;
        weights(self.config.generated, self.random.stream("weights"))
    }

    /// Wells of the energy away from the data; `None` where there is nothing to compare with.
    pub(super) fn wells(&self) -> Option<Search> {
        let (width, random) = (self.data.width(), self.random.stream("wells"));
        let data = self.data.draw(COMPARED, random.stream("data"));
        Search::of(&*self.gradients, &data, width, &self.config.wells, random, &self.cancel)
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

    /// Whether a need is met. `Ok(false)`: it is not, and that needs no explanation.
    ///
    /// # Errors
    /// Why it is not met.
    pub fn meets(&self, need: Need) -> Result<bool, Reason> {
        match need {
            Need::Classifier => Ok(matches!(self.classified(), Ok(Some(_)))),
            _ => {
                let prospect = Prospect {
                    data: self.data,
                    config: self.config,
                    holds_out: !self.held_out.is_empty(),
                    has_generator: self.has_generator(),
                    knows_log_partition: self.known_log_partition.is_some(),
                };
                prospect.meets(need)
            }
        }
    }
}
