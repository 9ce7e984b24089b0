//! Compiles the kernels of `src/gpu/kernels`: with the feature `cuda` to PTX by `nvcc`, with `cuda-emulation` for the host by a
//! C++ compiler. Code that needs either says `#[cfg(device_kernels)]`.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const KERNELS: &str = "src/gpu/kernels";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={KERNELS}");
    println!("cargo::rustc-check-cfg=cfg(device_kernels)");
    let done = match (feature("cuda"), feature("cuda-emulation")) {
        (false, false) => return,
        // Refused by the crate itself, with a message of its own.
        (true, true) => Ok(()),
        (true, false) => sources().and_then(|files| ptx(&files)),
        (false, true) => sources().and_then(|files| host_code(&files)),
    };
    println!("cargo::rustc-cfg=device_kernels");
    if let Err(message) = done {
        println!("cargo::error={message}");
    }
}

fn feature(name: &str) -> bool {
    let variable = format!("CARGO_FEATURE_{}", name.to_uppercase().replace('-', "_"));
    env::var_os(variable).is_some()
}

/// The sources, each of which becomes a module.
fn sources() -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(KERNELS).map_err(|e| format!("{KERNELS}: {e}"))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension() == Some(OsStr::new("cu")))
        .collect();
    files.sort();
    Ok(files)
}

/// One PTX file a source, in `OUT_DIR`. For a type check they are empty: nothing will load them.
fn ptx(files: &[PathBuf]) -> Result<(), String> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let target = |file: &Path| out.join(file.with_extension("ptx").file_name().unwrap_or_default());
    if feature("cuda-check") {
        return files
            .iter()
            .try_for_each(|file| fs::write(target(file), "").map_err(|e| e.to_string()));
    }
    let architecture = format!("--gpu-architecture=compute_{}", compute_capability()?);
    for file in files {
        let mut nvcc = Command::new("nvcc");
        nvcc.args(["--ptx", "-O3", "--std=c++17", &architecture, "-o"])
            .arg(target(file))
            .arg(file);
        if feature("f64") {
            nvcc.arg("-DEBM_DOUBLE");
        }
        let output = nvcc
            .output()
            .map_err(|e| format!("nvcc: {e}; put the CUDA toolkit's `bin` on the PATH"))?;
        if !output.status.success() {
            let told = String::from_utf8_lossy(&output.stderr).replace('\n', " | ");
            return Err(format!("nvcc, for {}: {told}", file.display()));
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
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            // An `nvidia-smi` that does not know `noheader` gives the column's name first.
            let line = told.lines().find(|line| line.starts_with(|c: char| c.is_ascii_digit()));
            line.unwrap_or_default().trim().replace('.', "")
        }
    };
    match found.parse::<u32>() {
        Ok(_) => Ok(found),
        Err(_) => Err(format!("compute capability {found:?}: {HELP}")),
    }
}

#[cfg(feature = "cuda-emulation")]
fn host_code(files: &[PathBuf]) -> Result<(), String> {
    let mut build = cc::Build::new();
    build
        .cpp(true)
        .std("c++17")
        .cpp_link_stdlib(None)
        .warnings_into_errors(true);
    // Compilers do not take a `.cu` for C++ by themselves.
    build.flag("-x").flag("c++").opt_level(2).files(files);
    if feature("f64") {
        build.define("EBM_DOUBLE", None);
    }
    build.try_compile("ebm_kernels").map_err(|e| e.to_string())
}

#[cfg(not(feature = "cuda-emulation"))]
fn host_code(_: &[PathBuf]) -> Result<(), String> {
    Ok(())
}
