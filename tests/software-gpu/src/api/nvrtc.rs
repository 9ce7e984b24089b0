//! NVRTC, which compiles CUDA's C++ at run time. It is not supported, and every function says so.

use super::call::{Failure, exports};

const COMPILATION: u32 = 6;
const WHY: &str =
    "the software GPU does not compile at run time; put NVIDIA's libnvrtc before it on the library path if it must";

exports! {
    null: COMPILATION;
    before: Ok(());

    fn nvrtcCreateProgram() alias
        nvrtcCompileProgram
        nvrtcDestroyProgram
        nvrtcGetPTX
        nvrtcGetPTXSize
        nvrtcGetProgramLog
        nvrtcGetProgramLogSize
        = Err(Failure::mistake(COMPILATION, WHY));
}
