//! Readers of the files in a run directory, and of a trained model in one file.

use ebm_cli::run_directory::{Exported, Manifest, MetricsReader, RunDirectory};
use ebm_train::state_file;

use super::{dice::Dice, harness::Reader};

const JSON: &str = "{  }  [  ]  :  ,  \"  \\\"  null  true  -1  1e999  18446744073709551616  \\u0000  \\ud800  \\  \n  \n\n  \r  \
    \u{feff}  \u{1F600}  version 2  \"format\"  \"config\"  \"files\"  \"progress\"  \"../../etc/passwd\"  \"step\"  \
    \"event\"  \"metrics\"  \"remedy\"";

pub const MARKER: Reader = Reader {
    name: "run-marker",
    file: "run.json",
    examples: || vec![GOOD_MARKER.into(), GOOD_MARKER.replace("\", ", "\",\n").into()],
    words: JSON,
    generate: |dice| {
        // The right keys in any number and order, with odd values.
        let entry = |dice: &mut Dice| {
            let value = match dice.below(4) {
                0 => "\"ebm run, version 1\"".to_string(),
                1 => format!("\"{}\"", dice.awkward_text()),
                2 => dice.awkward_text(),
                _ => dice.word("[]  {}  null  \"\\u0000\"  \"\\n\"  \"../..\"").to_string(),
            };
            format!("\"{}\": {value}", dice.word("format  config  base  version"))
        };
        let entries: Vec<_> = (0..dice.below(5)).map(|_| entry(dice)).collect();
        format!("{{{}}}", entries.join(", ")).into_bytes()
    },
    read: |folder| Ok(RunDirectory::open(folder).map(drop)?),
};
pub const GOOD_MARKER: &str = r#"{"format": "ebm run, version 1", "config": "a.toml", "base": "."}"#;

pub const MANIFEST: Reader = Reader {
    name: "manifest",
    file: "manifest.json",
    examples: || {
        let plain = GOOD_MANIFEST.replace("  \"watched\": {\"metric\": \"nll\", \"value\": -1.5},\n", "");
        let later = GOOD_MANIFEST.replacen('{', "{\"later\": [1, {}],", 1);
        vec![GOOD_MANIFEST.into(), plain.into(), later.into()]
    },
    words: JSON,
    generate: |dice| {
        let odd = dice.odd_json();
        let parts = "\"400\"  400  0  null  \"2da4\"  12  1.5  \"energy.safetensors\"  10  \"ff\"";
        dice.with_oddity(GOOD_MANIFEST, parts, &odd)
    },
    read: |folder| Ok(Manifest::read(folder).map(drop)?),
};
const GOOD_MANIFEST: &str = r#"{
  "format": "ebm checkpoint, version 1",
  "progress": {"step": 400, "skipped": 0, "rollbacks": 0, "mark": null, "best": {"value": [1.5, 300], "since": 0}},
  "config": "2da4", "versions": {"ebm": "0.1.0"}, "threads": 2,
  "metrics": {"bytes": 12, "blake3": "ab"}, "seconds": 1.5,
  "watched": {"metric": "nll", "value": -1.5},
  "files": {"energy.safetensors": {"bytes": 10, "blake3": "ff"}}
}"#;

/// The metrics of a run, read back line by line.
pub const METRICS: Reader = Reader {
    name: "metrics",
    file: "metrics.jsonl",
    examples: || {
        let later = "{\"step\":4,\"event\":\"of a later version\",\"metrics\":7}\n";
        let cut = &GOOD_LINES[..GOOD_LINES.len() - 9];
        vec![GOOD_LINES.into(), format!("{GOOD_LINES}{later}").into(), Vec::new(), cut.into()]
    },
    words: JSON,
    generate: |dice| {
        let odd = dice.odd_json();
        let parts = "1  2.79  \"nats\"  256  \"certified\"  {}  true  [0.4,0.01]  \"training\"  null";
        dice.with_oddity(GOOD_LINES, parts, &odd)
    },
    read: |folder| {
        for line in MetricsReader::open(folder)? {
            let line = line?;
            drop((line.report(), line.evaluation()));
        }
        Ok(())
    },
};
const GOOD_LINES: &str = concat!(
    r#"{"step":1,"event":"training","metrics":{"lower":{"value":2.79,"unit":"nats","standard_error":0.07,"samples":256,"guarantee":{"level":"certified","reason":"exact"}},"energy_loss":{"value":null,"unit":"nats","standard_error":null,"samples":null,"guarantee":null}}}"#,
    "\n",
    r#"{"step":2,"event":"fault","reason":"E_data[E] is NaN","remedy":{"rolled-back":{"to":1,"times":1}}}"#,
    "\n",
    r#"{"step":3,"event":"evaluation","metrics":{},"sandwich":{"nll":2.1,"lower":{"held":true,"excess":-0.02,"tolerance":0.06,"bound":2.0,"guarantee":{"level":"certified","reason":"exact"}},"gap":[0.4,0.01]}}"#,
    "\n"
);

fn safetensors(header: &str, arrays: &[u8]) -> Vec<u8> {
    let length = (header.len() as u64).to_le_bytes();
    [&length[..], header.as_bytes(), arrays].concat()
}

