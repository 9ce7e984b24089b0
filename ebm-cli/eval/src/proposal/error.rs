use thiserror::Error;

/// A generator that weights cannot be made from.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProposalError {
    /// Neither its samples nor its samples and latents together have a density that can be computed.
    #[error(
        "the generator has no density: it adds no noise, and is not known to be injective with as many latent as data dimensions \
         (it has {latent} and {data}); generator.noise > 0, or the generator \"flow\", gives it one"
    )]
    NoDensity {
        /// Latent dimensions.
        latent: usize,
        /// Data dimensions.
        data: usize,
    },
    /// Too few weights for the work that an evaluation spends on them.
    #[error(
        "a weight costs {passes} Jacobians of {latent} columns of {data} values: more than an evaluation spends on them \
         without being asked to"
    )]
    TooWide {
        /// Latent dimensions.
        latent: usize,
        /// Data dimensions.
        data: usize,
        /// Jacobians a weight.
        passes: usize,
    },
    /// There is nothing to start from.
    #[error("the model has no generator; evaluate.annealing.start = \"gaussian\" needs none")]
    NoGenerator,
}
