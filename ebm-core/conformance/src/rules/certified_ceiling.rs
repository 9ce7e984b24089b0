//! An upper estimate of the entropy that is claimed certified is above the exact one.

use super::super::exact::{self, geometry};
use super::super::runner::{Stop, run};
use super::super::subject::{Bound, lower_view};
use super::{KNOWN, Level, On, Outcome, Side, on_its_side};
use ebm_core::tape::SharedTape;

pub(super) fn check(on: &On<'_>) -> Outcome {
    run(on.options, on.suited(KNOWN), |case| {
        let at = on.situation(case);
        let Bound::Lower(mut bound) = on.bound(geometry(case), case)? else {
            return Err(Stop::Silent("only lower bounds have a ceiling".into()));
        };
        let Some(ceiling) = bound.entropy_upper_bound(&lower_view(&at, SharedTape::off()))? else {
            return Err(Stop::Silent("it has no ceiling".into()));
        };
        if ceiling.guarantee.level != Level::Certified {
            return Err(Stop::Silent(format!("nothing is claimed certified: {}", ceiling.guarantee.reason)));
        }
        let Some(exact) = exact::entropy(case, &at) else {
            return Err(Stop::Silent("no exact value is known".into()));
        };
        on_its_side(Side::Upper, "the entropy's ceiling", &ceiling, exact)?;
        Ok(())
    })
}
