use super::{Context, Findings, Metric, MetricValue, Reason, Unit};
use crate::wells::{MOST_DIMENSIONS, Search, Well};

/// Mass away from the data, as a share of the model's, from which on the reader is warned.
const MASS: f64 = 0.01;
/// A set of states is a well of its own if energies rise by this much, in nats, on the way to the data.
const BARRIER: f64 = 1.0;

/// The model's wells away from the data, as far as chains from broad starts find them.
struct Wells;

crate::register_metric!(
    Wells,
    place: 28,
    needs: [],
    values: ["distant_mass": Share, Lower, "distant_states": Share, Lower],
);

impl Metric for Wells {
    fn measure(&self, context: &Context<'_>, found: &mut Findings) -> Result<(), Reason> {
        let config = &context.config.wells;
        if config.chains == 0 {
            return Ok(());
        }
        let search =
            context.wells().ok_or("no state of finite energy was found near the data, or the data does not vary")?;
        let protocol = format!(
            "{} chains from starts much wider than the data, {} transitions each, compared with as many from data; a search that finds \
             nothing proves nothing",
            config.chains, config.transitions
        );
        if context.data.width() > MOST_DIMENSIONS {
            found.lack("distant_mass", format!("masses are not estimated in more than {MOST_DIMENSIONS} dimensions"));
        } else {
            let masses = search.wells.iter().filter_map(|well| well.mass);
            // The sum of nothing is minus zero.
            let odds = masses.fold(0.0, |odds, mass| odds + mass / (1.0 - mass));
            let share = if odds.is_finite() { odds / (1.0 + odds) } else { 1.0 };
            let (label, protocol) =
                ("model's mass away from the data, estimated", format!("entropy minus energy, {protocol}"));
            found.push(MetricValue::new("distant_mass", label, (share, Unit::Share), search.states, protocol));
        }
        let mut states = MetricValue::new(
            "distant_states",
            "broad chains' states away from the data",
            (search.away, Unit::Share),
            search.states,
            protocol,
        );
        states = states.with("data_energy", search.data_energy).with("lowest_data_energy", search.lowest_data_energy);
        if let Some(well) = search.wells.first() {
            states = states
                .with("well_energy", well.energy)
                .with("well_distance", well.distance)
                .with("well_barrier", well.barrier);
        }
        found.push(states);
        found.warnings.extend(search.wells.iter().find(|well| counts(well, &search, context.data.width())).map(|well| {
            let mass = match well.mass {
                Some(mass) => format!("estimated mass {:.1} % of the model's", 100.0 * mass),
                None => "of a mass that could not be estimated".into(),
            };
            format!(
                "the energy has a well of energy {:.3} nats at distance {:.3} from the data, {mass} (states at the data have {:.3} nats on \
                 average): what starts at the data or at the generator does not see it, nor do values of log Z from there, however well \
                 they agree",
                well.energy, well.distance, search.data_energy
            )
        }));
        Ok(())
    }
}

/// Whether the reader must know of a well: by its mass, or, where that is unknown, by energies as low as those at the data.
fn counts(well: &Well, search: &Search, width: usize) -> bool {
    if well.barrier < BARRIER && well.energy >= search.lowest_data_energy {
        return false;
    }
    match well.mass {
        Some(mass) => mass > MASS,
        None if width > MOST_DIMENSIONS => well.mean_energy < search.data_energy,
        None => well.energy < search.lowest_data_energy,
    }
}
