//! `ebm bounds`: what is linked in.

use ebm_core::registry::{self, Descriptor, LowerBoundConfig, Need, Registered, UpperBoundConfig};
use serde::Serialize;
use std::fmt::Write;
use toml::{Table, Value};

use super::print;
use crate::cli::Bounds;
use crate::config::options::{OptionRow, options};
use crate::config::schema::Schema;
use crate::config::suggest;
use crate::exit::{Exit, Failure, OrExit};

/// Does it.
///
/// # Errors
/// If there is no bound of the name asked for.
pub fn run(command: &Bounds) -> Result<Exit, Failure> {
    match command {
        Bounds::List { json: false } => print(&table(&entries())),
        Bounds::List { json: true } => print(&format!(
            "{}\n",
            serde_json::to_string_pretty(&entries()).or_exit(Exit::Other)?
        )),
        Bounds::Describe { name } => print(&describe(name)?),
        #[cfg(feature = "conformance")]
        Bounds::Check {
            name,
            cases,
            seed,
            json,
        } => super::conformance::run(name.as_deref(), *cases, *seed, *json),
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
    of::<dyn LowerBoundConfig>()
        .chain(of::<dyn UpperBoundConfig>())
        .collect()
}

fn table(entries: &[Entry]) -> String {
    let crate_of = |entry: &Entry| format!("{} {}", entry.crate_name, entry.version);
    let claim = |entry: &Entry| entry.guarantee.clone().unwrap_or_else(|| "-".into());
    let head = ["NAME", "KIND", "AT BEST", "CRATE", "SUMMARY"].map(str::to_string);
    let row = |e: &Entry| {
        [
            e.name.into(),
            e.kind.into(),
            claim(e),
            crate_of(e),
            e.summary.to_string(),
        ]
    };
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(entries.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 4] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &rows {
        for (cell, width) in row.iter().zip(widths) {
            text.push_str(&format!("{cell:width$}  "));
        }
        text.push_str(&row[4]);
        text.push('\n');
    }
    text
}

fn describe(name: &str) -> Result<String, Failure> {
    let described = |text: anyhow::Result<String>| text.or_exit(Exit::Other);
    let lower = registry::find::<dyn LowerBoundConfig>(name).map(|d| described(describe_one(d, "lower")));
    let upper = registry::find::<dyn UpperBoundConfig>(name).map(|d| described(describe_one(d, "upper")));
    let found: Vec<String> = lower.into_iter().chain(upper).collect::<Result<_, _>>()?;
    if found.is_empty() {
        return Err(unknown(name));
    }
    Ok(found.join("\n"))
}

/// There is no bound of this name.
pub(super) fn unknown(name: &str) -> Failure {
    let names: Vec<_> = entries().iter().map(|entry| entry.name).collect();
    let message = format!("there is no bound {name:?}; {}", suggest::hint(name, &names));
    Failure::message(Exit::Usage, message)
}

fn describe_one<C>(d: &Descriptor<C>, section: &str) -> anyhow::Result<String>
where
    C: Registered + Serialize + ?Sized,
{
    let mut text = String::new();
    writeln!(text, "{}: {}\n{}\n", d.name, C::KIND, d.summary)?;
    match d.guarantee {
        Some(level) => writeln!(
            text,
            "Guarantee: {level} at best; each value that is reported says what holds for it"
        )?,
        None => writeln!(text, "Guarantee: none")?,
    }
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
        writeln!(
            text,
            "  {}{}  ({})",
            row.key,
            default.unwrap_or_default(),
            row.type_name
        )?;
        for line in &row.meaning {
            writeln!(text, "      {line}")?;
        }
        for (name, meaning) in &row.choices {
            writeln!(text, "      - {name:?}: {meaning}")?;
        }
    }
    Ok(())
}

/// What a bound needs of the models, in a phrase.
pub(super) fn needs(needs: &[Need]) -> String {
    match needs {
        [] => "nothing".into(),
        some => some.iter().map(need).collect::<Vec<_>>().join(", "),
    }
}

fn need(need: &Need) -> &'static str {
    match need {
        Need::Jacobian => "a generator whose Jacobian can be differentiated",
        Need::Noise => "a generator with noise > 0",
        Need::TimeConditionalEnergy => "an energy that knows a diffusion time",
        _ => "a model with a property that this program has no words for",
    }
}
