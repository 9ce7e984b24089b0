use ebm_core::kernels::selftest::CANCELLING;
use ebm_core::selftest::{Case, Draws, TALL, lower};

ebm_core::kernels::selftest_cases!(cases);

fn cases() -> Vec<Case> {
    let case = |name, json| lower(name, json, Draws::Normals, TALL);
    // Both do not change when a number is added to the critic, and change little with it where the critic knows little.
    let cancelling = |name, json| case(name, json).within(CANCELLING);
    vec![
        case("mi, jsd", r#"{"kind": "mi", "estimator": "jsd", "product": "all-pairs"}"#),
        case("mi, nwj", r#"{"kind": "mi", "estimator": "nwj", "product": "all-pairs"}"#),
        cancelling("mi, dv", r#"{"kind": "mi", "estimator": "dv", "product": "all-pairs"}"#),
        cancelling("mi, infonce", r#"{"kind": "mi", "estimator": "infonce"}"#),
        case("mi, barber-agakov", r#"{"kind": "mi", "estimator": "barber-agakov"}"#),
        case(
            "mi, barber-agakov, full",
            r#"{"kind": "mi", "estimator": "barber-agakov", "encoder": {"covariance": "full"}}"#,
        ),
        case("mi, importance-weighted", r#"{"kind": "mi", "estimator": "importance-weighted", "draws": 3}"#),
        case("mi, multi-sample", r#"{"kind": "mi", "estimator": "multi-sample", "samples": 70}"#),
    ]
}
