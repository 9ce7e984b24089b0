//! Figures of generated images by the features of a network that the user gives.

use ebm_core::data::Dataset;
use ebm_core::geometry::Geometry;
use ebm_core::models::Generator;
use ebm_core::random::Random;

use super::comparison::{Neighbours, Sampled, frechet_figure, neighbour_figures};
use super::figure::Figure;
use super::generated::for_generated;
use super::protocol::EvaluateConfig;
use crate::features::{Archive, Extractor};
use crate::metrics::{Features, Moments};

/// Digits of a hash that figures are given with.
const DIGITS_OF_HASH: usize = 16;

/// Fréchet distance, precision, recall, density and coverage of `config.generated` samples, against `reference`, or else
/// against as many held-out samples.
///
/// # Errors
/// If the network cannot be run, or the reference is of another one.
pub fn extracted<G: Geometry>(
    generator: &dyn Generator<G>,
    data: &dyn Dataset,
    (extractor, reference): (&Extractor, Option<&Archive>),
    config: &EvaluateConfig,
    random: Random,
) -> anyhow::Result<Vec<Figure>> {
    let random = random.stream("extracted");
    let (mut values, mut width, mut failed) = (Vec::new(), 1, None);
    for_generated(generator, config.generated, random, |chunk| {
        match extractor.apply(chunk) {
            Ok((found, found_width)) => {
                values.extend(found);
                width = found_width;
            }
            Err(error) => failed = failed.take().or(Some(error)),
        }
    });
    if let Some(error) = failed {
        return Err(error.into());
    }
    let generated = Features::new(&values, width)?;
    let held_out = match reference {
        Some(_) => Vec::new(),
        None => {
            extractor
                .apply(&data.held_out(config.held_out, random.stream("data")))?
                .0
        }
    };
    let (moments, real, mut of) = match reference {
        Some(archive) => (
            archive.moments()?,
            archive.features()?,
            described(&archive.path, &archive.hash),
        ),
        None => {
            let real = Features::new(&held_out, width)?;
            (Moments::of(real)?, Some(real), String::new())
        }
    };
    if !of.is_empty() {
        of = format!(", real ones of {of}");
    }
    let extractor = format!("of {}{of}", described(&extractor.path, &extractor.hash));
    let real_side = Sampled {
        moments: &moments,
        what: if reference.is_some() {
            "reference samples"
        } else {
            "held-out samples"
        },
    };
    let generated_side = Sampled {
        moments: &Moments::of(generated)?,
        what: "generated samples",
    };
    let named = ("frechet", "Frechet distance");
    let mut figures = vec![frechet_figure(named, real_side, generated_side, &extractor)?];
    if let Some(real) = real {
        let neighbours = Neighbours {
            k: config.images.neighbours,
            most: config.images.neighbour_samples,
        };
        for mut figure in neighbour_figures(real, generated, neighbours, &extractor)? {
            // The own classifier's have the plain names.
            figure.name = format!("{}/extractor", figure.name);
            figure.label = format!("{}, extractor", figure.label);
            figures.push(figure);
        }
    }
    Ok(figures)
}

fn described(path: &std::path::Path, hash: &str) -> String {
    format!("{} (BLAKE3 {})", path.display(), &hash[..DIGITS_OF_HASH])
}
