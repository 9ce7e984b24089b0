//! `ebm bounds`: the bounds that are linked into this program.

use clap::Subcommand;
use ebm_core::registry::{self, Descriptor, LowerBoundConfig, Need, Registered, UpperBoundConfig};
use ebm_eval::evaluate::Rows;
use serde::Serialize;
use std::fmt::Write;
use toml::{Table, Value};

use crate::config::options::{OptionRow, options};
use crate::config::schema::Schema;
use crate::config::suggest;
use crate::exit::{Exit, Failure, OrExit};
use crate::output::{print, print_json};

/// `ebm bounds`.
#[derive(Debug, Subcommand)]
pub enum Bounds {
    /// List the bounds that are linked into this program
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Describe a bound: guarantee, needs, options, reference, example
    #[command(after_help = "Example:\n  ebm bounds describe gp")]
    Describe {
        /// Name of the bound, as in `ebm bounds list`
        name: String,
    },
    /// Check bounds against every rule of the contract, in random situations with known answers
    #[cfg(feature = "conformance")]
    #[command(after_help = "Example:\n  ebm bounds check gp --cases 1000\n\nExit code 9: a bound breaks a rule.")]
    Check {
        /// Name of a bound, as in `ebm bounds list` [default: all]
        name: Option<String>,
        /// Random situations for each rule [default: 200, or CONFORMANCE_CASES in the environment]
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        cases: Option<u32>,
        /// Seed of the situations
        #[arg(long, default_value_t = 0)]
        seed: u64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs the command.
pub fn run(command: &Bounds) -> Result<Exit, Failure> {
    match command {
        Bounds::List { json: false } => print(&table()),
        Bounds::List { json: true } => print_json(&entries()),
        Bounds::Describe { name } => print(&describe(name)?),
        #[cfg(feature = "conformance")]
        Bounds::Check { name, cases, seed, json } => check(name.as_deref(), *cases, *seed, *json),
    }
}

#[derive(Serialize)]
struct Entry {
    name: &'static str,
    kind: &'static str,
    guarantee: Option<String>,
    needs: &'static [Need],
    #[serde(rename = "crate")]
    crate_name: &'static str,
    version: &'static str,
    summary: &'static str,
    reference: &'static str,
}

fn entries() -> Vec<Entry> {
    fn of<C: Registered + ?Sized>() -> impl Iterator<Item = Entry> {
        registry::all::<C>().into_iter().map(|d| Entry {
            name: d.name,
            kind: C::KIND,
            guarantee: d.guarantee.map(|level| level.to_string()),
            needs: d.needs,
            crate_name: d.crate_name,
            version: d.crate_version,
            summary: d.summary,
            reference: d.reference,
        })
    }
    of::<dyn LowerBoundConfig>().chain(of::<dyn UpperBoundConfig>()).collect()
}

fn table() -> String {
    let mut rows = Rows::new(["NAME", "KIND", "AT BEST", "CRATE", "SUMMARY"], [false; 5]);
    for entry in entries() {
        let crate_of = format!("{} {}", entry.crate_name, entry.version);
        let claim = entry.guarantee.unwrap_or_else(|| "-".into());
        rows.push([entry.name.into(), entry.kind.into(), claim, crate_of, entry.summary.into()]);
    }
    rows.to_string()
}

fn describe(name: &str) -> Result<String, Failure> {
    let lower = registry::find::<dyn LowerBoundConfig>(name).map(|d| describe_one(d, "lower"));
    let upper = registry::find::<dyn UpperBoundConfig>(name).map(|d| describe_one(d, "upper"));
    let found: anyhow::Result<Vec<String>> = lower.into_iter().chain(upper).collect();
    match found.or_exit(Exit::Other)? {
        found if found.is_empty() => Err(unknown(name)),
        found => Ok(found.join("\n")),
    }
}

/// The failure for a name that no bound has.
fn unknown(name: &str) -> Failure {
    let names: Vec<_> = entries().iter().map(|entry| entry.name).collect();
    let message = format!("there is no bound {name:?}; {}", suggest::hint(name, &names));
    Failure::message(Exit::Usage, message)
}

fn describe_one<C>(d: &Descriptor<C>, section: &str) -> anyhow::Result<String>
where
    C: Registered + Serialize + ?Sized,
{
    let guarantee = match d.guarantee {
        Some(level) => format!("{level} at best; each value that is reported says what holds for it"),
        None => "none".into(),
    };
    let mut text = format!("{}: {}\n{}\n\n", d.name, C::KIND, d.summary);
    writeln!(text, "Guarantee: {guarantee}")?;
    writeln!(text, "Needs:     {}", needs(d.needs))?;
    writeln!(text, "Crate:     {} {}", d.crate_name, d.crate_version)?;
    writeln!(text, "Reference: {}\n\nOptions:", d.reference)?;
    let schema = (d.schema)();
    let defaults = Table::try_from((d.example)())?;
    write_options(&mut text, &options(Schema::new(&schema), &defaults, ""))?;
    writeln!(text, "\nExample:\n")?;
    let example = Table::from_iter([(section.to_string(), Value::Table(defaults))]);
    for line in toml::to_string(&example)?.lines() {
        writeln!(text, "{}", format!("    {line}").trim_end())?;
    }
    Ok(text)
}

fn write_options(text: &mut String, rows: &[OptionRow]) -> std::fmt::Result {
    if rows.is_empty() {
        return writeln!(text, "  none");
    }
    for row in rows {
        let default = row.default.as_ref().map(|value| format!(" = {value}"));
        let default = default.unwrap_or_default();
        writeln!(text, "  {}{default}  ({})", row.key, row.type_name)?;
        for line in &row.meaning {
            writeln!(text, "      {line}")?;
        }
        for (name, meaning) in &row.choices {
            writeln!(text, "      - {name:?}: {meaning}")?;
        }
    }
    Ok(())
}

/// A phrase for a bound's need of the models.
pub(super) fn needs(needs: &[Need]) -> String {
    let phrase = |need: &Need| match need {
        Need::Jacobian => "a generator whose Jacobian can be differentiated",
        Need::Noise => "a generator with noise > 0",
        Need::TimeConditionalEnergy => "an energy that knows a diffusion time",
        _ => "a model with a property that this program has no words for",
    };
    match needs {
        [] => "nothing".into(),
        some => some.iter().map(phrase).collect::<Vec<_>>().join(", "),
    }
}

/// Checks the bounds of a name, or all, against their contract.
#[cfg(feature = "conformance")]
fn check(name: Option<&str>, cases: Option<u32>, seed: u64, json: bool) -> Result<Exit, Failure> {
    use ebm_conformance::{Options, Report, check_lower, check_upper};
    use std::panic;

    let default = Options::default();
    let cases = cases.unwrap_or(default.cases);
    let options = Options { seed, cases };
    let chosen = entries().into_iter().filter(|entry| name.is_none_or(|name| name == entry.name));
    let chosen: Vec<Entry> = chosen.collect();
    if let Some(name) = name.filter(|_| chosen.is_empty()) {
        return Err(unknown(name));
    }
    // A panic in a bound is in its report, with the smallest case that causes it.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let mut reports: Vec<Report> = Vec::new();
    for entry in chosen {
        let report = match entry.kind == <dyn LowerBoundConfig>::KIND {
            true => check_lower(entry.name, &options),
            false => check_upper(entry.name, &options),
        };
        if !json {
            print(&format!("{report}\n\n"))?;
        }
        reports.push(report);
    }
    panic::set_hook(hook);
    if json {
        print_json(&reports)?;
    }
    Ok(match reports.iter().any(Report::failed) {
        true => Exit::Contract,
        false => Exit::Success,
    })
}
