//! Tables in text files, and configurations, without what the environment would set.

use ebm_cli::config::{Layers, Origin, Sweep};
use ebm_cli::run_directory::RunDirectory;
use ebm_core::{random::Random, registry::DatasetSpec};
use ebm_data::{CsvFile, Header};
use ebm_tests::{book::root, examples};
use std::{fs, sync::LazyLock};

use super::{arrays::draw_all, dice::Dice, harness::Reader, mutation::mutated, runs};

pub const CSV: Reader = Reader {
    name: "csv",
    file: "numbers.csv",
    examples: || {
        // Their lengths are multiples of eight, for which the options are the defaults: see `options`.
        let texts = [
            "1,2.5\n-3e-2, 4\n",
            "a,b\n1,2\n3,4\n5,6\n",
            "\u{feff}# by hand\n\"x\",\"y, z\"\n\n1,2\r\n\"3\",4\n",
            "1\n2\n3\n",
        ];
        let filled = |text: &str| text.to_string() + &"\n".repeat(text.len().next_multiple_of(8) - text.len());
        texts.map(|text| filled(text).into_bytes()).into()
    },
    words: ",  ;  \t  \"  \"\"  \"a,b\"  \"1\n2\"  #  \n  \r  \r\n  \u{feff}  nan  -inf  1e308  1e-320  -0  +  --  1,  ,1  a  \0  \
        \u{1F600}  0x1  1_0  infinity  1e400",
    generate: |dice| {
        // Rows of cells, quoted in wild ways.
        let separator = *dice.pick(&[&",", &",", &";", &"\t", &" "]);
        let (rows, width) = (dice.below(8), 1 + dice.few(7));
        let mut text = String::new();
        for _ in 0..rows {
            let width = if dice.once_in(30) { dice.below(9) } else { width };
            let cells: Vec<_> = (0..width).map(|_| cell(dice)).collect();
            text += &cells.join(separator);
            text += dice.pick(&["\n", "\n", "\r\n", "\r", ""]);
        }
        text.into_bytes()
    },
    read: |folder| {
        let bytes = folder.join("numbers.csv").metadata()?.len();
        draw_all(&*options(bytes).load(folder, Random::new(7))?);
        Ok(())
    },
};

fn cell(dice: &mut Dice) -> String {
    let number = (dice.next() as i32).to_string();
    match dice.below(60) {
        0 => format!("\"{number}\""),
        1 => format!("\"{number}"),
        2 => format!("{number}\"\""),
        3 => format!("\" {number},\""),
        4 => dice.awkward_text(),
        5 => format!("{}e{}", number, dice.below(400) as i32 - 200),
        _ => number,
    }
}

/// The options an input is read with: a function of the input, so that a saved one says all. Mostly the defaults.
fn options(bytes: u64) -> CsvFile {
    let delimiter = [',', ',', ';', '\t', ',', ' ', ',', ','];
    let header = [Header::Detect, Header::Detect, Header::Detect, Header::Absent];
    CsvFile {
        path: "numbers.csv".into(),
        delimiter: delimiter[bytes as usize % 8],
        header: header[bytes as usize / 8 % 4],
        standardize: bytes % 8 >= 6,
        ..Default::default()
    }
}

const TOML: &str = "[train]\n  [compare.pair.\"sv+*\"]\n  [[train]]\n  kind =  \"none\"  =  \"  \"\"\"  {learned={}}  exponential  \
    [  ]  {  }  .  ..  \n  \r\n  #  1979-05-27  0x10  1_000  nan  +inf  \u{feff}  \\u0000  \u{1F600}  hidden[0]  optimizer.  \
    true  seed=1\n  *  +";
const SECTIONS: &str = "data  generator  energy  lower  upper  train  evaluate  train.energy  train.generator.optimizer  \
    compare.lower.sv  compare.upper.x  compare.pair.\"sv+*\"";
const KEYS: &str = "kind  hidden  weight  decay  noise  layers  steps  batch  average  optimizer  schedule  variant  solver  \
    activation  path  held_out  delimiter  norm  fourier  projections  quadrature  group  stop  time  t_min  margin";
const VALUES: &str = "\"gp\"  \"sv\"  \"mi\"  \"diffusion\"  \"none\"  \"mlp\"  \"flow\"  \"csv\"  \"25-gaussians\"  \"log-det\"  \
    []  [64, 64]  [[1]]  {}  true  \"\"  { p = 2.0 }  { exponential = { half_life = 3 } }  \
    { learned = { start = 0.1, max = 0.2 } }  { iterative = { steps = 3 } }  { course = \"cosine\" }  \"a\\nb\"  \
    { a.b.c = 1 }  1979-05-27T07:32:00Z";

