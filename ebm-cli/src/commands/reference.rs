//! The text of `ebm config reference`: every option of everything that is linked in, as Markdown. The book contains it too.

use ebm_core::registry::{
    self, DatasetConfig, Descriptor, EnergyConfig, GeneratorConfig, LowerBoundConfig, Registered, UpperBoundConfig,
};
use ebm_train::TrainConfig;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write;
use toml::Table;

use super::bounds::{self, needs};
use crate::config::options::{OptionRow, options};
use crate::config::schema::Schema;
use crate::config::{CheckpointConfig, LogConfig, SweepSpec, suggest};
use crate::exit::{Exit, Failure, OrExit, fail};
use ebm_eval::evaluate::EvaluateConfig;

/// The reference of a section or of a component.
struct Part {
    /// The name that it is requested by: `train`, `upper.gp`.
    place: String,
    title: String,
    text: String,
}

/// The whole reference with headings, or that of one place without.
pub fn reference(place: Option<&str>) -> Result<String, Failure> {
    let parts = parts().or_exit(Exit::Other)?;
    let Some(place) = place else {
        let headed = |part: &Part| format!("## {}\n\n{}", part.title, part.text);
        let whole: Vec<_> = parts.iter().map(headed).collect();
        return Ok(whole.join("\n"));
    };
    if let Some(part) = parts.iter().find(|part| part.place == place) {
        return Ok(part.text.clone());
    }
    let places: Vec<_> = parts.iter().map(|part| part.place.as_str()).collect();
    fail!(Exit::Usage, "there are no options at {place:?}; {}", suggest::hint(place, &places))
}

fn parts() -> anyhow::Result<Vec<Part>> {
    let mut parts = Vec::new();
    components::<dyn DatasetConfig>(&mut parts, "data")?;
    components::<dyn GeneratorConfig>(&mut parts, "generator")?;
    components::<dyn EnergyConfig>(&mut parts, "energy")?;
    components::<dyn LowerBoundConfig>(&mut parts, "lower")?;
    components::<dyn UpperBoundConfig>(&mut parts, "upper")?;
    parts.push(section::<TrainConfig>("train")?);
    parts.push(section::<EvaluateConfig>("evaluate")?);
    parts.push(section::<CheckpointConfig>("checkpoint")?);
    parts.push(section::<LogConfig>("log")?);
    // A file of its own, whose keys stand at its top.
    parts.push(Part { place: "sweep".into(), title: "`sweep`".into(), text: options_of::<SweepSpec>("")? });
    Ok(parts)
}

fn components<C: Registered + Serialize + ?Sized>(parts: &mut Vec<Part>, section: &str) -> anyhow::Result<()> {
    for descriptor in registry::all::<C>() {
        parts.push(Part {
            place: format!("{section}.{}", descriptor.name),
            title: format!("`{section} = {:?}`", descriptor.name),
            text: component(descriptor, section)?,
        });
    }
    Ok(())
}

fn component<C: Registered + Serialize + ?Sized>(d: &Descriptor<C>, section: &str) -> anyhow::Result<String> {
    let mut text = String::from("| | |\n|---|---|\n");
    writeln!(text, "| {} | {} |", C::KIND, cell(d.summary))?;
    if let Some(level) = d.guarantee {
        writeln!(text, "| claims | {level} at best |")?;
        writeln!(text, "| needs | {} |", needs(d.needs))?;
    }
    writeln!(text, "| crate | `{}` |", d.crate_name)?;
    writeln!(text, "| reference | {} |", cell(d.reference))?;
    let (entries, example) = bounds::options_of(d, section, &format!("{section}."))?;
    if entries.is_empty() {
        writeln!(text, "\nIt has no options: `{section} = {:?}`.", d.name)?;
        return Ok(text);
    }
    table(&mut text, &entries)?;
    writeln!(text, "\n```toml\n{example}```")?;
    Ok(text)
}

fn section<T: Serialize + Default + JsonSchema>(name: &str) -> anyhow::Result<Part> {
    Ok(Part { place: name.into(), title: format!("`[{name}]`"), text: options_of::<T>(&format!("{name}."))? })
}

/// The description of a table and its options, whose keys start with `path`.
fn options_of<T: Serialize + Default + JsonSchema>(path: &str) -> anyhow::Result<String> {
    let schema = schemars::schema_for!(T).to_value();
    let schema = Schema::new(&schema);
    let mut text = schema.description().map(|words| words + "\n").unwrap_or_default();
    table(&mut text, &options(schema, &Table::try_from(T::default())?, path))?;
    Ok(text)
}

fn table(text: &mut String, rows: &[OptionRow]) -> std::fmt::Result {
    writeln!(text, "\n| option | type | default | meaning |\n|---|---|---|---|")?;
    for (place, row) in rows.iter().enumerate() {
        let default = row.default.as_ref().map(|value| format!("`{value}`"));
        // Choices that many options have, such as activations, are explained once.
        let explained = rows[..place].iter().find(|before| before.choices == row.choices);
        let choices: Vec<_> = match explained.filter(|_| !row.choices.is_empty()) {
            Some(before) => vec![format!("The choices are those of `{}`.", before.key)],
            None => row.choices.iter().map(|(name, meaning)| format!("`{name:?}`: {meaning}")).collect(),
        };
        let meaning = [row.meaning.as_slice(), &choices].concat().join("\n");
        let cells = [row.type_name.as_str(), &default.unwrap_or_default(), &meaning].map(cell);
        writeln!(text, "| `{}` | {} |", row.key, cells.join(" | "))?;
    }
    Ok(())
}

/// Text for a cell of a table.
fn cell(words: &str) -> String {
    words.replace('|', "\\|").replace('\n', "<br>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_its_own_text_and_the_whole_has_them_all() {
        let whole = reference(None).unwrap();
        let parts = parts().unwrap();
        assert!(parts.len() > 20);
        for part in &parts {
            let headed = format!("## {}\n\n{}", part.title, part.text);
            assert!(whole.contains(&headed), "{}", part.place);
            assert_eq!(reference(Some(&part.place)).unwrap(), part.text);
        }
        // A row has as many cells as its head.
        for line in whole.lines().filter(|line| line.starts_with("| `")) {
            let bars = line.replace("\\|", "").matches('|').count();
            assert_eq!(bars, 5, "{line}");
        }
        let failure = reference(Some("uper.gp")).unwrap_err();
        assert!(failure.to_string().contains("did you mean `upper.gp`?"), "{failure}");
    }

    #[test]
    fn choices_of_several_options_are_explained_once() {
        let text = reference(Some("generator.mlp")).unwrap();
        assert_eq!(text.matches("1 + e^-x").count(), 1, "{text}");
        assert!(text.contains("The choices are those of `generator.activation`."), "{text}");
    }
}
