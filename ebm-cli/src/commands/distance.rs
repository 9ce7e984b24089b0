//! `ebm distance`: how far two sets of features are apart.

use anyhow::anyhow;

use super::print;
use crate::cli::Distance;
use crate::exit::{Exit, Failure, OrExit};
use ebm_eval::evaluate::Report;
use ebm_eval::features::Archive;
use ebm_eval::metric::{Neighbours, Side, frechet_value, neighbour_values};

/// Digits of a file's hash that figures are given with.
const DIGITS_OF_HASH: usize = 16;

/// Does it.
///
/// # Errors
/// If a file cannot be read, or the features do not belong together.
pub fn run(arguments: &Distance) -> Result<Exit, Failure> {
    let real = Archive::read(&arguments.real).or_exit(Exit::Data)?;
    let generated = Archive::read(&arguments.generated).or_exit(Exit::Data)?;
    let both = || format!("{} and {}", real.path.display(), generated.path.display());
    let named = |error| Failure::new(Exit::Data, anyhow!("{}: {error}", both()));
    let described = |archive: &Archive| {
        format!(
            "{} (BLAKE3 {})",
            archive.path.display(),
            &archive.hash[..DIGITS_OF_HASH]
        )
    };
    let of = format!("in {} and {}", described(&generated), described(&real));

    let mut report = Report::default();
    let moments = (real.moments().map_err(named)?, generated.moments().map_err(named)?);
    let value = frechet_value(
        ("frechet", "Frechet distance"),
        Side {
            moments: &moments.0,
            what: "real samples",
        },
        Side {
            moments: &moments.1,
            what: "generated samples",
        },
        &of,
    );
    report.values.push(value.map_err(named)?);
    match (real.features().map_err(named)?, generated.features().map_err(named)?) {
        (Some(real), Some(generated)) => {
            let neighbours = Neighbours {
                k: arguments.neighbours,
                most: usize::MAX,
            };
            let values = neighbour_values(real, generated, neighbours, &of).map_err(named)?;
            report.values.extend(values);
        }
        _ => report.lack(
            "precision",
            "both files must hold `features`; mean and covariance say nothing of neighbours",
        ),
    }
    match arguments.json {
        true => print(&format!(
            "{}\n",
            serde_json::to_string_pretty(&report).or_exit(Exit::Other)?
        )),
        false => print(&report.to_string()),
    }
}
