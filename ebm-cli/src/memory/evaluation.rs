use ebm_core::data::Dataset;
use ebm_eval::annealing::Start;
use ebm_eval::evaluate::EvaluateConfig;
use ebm_train::Objective;

use super::needs::{Demand, Needs};
use crate::config::RunConfig;
use crate::dispatch::widths;

/// The arrays of coordinates that a transition of Markov chains holds: states, momenta and gradients, before and after it.
const ARRAYS_OF_CHAINS: f64 = 6.0;
/// Numbers a temperature, at least: it, its step size and its place.
const NUMBERS_OF_TEMPERATURE: f64 = 3.0;

impl<'a> Needs<'a> {
    /// The needs of an evaluation with these options. `given`: the option of the command line that sets the numbers of samples.
    pub fn of_evaluation(
        config: &'a RunConfig,
        evaluate: &EvaluateConfig,
        data: &dyn Dataset,
        given: Option<String>,
    ) -> Self {
        let mut demand = Demand::of_evaluation(config, evaluate, data);
        if let (Some(option), true) =
            (given, demand.keys == ["evaluate.generated"] || demand.keys == ["evaluate.held_out"])
        {
            demand.keys = vec![option];
        }
        Self { config, work: "the evaluation".into(), demands: vec![demand] }
    }

    /// The needs of drawing so many samples of `data` dimensions, and writing them with their energies and latents.
    pub fn of_samples(config: &'a RunConfig, data: usize, number: usize) -> Self {
        let (latent, data) = widths(config, data);
        let latent = if plays(config) { latent as f64 } else { 0.0 };
        // In the units of the model, and in those of the source.
        let numbers = number as f64 * (2.0 * data as f64 + latent + 1.0);
        let demand = Demand::new(&[&format!("-n {number}")], numbers, "draw fewer at a time, each with another --seed");
        Self { config, work: "drawing samples".into(), demands: vec![demand] }
    }

    /// The needs of the singular values at so many latents: latents, where the solver starts, and the values.
    pub fn of_spectra(config: &'a RunConfig, data: usize, number: usize) -> Self {
        let (latent, _) = widths(config, data);
        let demand = Demand::new(&[&format!("--samples {number}")], 3.0 * number as f64 * latent as f64, "take fewer");
        Self { config, work: "the diagnosis".into(), demands: vec![demand] }
    }

    /// The needs of scoring so many samples of the data, which are held beside as many training samples. `key`: where their number is
    /// from.
    pub fn of_scores(config: &'a RunConfig, data: &dyn Dataset, samples: usize, key: &str) -> Self {
        let numbers = (samples as f64 + held_out(data, samples)) * data.width() as f64;
        let demand = Demand::new(&[key], numbers, "score fewer samples");
        Self { config, work: "scoring".into(), demands: vec![demand] }
    }
}

impl Demand {
    /// The largest part of an evaluation: its parts follow each other.
    pub(super) fn of_evaluation(config: &RunConfig, evaluate: &EvaluateConfig, data: &dyn Dataset) -> Self {
        let (latent, width) = widths(config, data.width());
        let [latent, width] = [latent, width].map(|width| width as f64);
        let (annealing, samples) = (&evaluate.annealing, "use fewer samples");
        // Latents are drawn beside as many held-out samples.
        let generated = evaluate.generated as f64 * latent + held_out(data, evaluate.generated) * width;
        let of_chains = |chains: usize, width: f64| ARRAYS_OF_CHAINS * chains as f64 * width;
        let start = match annealing.start {
            Start::Gaussian => width,
            _ => latent.min(width),
        };
        let temperatures = if annealing.chains > 0 { annealing.temperatures as f64 } else { 0.0 };
        let parts = [
            Self::new(&["evaluate.generated"], if plays(config) { generated } else { 0.0 }, samples),
            Self::new(&["evaluate.held_out"], held_out(data, evaluate.held_out) * width, samples),
            Self::new(&["evaluate.annealing.chains"], of_chains(annealing.chains, start), "use fewer chains"),
            Self::new(
                &["evaluate.annealing.temperatures"],
                NUMBERS_OF_TEMPERATURE * temperatures,
                "use fewer temperatures",
            ),
            Self::new(&["evaluate.wells.chains"], of_chains(evaluate.wells.chains, width), "use fewer chains"),
        ];
        let [first, others @ ..] = parts;
        others.into_iter().fold(first, |largest, part| if part.numbers > largest.numbers { part } else { largest })
    }
}

