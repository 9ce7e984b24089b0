use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use ebm_core::error::ConfigError;
pub use ebm_core::schedule::Course;

/// A factor of the learning rate as a function of the step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// The shape of the decay.
    pub course: Course,
    /// Steps over which the rate rises linearly from 0 at the start.
    pub warmup: u64,
    /// Share of the run, from its start, before the decay begins.
    pub hold: f64,
    /// The factor at the last step (for every course but `constant`).
    #[default(0.01)]
    pub last: f64,
}

impl Schedule {
    /// Refuses the first value that cannot be used, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require((0.0..1.0).contains(&self.hold), "hold", self.hold, "a share of the run in [0, 1)")?;
        ConfigError::require(
            (0.0..=1.0).contains(&self.last) && (self.last > 0.0 || self.course != Course::Exponential),
            "last",
            self.last,
            "a factor in [0, 1], above 0 for an exponential course",
        )
    }

    /// The factor at `step` (from 0) of a run of `steps`.
    pub fn factor(&self, step: u64, steps: u64) -> f64 {
        let warm = match self.warmup {
            0 => 1.0,
            warmup => ((step + 1) as f64 / warmup as f64).min(1.0),
        };
        let start = self.hold * steps as f64;
        let length = (steps as f64 - 1.0 - start).max(1.0);
        let progress = ((step as f64 - start) / length).clamp(0.0, 1.0);
        warm * self.course.between(1.0, self.last, progress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_course_goes_from_one_to_its_last_factor() {
        for course in [Course::Linear, Course::Cosine, Course::Exponential] {
            let s = Schedule { course, last: 0.1, hold: 0.5, ..Default::default() };
            assert_eq!(s.factor(0, 1001), 1.0);
            assert_eq!(s.factor(500, 1001), 1.0);
            assert!((s.factor(1000, 1001) - 0.1).abs() < 1e-12, "{course:?}");
            let middle = s.factor(750, 1001);
            assert!(middle < 1.0 && middle > 0.1);
        }
    }

    #[test]
    fn values_halfway_are_those_of_the_curves() {
        let at = |course| Schedule { course, last: 0.25, ..Default::default() }.factor(50, 101);
        assert!((at(Course::Linear) - 0.625).abs() < 1e-12);
        assert!((at(Course::Cosine) - 0.625).abs() < 1e-12);
        assert!((at(Course::Exponential) - 0.5).abs() < 1e-12);
        assert_eq!(at(Course::Constant), 1.0);
    }

    #[test]
    fn the_rate_warms_up_linearly() {
        let s = Schedule { warmup: 4, ..Default::default() };
        assert_eq!([0, 1, 3, 9].map(|i| s.factor(i, 100)), [0.25, 0.5, 1.0, 1.0]);
    }
}
