use ebm_core::bounds::{EnergyView, Guarantee};
use ebm_core::{diffusion::Process, geometry::Geometry, models::TimedEnergy};

use crate::config::{DiffusionConfig, Form, Weighting};

/// The claim for the value; `whole`: it includes the times below `t_min`.
///
/// A cross-entropy without them is another quantity, and its reason says so.
pub(crate) fn claim<G: Geometry>(
    config: &DiffusionConfig,
    view: &EnergyView<'_, G>,
    energy: &dyn TimedEnergy<G>,
    whole: bool,
) -> Guarantee {
    let is_part = config.form == Form::CrossEntropy && !whole;
    let missing = if is_part { "; the times below t_min are not part of the value" } else { "" };
    let heuristic = |reason: &str| Guarantee::heuristic(format!("{reason}{missing}"));
    if config.weighting != Weighting::Likelihood {
        return heuristic("only the likelihood weighting g^2 makes the integral a bound");
    }
    if config.t_max != Process::HORIZON {
        return heuristic("the process is cut off before its end (t_max < 1)");
    }
    let solved = energy.fokker_planck().map(|known| known.process);
    if solved.is_some_and(|process| process != config.process) {
        return heuristic("E(x, t) solves the Fokker-Planck equation of another process than that of the bound");
    }
    if solved.is_none() {
        return heuristic(
            "a learned E(x, t) does not solve the Fokker-Planck equation exactly (see the diagnostic fokker_planck)",
        );
    }
    let geometry = view.generator.geometry();
    if config.form == Form::Divergence
        && geometry.data_width() > geometry.latent_width()
        && view.generator.facts().noise == 0.0
    {
        return heuristic("the samples lie on a manifold: their divergence from any density is infinite");
    }
    match (config.form, whole) {
        (Form::CrossEntropy, true) => Guarantee::certified(
            "E(x, t) solves the Fokker-Planck equation, likelihood weighting, every time from 0 to 1",
        ),
        (Form::CrossEntropy, false) => {
            Guarantee::asymptotic("in the limit t_min -> 0: the times below it are not part of the value")
        }
        (Form::Divergence, _) => Guarantee::asymptotic(
            "in the limit t_min -> 0: the times below it, and the divergence left at t = 1, are not part of the value",
        ),
    }
}
