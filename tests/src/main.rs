//! The program as a third party builds it from the library: what the tests of the command line run.

fn main() -> std::process::ExitCode {
    ebm_cli::run()
}
