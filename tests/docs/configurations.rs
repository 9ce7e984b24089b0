//! Configurations can be used.

use ebm_cli::config::{ConfigFault, Grid, Layers, Origin, Sweep};
use std::collections::BTreeSet;

use ebm_tests::book::page::{Block, Page, pages, root};

/// Completes a part of a configuration: some bounds need a generator with noise. All else has a default, except for the
/// file of a table.
const COMPLETION: &str = "generator = { kind = \"mlp\", noise = 0.05 }";
const FILE: [&str; 2] = ["path = \"\"", "path = \"table.csv\""];

/// Why a block is not a configuration, or not a part of one.
fn refused(block: &Block) -> Option<String> {
    refused_alone(block).or_else(|| refused_in_a_grid(block))
}

fn refused_alone(block: &Block) -> Option<String> {
    let origin = || Origin::Section(block.place.clone());
    let layers = Layers::default().toml(origin(), COMPLETION).unwrap();
    let resolved = layers.toml(origin(), &block.text.replace(FILE[0], FILE[1])).and_then(Layers::resolve);
    resolved.err().map(|fault| fault.to_string())
}

/// Why a pair of bounds is refused, where the block says what differs between pairs.
fn refused_in_a_grid(block: &Block) -> Option<String> {
    let table: toml::Table = block.text.parse().unwrap();
    let compare = table.get("compare")?;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.toml");
    std::fs::write(&file, &block.text).unwrap();
    let told = |fault: ConfigFault| format!("{}: {fault}", block.place);
    let grid = match Grid::load(&file, &[]) {
        Ok(grid) => grid,
        Err(fault) => return Some(told(fault)),
    };
    let names = |side: &str, kinds: [&str; 2]| -> Vec<String> {
        let own = compare.get(side).and_then(toml::Value::as_table);
        let own = own.into_iter().flat_map(toml::Table::keys).cloned();
        kinds.into_iter().map(String::from).chain(own).collect()
    };
    let (lower, upper) = (names("lower", ["sv", "none"]), names("upper", ["gp", "none"]));
    let pairs = lower.iter().flat_map(|lower| upper.iter().map(move |upper| (lower, upper)));
    let mut faults = pairs.filter_map(|(lower, upper)| grid.resolve(lower, upper, 0).err());
    faults.next().map(told)
}

/// Why a block is not a sweep's file, given a base of defaults only; or why one of its points is refused.
fn refused_sweep(block: &Block) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sweep.toml");
    std::fs::write(folder.path().join("run.toml"), COMPLETION).unwrap();
    std::fs::write(&file, &block.text).unwrap();
    let resolved = Sweep::load(&file, &[]).and_then(|sweep| {
        let seed = sweep.seeds[0];
        let mut points = sweep.points.iter();
        points.try_for_each(|point| sweep.resolve(point, seed).map(drop))
    });
    resolved.err().map(|fault| format!("{}: {fault}", block.place))
}

/// Why a block is not part of a manifest: it is not TOML, or asks for a feature that `ebm-core` does not have.
fn refused_manifest(block: &Block) -> Option<String> {
    let manifest: toml::Table = match block.text.parse() {
        Ok(manifest) => manifest,
        Err(error) => return Some(format!("{}: {error}", block.place)),
    };
    let core = std::fs::read_to_string(root().join("ebm-core/Cargo.toml")).unwrap();
    let core: toml::Table = core.parse().unwrap();
    let tables = manifest.values().filter_map(|table| table.get("ebm-core")?.get("features")?.as_array());
    let mut asked = tables.flatten().map(|feature| feature.as_str().unwrap_or("?"));
    let unknown = asked.find(|feature| core["features"].get(feature).is_none())?;
    Some(format!("{}: ebm-core has no feature {unknown:?}", block.place))
}

#[test]
fn every_configuration_shown_can_be_used() {
    let mut found = 0;
    let mut faults = Vec::new();
    let blocks = pages().iter().flat_map(Page::blocks).collect::<Vec<_>>();
    for block in blocks.iter().filter(|block| block.language() == "toml") {
        found += 1;
        let tags: Vec<_> = block.tags[1..].iter().map(String::as_str).collect();
        faults.extend(match tags[..] {
            [] => refused(block),
            ["manifest"] => refused_manifest(block),
            ["sweep"] => refused_sweep(block),
            // Quoted from a file that is used elsewhere: see the rule for code that is not compiled.
            ["ignore"] => None,
            _ => Some(format!("{}: unknown tags {tags:?}", block.place)),
        });
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(found > 10);
}

#[test]
fn what_cannot_be_used_is_found() {
    let block = |text: &str| Block { place: "p.md:1".into(), start: 0, tags: vec!["toml".into()], text: text.into() };
    assert!(refused(&block("[train]\nstepz = 4")).unwrap().contains("p.md:1"));
    assert!(refused(&block("upper = \"nonne\"")).is_some());
    assert!(refused(&block("[compare.pair.\"sv+gp\"]\nupper.wieght = 1")).is_some());
    assert!(refused_sweep(&block("[grid]\nupper.wieght = [1]")).is_some());
    let manifest = block("[dependencies]\nebm-core = { path = \".\", features = [\"conformanse\"] }");
    assert!(refused_manifest(&manifest).unwrap().contains("conformanse"));
}

/// The languages of blocks: each is checked by a test of its own, except `text`, which is drawn or measured by hand.
#[test]
fn every_block_says_what_it_is() {
    let pages = pages();
    let blocks = pages.iter().flat_map(Page::blocks);
    let found: BTreeSet<_> = blocks.map(|block| block.tags.first().cloned().unwrap_or(block.place)).collect();
    assert_eq!(found, ["rust", "sh", "text", "toml"].map(String::from).into());
}
