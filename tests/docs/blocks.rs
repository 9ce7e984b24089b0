//! Blocks of code: configurations can be used, and Rust code is compiled, or quoted from code that is.

use anyhow::ensure;
use ebm_cli::config::{Grid, Layers, Origin, Sweep};
use std::{collections::BTreeSet, fs};

use crate::command::Folder;
use ebm_tests::book::{Block, Page, pages, root};

/// Completes a part of a configuration: some bounds need a generator with noise. All else has a default, except for the
/// file of a table.
const COMPLETION: &str = "generator = { kind = \"mlp\", noise = 0.05 }";
const FILE: [&str; 2] = ["path = \"\"", "path = \"table.csv\""];

/// Checks that a block is a configuration, or a part of one, and that every pair of bounds can be used where it says what
/// differs between pairs.
fn check(block: &Block) -> anyhow::Result<()> {
    let origin = || Origin::Section(block.place.clone());
    let layers = Layers::default().toml(origin(), COMPLETION)?;
    layers.toml(origin(), &block.text.replace(FILE[0], FILE[1])).and_then(Layers::resolve)?;
    let table: toml::Table = block.text.parse()?;
    let Some(compare) = table.get("compare") else {
        return Ok(());
    };
    let grid = Grid::load(&Folder::with(&block.text).path("run.toml"), None, &[])?;
    let names = |side: &str, kinds: [&str; 2]| -> Vec<String> {
        let own = compare.get(side).and_then(toml::Value::as_table);
        let own = own.into_iter().flat_map(toml::Table::keys).cloned();
        kinds.into_iter().map(String::from).chain(own).collect()
    };
    for lower in names("lower", ["sv", "none"]) {
        for upper in names("upper", ["gp", "none"]) {
            grid.resolve(&lower, &upper, 0)?;
        }
    }
    Ok(())
}

/// Checks that a block is a sweep's file, every point of it, given a base of defaults only.
fn check_sweep(block: &Block) -> anyhow::Result<()> {
    let folder = Folder::with(COMPLETION);
    folder.write("sweep.toml", &block.text);
    let sweep = Sweep::load(&folder.path("sweep.toml"), None, &[])?;
    for point in &sweep.points {
        sweep.resolve(point, sweep.seeds[0])?;
    }
    Ok(())
}

/// Checks that a block is a part of a manifest, and asks for no feature that `ebm-core` does not have.
fn check_manifest(block: &Block) -> anyhow::Result<()> {
    let manifest: toml::Table = block.text.parse()?;
    let core: toml::Table = fs::read_to_string(root().join("ebm-core/Cargo.toml"))?.parse()?;
    let tables = manifest.values().filter_map(|table| table.get("ebm-core")?.get("features")?.as_array());
    for feature in tables.flatten() {
        let known = feature.as_str().is_some_and(|feature| core["features"].get(feature).is_some());
        ensure!(known, "ebm-core has no feature {feature}");
    }
    Ok(())
}

#[test]
fn every_configuration_shown_can_be_used() {
    let mut found = 0;
    let mut faults = Vec::new();
    let blocks = pages().iter().flat_map(Page::blocks).collect::<Vec<_>>();
    for block in blocks.iter().filter(|block| block.language() == "toml") {
        found += 1;
        let tags: Vec<_> = block.tags[1..].iter().map(String::as_str).collect();
        let checked = match tags[..] {
            [] => check(block),
            ["manifest"] => check_manifest(block),
            ["sweep"] => check_sweep(block),
            // Quoted from a file that is used elsewhere: see the rule for code that is not compiled.
            ["ignore"] => Ok(()),
            _ => Err(anyhow::anyhow!("unknown tags {tags:?}")),
        };
        faults.extend(checked.err().map(|fault| format!("{}: {fault}", block.place)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(found > 10);
}

#[test]
fn what_cannot_be_used_is_found() {
    let block = |text: &str| Block { place: "p.md:1".into(), start: 0, tags: vec!["toml".into()], text: text.into() };
    assert!(check(&block("[train]\nstepz = 4")).unwrap_err().to_string().contains("p.md:1"));
    assert!(check(&block("upper = \"nonne\"")).is_err());
    assert!(check(&block("[compare.pair.\"sv+gp\"]\nupper.wieght = 1")).is_err());
    assert!(check_sweep(&block("[grid]\nupper.wieght = [1]")).is_err());
    let manifest = block("[dependencies]\nebm-core = { path = \".\", features = [\"conformanse\"] }");
    assert!(check_manifest(&manifest).unwrap_err().to_string().contains("conformanse"));
}

/// The languages of blocks: each is checked by a test of its own, except `text`, which is drawn or measured by hand.
#[test]
fn every_block_says_what_it_is() {
    let pages = pages();
    let blocks = pages.iter().flat_map(Page::blocks);
    let found: BTreeSet<_> = blocks.map(|block| block.tags.first().cloned().unwrap_or(block.place)).collect();
    assert_eq!(found, ["rust", "sh", "text", "toml"].map(String::from).into());
}

fn ignored(block: &Block) -> bool {
    block.tags.iter().any(|tag| tag == "ignore")
}

#[test]
fn every_page_with_rust_code_is_compiled() {
    let compiled = |page: &Page| page.blocks().iter().any(|block| block.language() == "rust" && !ignored(block));
    let pages = pages();
    let found: BTreeSet<_> = pages.iter().filter(|page| compiled(page)).map(|page| page.name.as_str()).collect();
    assert_eq!(found, ebm_tests::book::PAGES.into());
}

/// Code that is not compiled is quoted from a crate that is: an insert.
#[test]
fn code_that_is_not_compiled_is_quoted() {
    for page in pages() {
        for block in page.blocks().into_iter().filter(ignored) {
            let before = page.text[..block.start].trim_end().lines().next_back().unwrap_or("");
            assert!(before.starts_with("<!-- from: "), "{}", block.place);
        }
    }
}
