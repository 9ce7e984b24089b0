//! The program `ebm` with the bounds that come with it.

fn main() -> std::process::ExitCode {
    ebm_cli::run()
}
