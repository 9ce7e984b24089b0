use crate::quadrature::LogPartition;
use ebm_train::Evaluation;
use serde::{Deserialize, Serialize};
use std::fmt;

use super::sandwich::Sandwich;
use crate::metric::{MetricValue, Unit};
use crate::table::Rows;

/// A metric that could not be had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Absent {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// The outcome of an evaluation. `Display` gives a text table; serde gives JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// The numbers.
    #[serde(rename = "figures")]
    pub values: Vec<MetricValue>,
    /// Numbers that could not be had, with the reason.
    pub absent: Vec<Absent>,
    /// Warnings that the reader must know before believing a number.
    pub warnings: Vec<String>,
    /// Whether the bounds are on their sides of the exact likelihood, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandwich: Option<Sandwich>,
    /// Details of the quadrature behind the likelihood.
    pub quadrature: Option<LogPartition>,
}

impl Report {
    /// The value of a metric.
    pub fn get(&self, name: &str) -> Option<&MetricValue> {
        self.values.iter().find(|metric| metric.name == name)
    }

    /// The values as an observer of a training run reports them.
    pub fn evaluation(&self) -> Evaluation {
        let entry = |metric: &MetricValue| (metric.name.clone(), metric.measurement());
        self.values.iter().map(entry).collect()
    }

    /// Says why a metric could not be had.
    pub fn lack(&mut self, name: &str, reason: impl Into<String>) {
        self.absent.push(Absent { name: name.into(), reason: reason.into() });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = ["figure", "value", "+- s.e.", "unit", "samples", "claim"];
        let mut rows = Rows::new(header, [false, true, true, false, true, false]);
        for metric in &self.values {
            rows.push([
                metric.label.clone(),
                value(metric.value, metric.unit),
                metric.standard_error.map_or("-".into(), |e| error(e, metric.unit)),
                unit(metric.unit).into(),
                metric.samples.to_string(),
                metric.guarantee.as_ref().map_or("-".into(), |g| g.level.to_string()),
            ]);
        }
        write!(f, "{rows}")?;
        if let Some(sandwich) = &self.sandwich {
            writeln!(f, "\nSandwich: {sandwich}")?;
        }
        if !self.values.is_empty() {
            writeln!(f, "\nHow each was computed:")?;
        }
        for metric in &self.values {
            write!(f, "  {}: {}", metric.label, metric.protocol)?;
            match &metric.guarantee {
                Some(guarantee) => writeln!(f, " ({}: {})", guarantee.level, guarantee.reason)?,
                None => writeln!(f)?,
            }
            for (name, value) in &metric.diagnostics {
                writeln!(f, "    {name} = {value:.6}")?;
            }
        }
        if !self.absent.is_empty() {
            writeln!(f, "\nNot available:")?;
        }
        for absent in &self.absent {
            writeln!(f, "  {}: {}", absent.name, absent.reason)?;
        }
        for warning in &self.warnings {
            writeln!(f, "\nwarning: {warning}")?;
        }
        Ok(())
    }
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Nats => "nats",
        Unit::Share => "%",
        Unit::Count | Unit::Number => "",
    }
}

fn value(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Count => format!("{value}"),
        Unit::Share => format!("{:.2}", 100.0 * value),
        Unit::Nats | Unit::Number if value.abs() >= 1e6 => format!("{value:.4e}"),
        Unit::Nats | Unit::Number => format!("{value:.4}"),
    }
}

fn error(error: f64, unit: Unit) -> String {
    match unit {
        Unit::Share => format!("{:.2}", 100.0 * error),
        Unit::Nats if error > 0.0 && error < 5e-5 => format!("{error:.1e}"),
        _ => value(error, unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::bounds::{Guarantee, Measurement};

    fn report() -> Report {
        let mut report = Report::default();
        let nll = Measurement::new(-1.25, 0.0125, 10_000, Guarantee::certified("by quadrature"));
        report.values.push(MetricValue::nats("nll", "exact NLL", &nll, "mean E(x) + log Z"));
        let (half, protocol) = ((0.5, Unit::Share), "within 4 standard deviations");
        let share = MetricValue::new("good_share", "good samples", half, 10_000, protocol);
        report.values.push(share.with_error(0.005));
        report.lack("lower", "no lower bound was in use");
        report.warnings.push("2.0 % lies outside".into());
        report
    }

    #[test]
    fn the_table_says_value_error_unit_samples_claim_and_protocol() {
        let text = report().to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "figure          value  +- s.e.  unit  samples  claim");
        assert_eq!(lines[1], "exact NLL     -1.2500   0.0125  nats    10000  certified");
        assert_eq!(lines[2], "good samples    50.00     0.50  %       10000  -");
        assert!(text.contains("exact NLL: mean E(x) + log Z (certified: by quadrature)"), "{text}");
        assert!(text.contains("lower: no lower bound was in use"), "{text}");
        assert!(text.contains("warning: 2.0 % lies outside"), "{text}");
    }

    #[test]
    fn json_carries_everything_and_reads_back_and_observers_get_every_figure_by_its_key() {
        let report = report();
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["figures"][0]["unit"], "nats");
        assert_eq!(json["figures"][0]["standard_error"], 0.0125);
        assert_eq!(json["figures"][0]["guarantee"]["level"], "certified");
        assert_eq!(json["figures"][1]["samples"], 10_000);
        assert_eq!(serde_json::from_value::<Report>(json).unwrap(), report);
        let evaluation = report.evaluation();
        assert_eq!(evaluation.keys().collect::<Vec<_>>(), ["good_share", "nll"]);
        assert_eq!(evaluation["nll"].standard_error, 0.0125);
    }
}