/// Whether the models of a configuration have a generator that is trained.
fn plays(config: &RunConfig) -> bool {
    config.train.objective == Objective::Bidirectional
}

/// How many held-out samples there are where so many are asked for, as far as that is known.
fn held_out(data: &dyn Dataset, wanted: usize) -> f64 {
    let there = match (data.fingerprint(), data.len()) {
        (Some(known), _) => wanted.min(known.split.held_out),
        (None, None) => wanted,
        (None, Some(_)) => 0,
    };
    there as f64
}

#[cfg(test)]
mod tests {
    use super::super::available::Available;
    use super::*;
    use crate::config::{Layers, Origin};
    use ebm_core::data::{Fingerprint, Split};
    use ebm_core::{device::Real, random::Random};

    /// Data of three dimensions, of which some samples are held out, or as many as are asked for.
    struct Data(Option<usize>);

    impl Dataset for Data {
        fn width(&self) -> usize {
            3
        }
        fn draw(&self, n: usize, random: Random) -> Vec<Real> {
            random.normals(3 * n)
        }
        fn fingerprint(&self) -> Option<Fingerprint> {
            let split = Split { training: 90, validation: 0, held_out: self.0?, rows: String::new() };
            Some(Fingerprint { rows: 100, content: String::new(), split })
        }
    }

    fn config(text: &str) -> RunConfig {
        let file = Layers::default().toml(Origin::File("run.toml".into()), text);
        file.and_then(Layers::resolve).unwrap().config
    }

    #[test]
    fn the_largest_part_of_an_evaluation_is_told() {
        for (text, data, key, numbers) in [
            ("generated = 1000\nheld_out = 10", Data(None), "evaluate.generated", 6000.0),
            ("generated = 1000\nheld_out = 10", Data(Some(20)), "evaluate.generated", 3060.0),
            ("generated = 10\nheld_out = 1000000", Data(None), "evaluate.held_out", 3_000_000.0),
            ("generated = 10\nheld_out = 1000000", Data(Some(20)), "evaluate.wells.chains", 6.0 * 64.0 * 3.0),
            ("annealing.chains = 1000000", Data(None), "evaluate.annealing.chains", 18_000_000.0),
            ("annealing = { chains = 2, temperatures = 1000000 }", Data(None), "evaluate.annealing.temperatures", 3e6),
        ] {
            let config = config(&format!("[evaluate]\n{text}"));
            let found = Demand::of_evaluation(&config, &config.evaluate, &data);
            assert_eq!((found.keys, found.numbers), (vec![key.to_string()], numbers), "{text}");
        }
    }

    #[test]
    fn an_option_of_the_command_line_is_told_in_place_of_the_keys_that_it_stands_for() {
        let config = config("");
        let evaluate = EvaluateConfig { generated: 1000, held_out: 1000, ..config.evaluate.clone() };
        let needs = Needs::of_evaluation(&config, &evaluate, &Data(None), Some("--samples 1000".into()));
        let told = needs.beyond(Available::AddressSpace(5)).unwrap().reason;
        assert!(told.starts_with("--samples 1000: the evaluation needs at least "), "{told}");
        assert!(told.contains(" of memory, and ulimit -v allows 5 B; use fewer samples"), "{told}");
        assert_eq!(needs.beyond(Available::AddressSpace(1 << 20)), None);
        let sampled = Needs::of_samples(&config, 3, usize::MAX).beyond(Available::Free(1 << 40)).unwrap();
        assert!(sampled.reason.starts_with("-n 18446744073709551615: drawing samples needs "), "{}", sampled.reason);
        let scored = Needs::of_scores(&config, &Data(Some(20)), 1000, "evaluate.held_out");
        assert_eq!(scored.bytes(), (3 * 1020 * size_of::<Real>()) as f64);
    }
}
