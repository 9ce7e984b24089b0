use ebm_core::bounds::Measurement;
use ebm_train::StepReport;

/// The numbers of a report that signs of trouble are read from, in nats unless they say otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub step: u64,
    /// `E_data[E] - E_pg[E]`
    pub contrast: f64,
    /// Standard deviations of the energies of data, and of generated samples.
    pub spreads: [f64; 2],
    /// The lower bound of the generator's entropy.
    pub entropy: Option<f64>,
    /// The lower bound's mutual information of samples and latents, if it has one.
    pub mutual_information: Option<f64>,
    /// Upper minus lower bound.
    pub gap: Option<f64>,
    pub generator_loss: Option<f64>,
    /// What the weighted samples of the energy's step are worth, as a share of the generated ones; `None` without weights.
    pub effective_share: Option<f64>,
}

impl Point {
    /// The numbers of a report that has both energies.
    pub fn of(report: &StepReport) -> Option<Self> {
        let (data, generated) = (report.data_energy.as_ref()?, report.generated_energy.as_ref()?);
        let spread = |m: &Measurement| m.standard_error * (m.samples as f64).sqrt();
        let diagnostics = report.entropy.iter().flat_map(|entropy| &entropy.diagnostics);
        let mut mutual_information = diagnostics.filter(|(name, _)| name == "mutual_information");
        Some(Self {
            step: report.step,
            contrast: data.value - generated.value,
            spreads: [spread(data), spread(generated)],
            entropy: report.entropy.as_ref().map(|entropy| entropy.value),
            mutual_information: mutual_information.next().map(|(_, value)| *value),
            gap: report.gap.as_ref().map(|gap| gap.value),
            generator_loss: report.generator_loss,
            effective_share: report.effective_samples.map(|worth| worth / generated.samples as f64),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::bounds::Guarantee;

    #[test]
    fn the_numbers_are_those_of_the_report() {
        let measured = |value: f64, error: f64| Measurement::new(value, error, 100, Guarantee::heuristic("test"));
        let report = StepReport {
            step: 7,
            data_energy: Some(measured(3.0, 0.2)),
            generated_energy: Some(measured(1.0, 0.4)),
            entropy: Some(measured(-1.0, 0.1).with("mutual_information", 2.5)),
            effective_samples: Some(25.0),
            ..Default::default()
        };
        let point = Point::of(&report).unwrap();
        // Standard errors times the root of 100 samples.
        assert_eq!((point.step, point.contrast, point.spreads), (7, 2.0, [2.0, 4.0]));
        assert_eq!((point.entropy, point.mutual_information, point.gap), (Some(-1.0), Some(2.5), None));
        assert_eq!(point.effective_share, Some(0.25));
        assert_eq!(Point::of(&StepReport::default()), None);
    }
}
