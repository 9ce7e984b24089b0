use ebm_core::selftest::{Case, Draws, SQUARE, TALL, upper, upper_of};

ebm_core::kernels::selftest_cases!(cases);

fn cases() -> Vec<Case> {
    let tall = |name, json| upper(name, json, Draws::Nothing, TALL, false);
    let square = |name, json| upper(name, json, Draws::Nothing, SQUARE, false);
    let drawn = |name, json| upper(name, json, Draws::Normals, TALL, false);
    vec![
        tall("gp, latent", r#"{"kind": "gp", "projections": 0, "weight": 1.0, "volume": "log-det"}"#),
        tall("gp, latent, smallest", r#"{"kind": "gp", "projections": 0, "weight": 1.0}"#),
        tall("gp, latent, no volume", r#"{"kind": "gp", "projections": 0, "weight": 1.0, "volume": "none"}"#),
        tall("gp, data", r#"{"kind": "gp", "form": "data", "projections": 0, "weight": 1.0}"#),
        square("gp, log-sobolev", r#"{"kind": "gp", "form": "log-sobolev"}"#),
        square("gp, euclidean", r#"{"kind": "gp", "projections": 0, "weight": 1.0, "norm": "euclidean"}"#),
        square("gp, p", r#"{"kind": "gp", "projections": 0, "weight": 1.0, "norm": {"p": 3.0}}"#),
        drawn("gp, one projection", r#"{"kind": "gp", "projections": 1, "weight": 1.0}"#),
        drawn("gp, two projections", r#"{"kind": "gp", "projections": 2, "weight": 1.0}"#),
        tall("zero-gp", r#"{"kind": "zero-gp", "weight": 1.0}"#),
        // Between data and samples that are the same, every point is that sample.
        upper_of("wgan-gp, data that are samples", r#"{"kind": "wgan-gp"}"#, Draws::Nothing, TALL, false, true),
        tall("none", r#"{"kind": "none"}"#),
    ]
}
