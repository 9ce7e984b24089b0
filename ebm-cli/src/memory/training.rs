use ebm_core::data::Dataset;
use ebm_core::optimizer::OptimizerOptions;
use ebm_core::registry::{Amount, Dimensions, Size};
use ebm_train::{Objective, TrainConfig, optim::OptimizerChoice};

use super::needs::{Demand, Needs};
use crate::config::RunConfig;
use crate::dispatch::widths;

/// Data of so many dimensions are told beside the key: networks are as wide.
const WIDE: usize = 1000;

impl<'a> Needs<'a> {
    /// The needs of training by each of several processes, and of the evaluation at its end.
    pub fn of_training(config: &'a RunConfig, data: &dyn Dataset, processes: usize) -> [Self; 2] {
        let models = Models::new(config, data.width(), processes);
        let mut demands = models.parameters(true);
        demands.extend(models.pass());
        demands.extend(models.chains(processes));
        let mut at_end = models.parameters(true);
        at_end.push(Demand::of_evaluation(config, &config.evaluate, data));
        let end = "the evaluation at the end of training".into();
        [Self { config, work: models.on_data("training"), demands }, Self { config, work: end, demands: at_end }]
    }

    /// The needs of models that are built and not trained.
    pub fn of_models(config: &'a RunConfig, data: usize) -> Self {
        let models = Models::new(config, data, 1);
        Self { config, work: models.on_data("building the models"), demands: models.parameters(false) }
    }
}

/// The sizes of all components.
struct Models<'a> {
    train: &'a TrainConfig,
    dimensions: Dimensions,
    energy: Option<Size>,
    generator: Option<Size>,
    lower: Option<Size>,
    upper: Option<Size>,
    /// The options of the optimisers of the bounds' own networks, the lower bound's first.
    optimizers: [Option<OptimizerOptions>; 2],
}

impl<'a> Models<'a> {
    /// The models for data of a width, in training by so many processes.
    fn new(config: &'a RunConfig, data: usize, processes: usize) -> Self {
        let (latent, data) = widths(config, data);
        let dimensions = Dimensions { latent, data, batch: config.train.batch / processes.max(1) };
        Self {
            train: &config.train,
            dimensions,
            energy: config.energy.size(dimensions),
            generator: config.generator.size(dimensions),
            lower: config.lower.size(dimensions),
            upper: config.upper.size(dimensions),
            optimizers: [config.lower.optimizer(), config.upper.optimizer()],
        }
    }

    fn on_data(&self, work: &str) -> String {
        match self.dimensions.data {
            ..WIDE => work.into(),
            wide => format!("{work} on data of {wide} dimensions"),
        }
    }

    /// Whether a generator is trained, too.
    fn plays(&self) -> bool {
        self.train.objective == Objective::Bidirectional
    }

    /// The parameters with what optimisers keep of them, and their averages.
    fn parameters(&self, trained: bool) -> Vec<Demand> {
        let TrainConfig { energy, generator, head_start, steps, .. } = self.train;
        let (plays, moves) = (self.plays(), !self.plays() || head_start < steps);
        let own = |options: &Option<OptimizerOptions>, player: &OptimizerChoice| match options {
            None => player.arrays(),
            Some(options) => OptimizerChoice::read(options.table().clone()).map_or(0, |own| own.arrays()),
        };
        let [lower, upper] = &self.optimizers;
        let parts = [
            ("energy", self.energy, energy.optimizer.arrays(), energy.average, moves),
            ("generator", self.generator, generator.optimizer.arrays(), generator.average, plays),
            ("lower", self.lower, own(lower, &generator.optimizer), 0.0, plays),
            ("upper", self.upper, own(upper, &energy.optimizer), 0.0, plays && moves),
        ];
        let demand = |(section, size, arrays, average, moves): (&str, Option<Size>, usize, f64, bool)| {
            let Amount { numbers, option } = size?.parameters;
            // What moves is kept as it was before the step, too, so that the step can be taken back.
            let states = if trained && moves { 2 } else { 1 };
            let copies = states * (1 + arrays) + usize::from(average > 0.0);
            let advice = "use narrower networks";
            (numbers > 0.0).then(|| Demand::new(&[&format!("{section}.{option}")], numbers * copies as f64, advice))
        };
        parts.into_iter().filter_map(demand).collect()
    }

    /// What a step holds of a batch. The generator's pass is kept while the energy's goes on, beside those of the bounds, which follow
    /// each other.
    fn pass(&self) -> Vec<Demand> {
        const BATCH: &str = "train.batch";
        let [latent, data, batch] = self.dimensions.numbers();
        let of = |size: Option<Size>, inputs: f64| size.map_or(inputs * batch, |size| size.pass.numbers);
        let networks = |numbers| Demand::new(&[BATCH], numbers, "use a smaller batch or narrower networks");
        let energy = of(self.energy, data);
        if !self.plays() {
            return vec![networks(energy)];
        }
        let samples = of(self.generator, latent) + data * batch;
        let bounds = [("lower", self.lower), ("upper", self.upper)];
        let bounds = bounds.into_iter().filter_map(|(section, size)| Some((section, size?.pass)));
        let largest = bounds.max_by(|(_, a), (_, b)| a.numbers.total_cmp(&b.numbers));
        match largest.filter(|(_, pass)| pass.numbers > energy) {
            None => vec![networks(samples + energy)],
            Some((section, Amount { numbers, option })) => {
                let advice = "use a smaller batch or other options of the bound";
                vec![networks(samples), Demand::new(&[BATCH, &format!("{section}.{option}")], numbers, advice)]
            }
        }
    }

