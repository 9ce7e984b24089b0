//! How much is tried.

/// Environment variable that says how many cases a rule is tried in.
const CASES: &str = "CONFORMANCE_CASES";

/// How many situations a rule is tried in, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Random situations a rule, at least 1.
    pub cases: u32,
    /// Seed of the situations: the same seed gives the same report.
    pub seed: u64,
}

impl Default for Options {
    /// 200 cases, or as many as the environment variable `CONFORMANCE_CASES` says; seed 0.
    fn default() -> Self {
        let told = std::env::var(CASES).ok().and_then(|told| told.trim().parse().ok());
        Self { cases: told.filter(|cases| *cases > 0).unwrap_or(200), seed: 0 }
    }
}
