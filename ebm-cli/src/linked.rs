//! The bound crates that this program is built with. A dependency that is never named registers nothing, silently.

use {bounds_diffusion as _, bounds_gp as _, bounds_mi as _, bounds_sv as _};
