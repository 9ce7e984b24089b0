//! `ebm bounds`: the bounds that are linked into this program.

use clap::Subcommand;
use ebm_core::registry::{self, Descriptor, LowerBoundConfig, Need, Registered, UpperBoundConfig};
use serde::Serialize;
use std::fmt::Write;
use toml::{Table, Value};

use super::list::{Kind, entries, print_entries};
use crate::config::options::{OptionRow, options};
use crate::config::{schema::Schema, suggest};
use crate::exit::{Exit, Failure, OrExit};
use crate::output::print;

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

pub fn run(command: &Bounds) -> Result<Exit, Failure> {
    match command {
        Bounds::List { json } => print_entries(&entries(Kind::Bound), *json),
        Bounds::Describe { name } => print(&describe(name)?),
        #[cfg(feature = "conformance")]
        Bounds::Check { name, cases, seed, json } => check(name.as_deref(), *cases, *seed, *json),
    }
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

fn unknown(name: &str) -> Failure {
    let names: Vec<_> = entries(Kind::Bound).iter().map(|entry| entry.name).collect();
    Failure::message(Exit::Usage, format!("there is no bound {name:?}; {}", suggest::hint(name, &names)))
}

fn describe_one<C: Registered + Serialize + ?Sized>(d: &Descriptor<C>, section: &str) -> anyhow::Result<String> {
    let guarantee = match d.guarantee {
        Some(level) => format!("{level} at best; each value that is reported says what holds for it"),
        None => "none".into(),
    };
    let mut text = format!("{}: {}\n{}\n\n", d.name, C::KIND, d.summary);
    writeln!(text, "Guarantee: {guarantee}")?;
    writeln!(text, "Needs:     {}", needs(d.needs))?;
    writeln!(text, "Crate:     {} {}", d.crate_name, d.crate_version)?;
    writeln!(text, "Reference: {}\n\nOptions:", d.reference)?;
    let (rows, example) = options_of(d, section, "")?;
    write_options(&mut text, &rows)?;
    writeln!(text, "\nExample:\n")?;
    for line in example.lines() {
        writeln!(text, "{}", format!("    {line}").trim_end())?;
    }
    Ok(text)
}

/// The options of a component, whose keys start with `path`, and an example with all of them at their defaults.
pub(super) fn options_of<C>(d: &Descriptor<C>, section: &str, path: &str) -> anyhow::Result<(Vec<OptionRow>, String)>
where
    C: Registered + Serialize + ?Sized,
{
    let schema = (d.schema)();
    let defaults = Table::try_from((d.example)())?;
    let rows = options(Schema::new(&schema), &defaults, path);
    let example = Table::from_iter([(section.to_string(), Value::Table(defaults))]);
    Ok((rows, toml::to_string(&example)?))
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
        Need::FullRank => "a generator whose Jacobian can have full rank",
        Need::TimeConditionalEnergy => "an energy that knows a diffusion time",
        _ => "a model with a property that this program has no words for",
    };
    match needs {
        [] => "nothing".into(),
        some => some.iter().map(phrase).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(feature = "conformance")]
fn check(name: Option<&str>, cases: Option<u32>, seed: u64, json: bool) -> Result<Exit, Failure> {
    use crate::{output::print_json, selftest::quietly};
    use ebm_conformance::{Options, Report, check_lower, check_upper};

    let options = Options { seed, cases: cases.unwrap_or(Options::default().cases) };
    let mut chosen = entries(Kind::Bound);
    chosen.retain(|entry| name.is_none_or(|name| name == entry.name));
    if let Some(name) = name.filter(|_| chosen.is_empty()) {
        return Err(unknown(name));
    }
    let mut reports: Vec<Report> = Vec::new();
    for entry in chosen {
        let lower = entry.kind == <dyn LowerBoundConfig>::KIND;
        let check = if lower { check_lower } else { check_upper };
        // A panic in a bound is in its report, with the smallest case that causes it.
        let report = quietly(|| check(entry.name, &options));
        if !json {
            print(&format!("{report}\n\n"))?;
        }
        reports.push(report);
    }
    if json {
        print_json(&reports)?;
    }
    Ok(if reports.iter().any(Report::failed) { Exit::Contract } else { Exit::Success })
}