    /// The chains that training keeps at its end, if it is known when that is.
    fn chains(&self, processes: usize) -> Option<Demand> {
        let TrainConfig { refine, steps, energy, head_start, stop, .. } = self.train;
        let may_stop = stop.seconds > 0.0 || stop.patience > 0;
        let moved = steps.saturating_sub(*head_start) as f64 * energy.steps as f64;
        let most = refine.share * self.train.batch as f64 * moved;
        let chains = most.min(refine.buffer as f64) / processes.max(1) as f64;
        let numbers = chains * self.dimensions.data as f64;
        let demand = || Demand::new(&["train.refine.buffer"], numbers, "keep fewer chains");
        (refine.share > 0.0 && !may_stop).then(demand)
    }
}

#[cfg(test)]
mod tests {
    use super::super::available::Available;
    use super::*;
    use crate::config::{Layers, Origin, Resolved};
    use ebm_core::random::Random;
    use std::path::Path;

    fn resolved(text: &str) -> Resolved {
        let file = Layers::default().toml(Origin::File("run.toml".into()), text);
        file.and_then(Layers::resolve).unwrap()
    }

    /// The shortage of memory for training by this many processes where there are 8 GB, if there is one.
    fn told(text: &str, processes: usize) -> Option<String> {
        let config = resolved(text).config;
        let data = config.data.load(Path::new("."), Random::new(0)).unwrap();
        let needs = Needs::of_training(&config, &*data, processes);
        needs.iter().find_map(|needs| needs.beyond(Available::Free(8_000_000_000))).map(|shortage| shortage.reason)
    }

    #[test]
    fn a_usual_configuration_fits() {
        for text in ["", "lower = \"mi\"\ngenerator = { noise = 0.1 }", "upper = \"diffusion\"", "generator = \"flow\""]
        {
            assert_eq!(told(text, 1), None, "{text}");
        }
    }

    #[test]
    fn what_is_too_large_is_told_with_the_key_that_it_is_due_to() {
        for (text, key) in [
            ("train.batch = 100000000", "train.batch = 100000000: training needs at least "),
            ("generator.hidden = [65536, 65536]", "generator.hidden = [65536, 65536]: training needs at least "),
            ("generator.latent = 9223372036854775807", "generator.latent = 9223372036854775807: "),
            ("energy.hidden = [65536, 65536]", "energy.hidden = [65536, 65536]: "),
            (
                "data = { kind = 'gaussian', dimensions = 1000000000 }",
                "lower.variant = \"smallest\": training on data of 1000000000 dimensions needs at least ",
            ),
            ("upper.projections = 100000000", "train.batch = 200 and upper.projections = 100000000: training needs "),
            (
                "train = { refine = { share = 0.5, buffer = 10000000000 }, steps = 1000000000 }",
                "train.refine.buffer = 10000000000: training needs at least ",
            ),
            (
                "evaluate.generated = 10000000000",
                "evaluate.generated = 10000000000: the evaluation at the end of training needs at least ",
            ),
        ] {
            let reason = told(text, 1).unwrap_or_else(|| panic!("{text} fits"));
            assert!(reason.contains(key) && reason.contains(" of memory, and 8.00 GB are free; "), "{reason}");
        }
    }

    #[test]
    fn each_of_several_processes_holds_its_share_of_a_batch() {
        let text = "train.batch = 10000000";
        assert!(told(text, 1).is_some());
        assert_eq!(told(text, 1000), None);
    }

    #[test]
    fn optimisers_averages_and_the_state_before_a_step_are_counted_where_they_are_kept() {
        // From 2 numbers by 3 to 1: 9 + 4 parameters of the energy, and 9 + 8 of the generator.
        let nets = "generator.hidden = [3]\nenergy.hidden = [3]\n";
        let numbers = |rest: &str, trained: bool| {
            let config = resolved(&format!("{nets}{rest}")).config;
            Models::new(&config, 2, 1).parameters(trained).iter().map(|demand| demand.numbers).collect::<Vec<_>>()
        };
        // Adam keeps two arrays.
        assert_eq!(numbers("", true), [6.0 * 13.0, 6.0 * 17.0]);
        assert_eq!(numbers("", false), [3.0 * 13.0, 3.0 * 17.0]);
        assert_eq!(numbers("train.energy.average = 0.9", true), [7.0 * 13.0, 6.0 * 17.0]);
        assert_eq!(numbers("train.generator.optimizer = \"lion\"", true), [6.0 * 13.0, 4.0 * 17.0]);
        assert_eq!(numbers("train.head_start = 20000", true), [3.0 * 13.0, 6.0 * 17.0]);
        assert_eq!(numbers("train.objective = \"maximum-likelihood\"", true), [6.0 * 13.0, 3.0 * 17.0]);
    }
}
