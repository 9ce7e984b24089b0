//! Compiles the kernels, the `.cu` files beside the operations: with the feature `cuda` to PTX by `nvcc`, with
//! `cuda-emulation` for the host by a C++ compiler. Code that needs either says `#[cfg(device_kernels)]`.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the headers are that kernels share.
const HEADERS: &str = "src/gpu";
/// Where the activations are, each with its device function.
const ACTIVATIONS: &str = "src/activation";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rustc-check-cfg=cfg(device_kernels)");
    let compile: fn(&[PathBuf], &Path) -> Result<(), String> = match (feature("cuda"), feature("cuda-emulation")) {
        (false, false) => return,
        // Refused by the crate itself, with a message of its own.
        (true, true) => |_, _| Ok(()),
        (true, false) => ptx,
        (false, true) => host_code,
    };
    println!("cargo::rustc-cfg=device_kernels");
    let out = env::var_os("OUT_DIR").map(PathBuf::from).ok_or("OUT_DIR is not set".into());
    let done = out.and_then(|out| {
        write_activations(&out)?;
        compile(&sources(Path::new("src"))?, &out)
    });
    if let Err(message) = done {
        println!("cargo::error={message}");
    }
}

fn feature(name: &str) -> bool {
    let variable = format!("CARGO_FEATURE_{}", name.to_uppercase().replace('-', "_"));
    env::var_os(variable).is_some()
}

/// The sources under a folder, each of which becomes a module named after its file.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))? {
        let path = entry.map_err(|e| e.to_string())?.path();
        if path.is_dir() {
            files.append(&mut sources(&path)?);
        } else if path.extension() == Some(OsStr::new("cu")) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Writes `activations.inc`, the cases of a switch: a number for each activation of the list in `activation/mod.rs`, and its
/// device function, which stands in its own file as the constant `CUDA`.
fn write_activations(out: &Path) -> Result<(), String> {
    let read = |name: &str| {
        let path = Path::new(ACTIVATIONS).join(format!("{name}.rs"));
        fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))
    };
    let module = read("mod")?;
    let (_, list) = module.split_once("activations! {\n").ok_or("the list of activations is gone")?;
    let (list, _) = list.split_once("\n}").unwrap_or((list, ""));
    let files = list.lines().filter_map(|line| line.trim().strip_suffix(',')?.split_once(" => "));
    let mut cases = String::new();
    for (number, (_, file)) in files.enumerate() {
        let source = read(file)?;
        let after = source.split_once("const CUDA: &'static str = \"").map(|(_, after)| after);
        let (body, _) = after
            .and_then(|after| after.split_once('"'))
            .ok_or(format!("{ACTIVATIONS}/{file}.rs has no device function"))?;
        cases += &format!("case {number}: {{{body}}}\n");
    }
    fs::write(out.join("activations.inc"), cases).map_err(|e| e.to_string())
}

/// One PTX file a source, in `OUT_DIR`. For a type check they are empty: nothing will load them.
fn ptx(files: &[PathBuf], out: &Path) -> Result<(), String> {
    let target = |file: &Path| out.join(file.with_extension("ptx").file_name().unwrap_or_default());
    if feature("cuda-check") {
        return files.iter().try_for_each(|file| fs::write(target(file), "").map_err(|e| e.to_string()));
    }
    let architecture = format!("--gpu-architecture=compute_{}", compute_capability()?);
    for file in files {
        let mut nvcc = Command::new("nvcc");
        nvcc.args(["--ptx", "-O3", "--std=c++17", &architecture, "-I", HEADERS, "-I"])
            .arg(out)
            .arg("-o")
            .arg(target(file))
            .arg(file);
        if feature("f64") {
            nvcc.arg("-DEBM_DOUBLE");
        }
        let output = nvcc.output().map_err(|e| format!("nvcc: {e}; put the CUDA toolkit's `bin` on the PATH"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).replace('\n', " | ");
            return Err(format!("nvcc, for {}: {said}", file.display()));
        }
    }
    Ok(())
}

/// The compute capability to compile for, as in `90`: the environment's, else that of the first GPU of this machine.
fn compute_capability() -> Result<String, String> {
    const HELP: &str = "set CUDA_COMPUTE_CAP to the GPU's compute capability without the dot, such as 90";
    println!("cargo::rerun-if-env-changed=CUDA_COMPUTE_CAP");
    let found = match env::var("CUDA_COMPUTE_CAP") {
        Ok(given) => given,
        Err(_) => {
            let output = Command::new("nvidia-smi")
                .args(["--query-gpu=compute_cap", "--format=csv,noheader"])
                .output()
                .map_err(|e| format!("nvidia-smi: {e}; {HELP}"))?;
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            // An `nvidia-smi` that does not know `noheader` gives the column's name first.
            let line = said.lines().find(|line| line.starts_with(|c: char| c.is_ascii_digit()));
            line.unwrap_or_default().trim().replace('.', "")
        }
    };
    match found.parse::<u32>() {
        Ok(_) => Ok(found),
        Err(_) => Err(format!("compute capability {found:?}: {HELP}")),
    }
}

#[cfg(feature = "cuda-emulation")]
fn host_code(files: &[PathBuf], out: &Path) -> Result<(), String> {
    let mut build = cc::Build::new();
    build.cpp(true).std("c++17").cpp_link_stdlib(None).warnings_into_errors(true);
    // Compilers do not take a `.cu` for C++ by themselves.
    build.flag("-x").flag("c++").opt_level(2).files(files);
    build.include(HEADERS).include(out);
    if feature("f64") {
        build.define("EBM_DOUBLE", None);
    }
    build.try_compile("ebm_kernels").map_err(|e| e.to_string())
}

#[cfg(not(feature = "cuda-emulation"))]
fn host_code(_: &[PathBuf], _: &Path) -> Result<(), String> {
    Ok(())
}
