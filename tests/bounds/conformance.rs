//! Every bound that comes with the program keeps every rule of the contract.

use {bounds_diffusion as _, bounds_gp as _, bounds_mi as _, bounds_sv as _};

macro_rules! conforms {
    ($($module:ident: $side:ident $name:literal),+ $(,)?) => {
        $(mod $module {
            ebm_core::conformance_tests!($side, $name);
        })+
    };
}

conforms!(
    sv: lower "sv",
    mi: lower "mi",
    no_lower_bound: lower "none",
    gp: upper "gp",
    diffusion: upper "diffusion",
    zero_gp: upper "zero-gp",
    wgan_gp: upper "wgan-gp",
    no_upper_bound: upper "none",
);
