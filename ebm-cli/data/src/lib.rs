//! The data sets that come with `ebm`: distributions in the plane to draw from, tables in CSV or NPY files, and images.
//!
//! Each is a configuration that implements [`DatasetSpec`](ebm_core::registry::DatasetSpec) and registers itself by name.

mod checkerboard;
mod csv_file;
mod delegate;
mod epochs;
mod files;
#[cfg(test)]
mod fixture;
mod gaussian;
mod gaussian_mixture;
mod images;
mod npy_element;
mod npy_file;
mod npy_header;
mod pinwheel;
mod prefetched;
mod prelude;
mod recognise;
mod rescaled;
mod rings;
mod split;
mod swiss_roll;
mod synthetic;
mod table;
mod two_moons;
mod two_spirals;
mod unread_layout;
mod validating;

pub use checkerboard::Checkerboard;
pub use csv_file::{CsvFile, Header};
pub use gaussian::Gaussian;
pub use gaussian_mixture::{EightGaussians, TwentyFiveGaussians};
pub use images::{Background, Cifar, CifarLabels, Colour, Idx, ImageFolder, Layout, Npz, StackedMnist};
pub use npy_file::{NpyFile, read_numbers};
pub use pinwheel::Pinwheel;
pub use prefetched::Prefetched;
pub use recognise::recognise;
pub use rescaled::Rescaled;
pub use rings::Rings;
pub use split::Shares;
pub use swiss_roll::SwissRoll;
pub use table::{RawTable, Table};
pub use two_moons::TwoMoons;
pub use two_spirals::TwoSpirals;
pub use validating::Validating;

#[cfg(test)]
mod tests {
    use ebm_core::registry::{DatasetConfig, all, find};
    use ebm_core::{data::Dataset, device::Real, random::Random};
    use std::path::Path;

    const SYNTHETIC: [&str; 8] =
        ["25-gaussians", "8-gaussians", "checkerboard", "pinwheel", "rings", "swiss-roll", "two-moons", "two-spirals"];

    fn synthetic() -> Vec<(&'static str, Box<dyn Dataset>)> {
        let load = |name| {
            let config = (find::<dyn DatasetConfig>(name).unwrap().example)();
            config.check().unwrap();
            (name, config.load(Path::new("."), Random::new(0)).unwrap())
        };
        SYNTHETIC.map(load).into()
    }

    #[test]
    fn every_data_set_is_registered() {
        let of_files = ["cifar", "csv", "idx", "image-folder", "npy", "npz", "stacked-mnist"];
        for name in SYNTHETIC.into_iter().chain(of_files) {
            assert!(find::<dyn DatasetConfig>(name).is_some(), "{name}");
        }
    }

    #[test]
    fn configurations_are_documented_survive_being_written_and_read_and_refuse_unknown_options() {
        for descriptor in all::<dyn DatasetConfig>() {
            let schema = (descriptor.schema)();
            for (option, entry) in schema["properties"].as_object().into_iter().flatten() {
                assert!(entry["description"].is_string(), "{}: {option} has no description", descriptor.name);
            }
            let written = serde_json::to_value((descriptor.example)()).unwrap();
            assert_eq!(written["kind"], descriptor.name);
            let read: Box<dyn DatasetConfig> = serde_json::from_value(written.clone()).unwrap();
            assert_eq!(serde_json::to_value(read).unwrap(), written);
            let error = (descriptor.parse)(serde_json::json!({"nosie": 1})).err().unwrap();
            assert!(error.message.contains("nosie"), "{}: {error}", descriptor.name);
        }
    }

    #[test]
    fn draws_are_functions_of_the_place_and_held_out_samples_are_others() {
        for (name, data) in synthetic() {
            let place = Random::new(3).stream("data").at(8);
            let draw = data.draw(50, place);
            assert_eq!((data.width(), draw.len()), (2, 100), "{name}");
            assert_eq!(draw, data.draw(50, place), "{name}");
            assert_ne!(draw, data.draw(50, place.at(9)), "{name}");
            assert_ne!(draw, data.held_out(50, place), "{name}");
        }
    }

    #[test]
    fn toys_have_comparable_size_and_their_mean_in_the_middle() {
        for (name, data) in synthetic() {
            let values = data.draw(20_000, Random::new(4));
            let largest = values.iter().fold(0.0, |a: Real, v| a.max(v.abs()));
            assert!((1.3..4.5).contains(&largest), "{name}: {largest}");
            let mean = |axis: usize| values.iter().skip(axis).step_by(2).map(|&v| f64::from(v)).sum::<f64>() / 20_000.0;
            assert!(mean(0).hypot(mean(1)) < 0.6, "{name}: {} {}", mean(0), mean(1));
        }
    }

    #[test]
    fn known_entropies_belong_to_what_is_drawn() {
        // A histogram's plug-in entropy is an upper bound up to sampling error, close where cells are small.
        for (name, data) in synthetic() {
            let Some(entropy) = data.entropy() else { continue };
            let (n, cell) = (400_000, 0.01);
            let values = data.draw(n, Random::new(5));
            let mut counts = std::collections::HashMap::new();
            for row in values.chunks(2) {
                let place = [row[0], row[1]].map(|v| (f64::from(v) / cell).floor() as i64);
                *counts.entry(place).or_insert(0usize) += 1;
            }
            let shares = counts.values().map(|&count| count as f64 / n as f64);
            let plug_in: f64 = shares.map(|share| -share * (share / (cell * cell)).ln()).sum();
            // Miller and Madow's correction of the plug-in's bias.
            let estimate = plug_in + (counts.len() - 1) as f64 / (2.0 * n as f64);
            assert!((estimate - entropy).abs() < 0.1, "{name}: histogram {estimate}, stated {entropy}");
        }
    }
}
