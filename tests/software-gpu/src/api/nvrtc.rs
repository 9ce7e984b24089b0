//! NVRTC, which compiles CUDA's C++ at run time: there is none. Programs that ask for it are told so.

// The functions are documented by NVIDIA, whose names they have.
#![allow(non_snake_case)]

use super::device::complain;
use crate::fault::Fault;
use std::ffi::{c_char, c_int, c_uint, c_void};

const COMPILATION: c_uint = 6;

fn refused(function: &str) -> c_uint {
    let why =
        "the software GPU does not compile at run time; put NVIDIA's libnvrtc before it on the library path if it must";
    complain(function, &Fault::new(why));
    COMPILATION
}

#[unsafe(no_mangle)]
pub extern "C" fn nvrtcCreateProgram(
    _program: *mut *mut c_void,
    _source: *const c_char,
    _name: *const c_char,
    _count: c_int,
    _headers: *const *const c_char,
    _names: *const *const c_char,
) -> c_uint {
    refused("nvrtcCreateProgram")
}

#[unsafe(no_mangle)]
pub extern "C" fn nvrtcCompileProgram(_program: *mut c_void, _count: c_int, _options: *const *const c_char) -> c_uint {
    refused("nvrtcCompileProgram")
}

#[unsafe(no_mangle)]
pub extern "C" fn nvrtcDestroyProgram(_program: *mut *mut c_void) -> c_uint {
    refused("nvrtcDestroyProgram")
}

#[unsafe(no_mangle)]
pub extern "C" fn nvrtcGetPTX(_program: *mut c_void, _text: *mut c_char) -> c_uint {
    refused("nvrtcGetPTX")
}

#[unsafe(no_mangle)]
pub extern "C" fn nvrtcGetPTXSize(_program: *mut c_void, _size: *mut usize) -> c_uint {
    refused("nvrtcGetPTXSize")
}

#[unsafe(no_mangle)]
pub extern "C" fn nvrtcGetProgramLog(_program: *mut c_void, _text: *mut c_char) -> c_uint {
    refused("nvrtcGetProgramLog")
}

#[unsafe(no_mangle)]
pub extern "C" fn nvrtcGetProgramLogSize(_program: *mut c_void, _size: *mut usize) -> c_uint {
    refused("nvrtcGetProgramLogSize")
}