/// Configuration files, as `ebm config check` reads them.
pub const CONFIG: Reader = Reader {
    name: "config",
    file: "run.toml",
    examples: || {
        let paths = examples(&["", "baselines", "compare", "pairs", "paper"]);
        assert!(paths.len() > 5, "{paths:?}");
        paths.iter().map(|path| fs::read(path).unwrap()).collect()
    },
    words: TOML,
    generate: |dice| {
        // Tables, keys and values that exist, put together at random.
        let mut text = String::new();
        for _ in 0..dice.below(6) {
            if dice.once_in(3) {
                text += &format!("{} = {}\n", dice.word(SECTIONS), value(dice));
            } else {
                text += &format!("[{}]\n", dice.word(SECTIONS));
            }
            for _ in 0..dice.below(4) {
                text += &format!("{} = {}\n", dice.word(KEYS), value(dice));
            }
        }
        text.into_bytes()
    },
    read: |folder| Ok(Layers::default().file(&folder.join("run.toml"))?.resolve().map(drop)?),
};

fn value(dice: &mut Dice) -> String {
    match dice.below(6) {
        0 => dice.awkward_text(),
        1 => format!("[{}, {}]", dice.awkward_text(), dice.awkward_text()),
        2 => format!("\"{}\"", dice.awkward_text()),
        _ => dice.word(VALUES).to_string(),
    }
}

/// The configuration that a run keeps, as `ebm evaluate` reads it back.
pub const RUN_CONFIG: Reader = Reader {
    name: "run-config",
    file: "config.toml",
    examples: || RESOLVED.iter().map(|text| text.clone().into_bytes()).collect(),
    words: TOML,
    generate: |dice| {
        // One value is another.
        let text = &RESOLVED[dice.below(2)];
        let changed = dice.below(text.lines().count());
        let lines = text.lines().enumerate().map(|(index, line)| match line.split_once(" = ") {
            Some((key, _)) if index == changed => format!("{key} = {}\n", dice.awkward_text()),
            _ => format!("{line}\n"),
        });
        let text = lines.collect::<String>().into_bytes();
        match dice.once_in(4) {
            true => mutated(dice, &[text], TOML),
            false => text,
        }
    },
    read: |folder| {
        let marker = folder.join(runs::MARKER.file);
        if !marker.exists() {
            fs::write(marker, runs::GOOD_MARKER)?;
        }
        let (directory, _) = RunDirectory::open(folder)?;
        Ok(directory.read_config().map(drop)?)
    },
};

/// The resolved forms of two configurations, with all their defaults.
static RESOLVED: LazyLock<[String; 2]> = LazyLock::new(|| {
    ["", "generator = \"flow\"\nlower = \"none\"\nupper = \"zero-gp\""].map(|text| {
        let layers = Layers::default().toml(Origin::Default, text);
        toml::to_string(&layers.and_then(Layers::resolve).unwrap().config).unwrap()
    })
});

const TOP: &str = "base = \"other.toml\"  seeds = 3  seeds = [1, 2]  seeds = 10000  name = \"a b\"  point = [{}]  \
    config.lower = \"mi\"  config.train.steps = 4  slurm = { time = \"1-0\", cpus = 3 }  local.jobs = 0";
const PARTS: &str = "[grid]  [[point]]  [random]\nsamples = 3\n[random.range]  [config]";
const SWEPT: &str = "upper  \"upper.weight\"  upper.weight  train.batch  energy.hidden  seed  a..b  \"train.steps\"";
const RANGES: &str = "{ log = [1e-5, 1e-2] }  { linear = [2, 100] }  { linear = [-1e308, 1e308] }  { log = [0, 1] }  \
    { log = { x = [1, 2] } }  { linear = 3 }";

/// Files of sweeps, as `ebm sweep --dry-run` reads them, without the data.
pub const SWEEP: Reader = Reader {
    name: "sweep",
    file: "spec.toml",
    examples: || {
        // The example without its base, which is not beside the input.
        let text = fs::read_to_string(root().join("examples/sweeps/penalty.toml")).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with("base"));
        let alone: String = lines.map(|line| format!("{line}\n")).collect();
        let drawn = "[random]\nsamples = 3\n[random.range]\ntrain.batch = { linear = [2, 9] }\n\"upper.weight\" = { log = [0.1, 1] }\n";
        vec![alone.into(), drawn.into()]
    },
    words: TOML,
    generate: |dice| {
        // Parts and keys that exist, put together at random.
        let mut text = String::new();
        for _ in 0..dice.below(4) {
            text += &format!("{}\n", dice.word(TOP));
        }
        for _ in 0..dice.below(4) {
            text += &format!("{}\n", dice.word(PARTS));
            for _ in 0..dice.below(4) {
                let (a, b) = (dice.awkward_text(), dice.awkward_text());
                let value = match dice.below(6) {
                    0 => a,
                    1 => format!("[{a}]"),
                    2 => format!("[{a}, {b}]"),
                    3 => "[\"gp\", \"none\", { kind = \"zero-gp\" }]".into(),
                    4 => format!("{{ linear = [{a}, {b}] }}"),
                    _ => dice.word(RANGES).to_string(),
                };
                text += &format!("{} = {value}\n", dice.word(SWEPT));
            }
        }
        text.into_bytes()
    },
    read: |folder| {
        let sweep = Sweep::load(&folder.join("spec.toml"), None, &[])?;
        // A few points of each input.
        for point in sweep.points.iter().take(8) {
            sweep.resolve(point, sweep.seeds[0])?;
        }
        Ok(())
    },
};
