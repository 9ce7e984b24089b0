use ebm_core::selftest::{Case, Draws, TALL, upper};

ebm_core::kernels::selftest_cases!(cases);

fn cases() -> Vec<Case> {
    let case = |name, json| upper(name, json, Draws::Normals, TALL, true);
    // Over so short a time that it does not matter when.
    vec![
        case("diffusion, divergence", r#"{"kind": "diffusion", "t_min": 0.5, "t_max": 0.500001}"#),
        case(
            "diffusion, cross-entropy",
            r#"{"kind": "diffusion", "form": "cross-entropy", "t_min": 0.5, "t_max": 0.500001}"#,
        ),
        case(
            "diffusion, variance weights",
            r#"{"kind": "diffusion", "weighting": "variance", "sampling": "uniform", "t_min": 0.5, "t_max": 0.500001}"#,
        ),
    ]
}
