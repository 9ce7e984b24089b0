use ebm_core::bounds::{Guarantee, Measurement};

use super::of_log_z::push;
use super::{Context, Findings, Metric, Reason};
use crate::annealing::CHAINS_A_POINT;

/// A bound of the NLL of the annealed sampler, a model of its own.
struct Sampler;

crate::register_metric!(
    Sampler,
    place: 24,
    needs: [HeldOut],
    values: ["sampler_nll": Nats, Lower, "sampler_nll_in_source_units": Nats, Lower],
);

impl Metric for Sampler {
    fn measure(&self, context: &Context<'_>, found: &mut Findings) -> Result<(), Reason> {
        let config = &context.config.annealing;
        if !config.sampler {
            return Ok(());
        }
        let values = context.sampler_nlls()?;
        let claim = "in expectation, of the sampler's NLL: its density is estimated without bias by chains that run backwards, however \
                     they mix. It is no bound of the energy's own NLL, which it approaches as temperatures grow";
        let nll = Measurement::of(values, Guarantee::certified(claim));
        let protocol = format!(
            "the model is a Gaussian fitted to the data, taken through {} transitions towards the energy; {CHAINS_A_POINT} chains back \
             from each of the first held-out samples, as many as evaluate.annealing.chains",
            config.temperatures - 1
        );
        push(context, found, ("sampler_nll", "upper bound of the annealed sampler's NLL"), &nll, &protocol);
        Ok(())
    }
}