pub const STATE_FILE: Reader = Reader {
    name: "state-file",
    file: "energy.safetensors",
    examples: || {
        let single = r#"{"__metadata__":{"a":"b"},"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#;
        let two = r#"{"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F64","shape":[2,1],"data_offsets":[4,20]}}  "#;
        let empty = r#"{"e":{"dtype":"F64","shape":[0,9],"data_offsets":[0,0]}}"#;
        let [single, two] = [(single, 24), (two, 20)].map(|(header, bytes)| safetensors(header, &vec![1; bytes]));
        vec![single, two, safetensors("{}", &[]), safetensors(empty, &[])]
    },
    words: "{  }  [  ]  :  ,  \"  \"dtype\"  \"F32\"  \"F64\"  \"BF16\"  \"F4\"  \"shape\"  \"data_offsets\"  __metadata__  \
        null  18446744073709551615  -1  1e3  \\u0000  \n",
    generate: arrays_that_follow_each_other,
    read: |folder| {
        for (name, (shape, values)) in &state_file::load(&folder.join("energy.safetensors"))? {
            assert_eq!(shape.iter().product::<usize>(), values.len(), "{name}");
        }
        Ok(())
    },
};

/// Arrays that follow each other as they should, but for one that overlaps, has a gap, or claims an odd size.
fn arrays_that_follow_each_other(dice: &mut Dice) -> Vec<u8> {
    let arrays = dice.below(5);
    let odd = dice.below(arrays + 2);
    let (mut entries, mut end) = (Vec::new(), 0u64);
    for index in 0..arrays {
        let (dtype, size) = match dice.below(7) {
            0 | 1 => ("F32", 4),
            2 | 3 => ("F64", 8),
            4 => ("I64", 8),
            5 => ("F4", 1),
            _ => ("BOOL", 1),
        };
        let sides: Vec<u64> = (0..dice.below(4)).map(|_| dice.below(4) as u64).collect();
        let mut shape: Vec<String> = sides.iter().map(u64::to_string).collect();
        let start = end;
        end += size * sides.iter().product::<u64>();
        let mut offsets = [start, end];
        if index == odd {
            match dice.below(4) {
                0 => shape.push(dice.awkward_text()),
                1 => shape = (0..1 + dice.below(60)).map(|_| dice.awkward().to_string()).collect(),
                2 => offsets[dice.below(2)] = dice.awkward(),
                _ => offsets = [dice.awkward(), dice.awkward()],
            }
        }
        let name = if dice.once_in(9) { 0 } else { index };
        let shape = shape.join(",");
        let offsets = format!("\"data_offsets\":{offsets:?}");
        entries.push(format!(r#""a{name}":{{"dtype":"{dtype}","shape":[{shape}],{offsets}}}"#));
    }
    let length = if dice.once_in(8) { dice.below(100) } else { end as usize };
    let bytes: Vec<u8> = (0..length).map(|_| dice.next() as u8).collect();
    safetensors(&format!("{{{}}}", entries.join(",")), &bytes)
}

pub const EXPORTED: Reader = Reader {
    name: "exported",
    file: "model.safetensors",
    examples: || {
        let two = r#""energy/w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"generator/v":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}"#;
        vec![exported(MODEL), exported([MODEL[0], MODEL[1], MODEL[2], two])]
    },
    words: "{  }  [  ]  :  ,  \"  \\\"  __metadata__  ebm.format  ebm.config  ebm.model  kind =  null  18446744073709551615  \
        \\u0000  \\n  version 2  /",
    generate: |dice| {
        // A complete file with one odd part.
        let odd = dice.awkward_text();
        let mut parts = MODEL.map(String::from);
        match dice.below(5) {
            0 => parts[0] = odd,
            1 => parts[1] = parts[1].replacen(dice.word("mlp  0  25-gaussians  [train]  5"), &odd, 1),
            2 => parts[2] = parts[2].replacen(dice.word("5  2  null  steps"), &odd, 1),
            3 => parts[3] = parts[3].replacen(dice.word("energy/w  F32  [2]  8  /"), &odd, 1),
            _ => {}
        }
        exported(parts.each_ref().map(String::as_str))
    },
    read: |folder| Ok(Exported::read(&folder.join("model.safetensors")).map(drop)?),
};

/// The format, the configuration, the model and an array of an exported file.
const MODEL: [&str; 4] = [
    "ebm model, version 1",
    "seed = 0\n[data]\nkind = \"25-gaussians\"\n[generator]\nkind = \"mlp\"\n[energy]\nkind = \"mlp\"\n\
     [lower]\nkind = \"sv\"\n[upper]\nkind = \"gp\"\n[train]\nsteps = 5\n[evaluate]\n",
    r#"{"steps":5,"data":{"width":2,"standardization":null,"columns":null}}"#,
    r#""energy/w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#,
];

fn exported([format, config, model, array]: [&str; 4]) -> Vec<u8> {
    let text = |value: &str| serde_json::Value::from(value).to_string();
    let [format, config, model] = [format, config, model].map(text);
    let metadata = format!("{{\"ebm.format\":{format},\"ebm.config\":{config},\"ebm.model\":{model}}}");
    safetensors(&format!("{{\"__metadata__\":{metadata},{array}}}"), &[0; 8])
}
