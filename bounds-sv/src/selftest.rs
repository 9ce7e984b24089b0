use ebm_core::selftest::{Case, Draws, SQUARE, TALL, lower};

ebm_core::kernels::selftest_cases!(cases);

fn cases() -> Vec<Case> {
    let log_det = r#"{"kind": "sv", "variant": "log-det"}"#;
    // From vectors that are given.
    let iterative = r#"{"kind": "sv", "solver": {"iterative": {"steps": 1, "tolerance": 1e-6}}}"#;
    vec![
        lower("sv, smallest", r#"{"kind": "sv"}"#, Draws::Nothing, TALL),
        lower("sv, log-det", log_det, Draws::Nothing, TALL),
        lower("sv, square", log_det, Draws::Nothing, SQUARE),
        lower("sv, iterative", iterative, Draws::Nothing, TALL),
    ]
}
