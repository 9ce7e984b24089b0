//! The numbers that an evaluation reports. Each [`Metric`] is one file and registers itself by name, with the units and better
//! directions of its values and with what it needs of model and data.
//!
//! | values | of | source |
//! |---|---|---|
//! | `nll`, `log_z` and what belongs to them | energies on a grid | |
//! | `ais_nll`, `reverse_ais_nll` | annealed chains | Neal 2001; Grosse, Ghahramani and Adams 2015 |
//! | `weights_nll`, `cubo_nll` | the generator's weights | Dieng et al., NeurIPS 2017 |
//! | `sampler_nll` | annealed chains run backwards | Burda, Grosse and Salakhutdinov, AISTATS 2015 |
//! | `gaussian_nll` | a Gaussian fitted to the data | |
//! | `distant_mass`, `distant_states` | chains from broad starts | |
//! | `lower`, `upper`, `gap` and their terms | the bounds in use | |
//! | `modes_covered`, `good_share` | samples | |
//! | `energy_distance` | samples | Székely and Rizzo 2013 |
//! | `stacked_modes`, `stacked_kl` ([`ModeHistogram`]) | classes | Metz et al., ICLR 2017 |
//! | `classifier_frechet` ([`frechet_distance`]) | features, or their moments | Heusel et al., NeurIPS 2017 |
//! | `classifier_score` ([`inception_score`]) | class probabilities | Salimans et al., NeurIPS 2016 |
//! | `precision`, `recall`, `density`, `coverage` ([`Prdc`]) | features | Kynkäänniemi et al., NeurIPS 2019; Naeem et al., ICML 2020 |
//!
//! The functions of features, probabilities and classes are tested for equality with their usual Python packages; see
//! `tests/fixtures/metrics`.

mod accuracy;
mod ais;
mod bounds;
mod classified;
mod cloud;
mod context;
mod energy_distance;
mod frechet;
mod gaussian;
mod generator_weights;
mod inception_score;
mod modes;
mod nll;
mod of_log_z;
mod prdc;
mod prospect;
mod registry;
mod sampler;
mod stacked_modes;
mod value;
mod wells;

pub use context::{Context, Subject};
pub use ebm_train::metric::{Descriptor, Direction, Unit, Values, direction, find};
pub use frechet::{Side, frechet_distance, frechet_value};
pub use inception_score::inception_score;
pub use modes::{Coverage, GOOD_RADIUS};
pub use prdc::{Prdc, neighbour_values};
pub use prospect::Prospect;
pub use registry::{Findings, Metric, Need, Reason, Registration, all, registrations};
pub use stacked_modes::ModeHistogram;
pub(crate) use value::nan_at_null_in_pair;
pub use value::{MetricValue, nan_at_null, nan_at_null_in_map};
