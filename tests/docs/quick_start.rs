//! The quick start, done as it is written. Only its runs are made short.

use ebm_tests::book::{Page, root};

use crate::command::{Folder, PROGRAM};

/// Settings that make a run short; the last `--set` wins.
const SHORT: &str = "--set 'energy.hidden=[16, 16]' --set train.steps=20 --set train.batch=32 --set train.log_every=10 \
    --set train.evaluate_every=10 --set evaluate.held_out=500 --set evaluate.generated=500 \
    --set evaluate.quadrature.tolerance=1e-3 --set evaluate.quadrature.max_evaluations=200_000";

#[test]
fn the_quick_start_works_as_it_is_written() {
    let folder = Folder::with("");
    let short = format!("if [ \"$1\" = train ]; then exec {PROGRAM} \"$@\" {SHORT}; fi\nexec {PROGRAM} \"$@\"");
    folder.put_program("ebm", &short);
    // Commands that run the program are run; tests and the like are not run from within a test.
    let cargo = "if [ \"$1 $2 $3\" = 'run --release --' ]; then shift 3; exec ebm \"$@\"; fi";
    folder.put_program("cargo", cargo);
    folder.link(&root().join("examples"), "examples");
    for block in Page::read("docs/src/quick-start.md").blocks() {
        if block.language() == "sh" {
            folder.script(&block.text);
        }
    }
    let made = "runs/25-gaussians-seed0/pictures/density.png runs/none/summary.json runs/run-seed0/summary.json \
        s.npy s.png";
    for name in made.split(' ') {
        assert!(folder.path(name).exists(), "{name}");
    }
}
