//! CUDA's driver: those of its functions that Rust programs use through `cudarc`.
//!
//! All streams run what they are given at once, so that nothing ever is left to wait for.

// The functions are documented by NVIDIA, whose names they have.
#![allow(non_snake_case, clippy::missing_safety_doc)]

use super::device::{Copied, complain, device, devices, report};
use crate::fault::Fault;
use crate::machine::Grid;
use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

type Status = c_uint;

const SUCCESS: Status = 0;
const INVALID_VALUE: Status = 1;
const OUT_OF_MEMORY: Status = 2;
const NOT_INITIALIZED: Status = 3;
const INVALID_DEVICE: Status = 101;
const INVALID_CONTEXT: Status = 201;
const INVALID_PTX: Status = 218;
const FILE_NOT_FOUND: Status = 301;
const INVALID_HANDLE: Status = 400;
const NOT_FOUND: Status = 500;
const ILLEGAL_ADDRESS: Status = 700;
const LAUNCH_FAILED: Status = 719;

fn text_of(status: Status) -> &'static CStr {
    match status {
        SUCCESS => c"no error",
        INVALID_VALUE => c"invalid argument",
        OUT_OF_MEMORY => c"out of memory",
        NOT_INITIALIZED => c"initialization error",
        INVALID_DEVICE => c"invalid device ordinal",
        INVALID_CONTEXT => c"invalid device context",
        INVALID_PTX => c"a PTX JIT compilation failed",
        FILE_NOT_FOUND => c"file not found",
        INVALID_HANDLE => c"invalid resource handle",
        NOT_FOUND => c"named symbol not found",
        ILLEGAL_ADDRESS => c"an illegal memory access was encountered",
        LAUNCH_FAILED => c"unspecified launch failure",
        _ => c"unrecognized error code",
    }
}

/// Ends a function with this status.
macro_rules! give {
    ($status:expr) => {
        return $status
    };
}

/// A call that is wrong whatever the device does: told, as a driver would not.
fn refused(function: &str, status: Status, why: &str) -> Status {
    complain(function, &Fault::new(why));
    status
}

fn done(function: &str, result: Result<(), Fault>, status: Status) -> Status {
    match result {
        Ok(()) => SUCCESS,
        Err(fault) => {
            complain(function, &fault);
            status
        }
    }
}

static INITIALISED: AtomicBool = AtomicBool::new(false);
static HANDLES: AtomicUsize = AtomicUsize::new(1);
/// That of the first device; the others' follow.
const CONTEXT: usize = 0xc000;
const POOL: usize = 0xb0;

thread_local! {
    /// The device whose context has been made that of this thread.
    static CURRENT: Cell<Option<c_int>> = const { Cell::new(None) };
}

/// The device that this thread may use.
pub(super) fn has_context(function: &str) -> Result<c_int, Status> {
    let none = || refused(function, INVALID_CONTEXT, "no context is current on this thread");
    CURRENT.get().ok_or_else(none)
}

/// Whether there is a device of this number.
fn is_device(number: c_int) -> bool {
    usize::try_from(number).is_ok_and(|number| number < devices())
}

macro_rules! needs_context {
    ($function:expr) => {
        if let Err(status) = has_context($function) {
            give!(status);
        }
    };
}

fn fresh_handle() -> *mut c_void {
    std::ptr::without_provenance_mut(0x1000 + 0x10 * HANDLES.fetch_add(1, Ordering::Relaxed))
}

/// Writes a result to where the caller wants it.
///
/// # Safety
/// `to` is null, or valid for a write.
unsafe fn put<T>(to: *mut T, value: T) -> Status {
    if to.is_null() {
        give!(INVALID_VALUE);
    }
    // SAFETY: by the caller's contract, and it is not null.
    unsafe { to.write(value) };
    SUCCESS
}

unsafe extern "C" {
    safe fn atexit(callback: extern "C" fn()) -> c_int;
}

extern "C" fn at_exit() {
    report();
}

#[unsafe(no_mangle)]
pub extern "C" fn cuInit(_flags: c_uint) -> Status {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        atexit(at_exit);
    });
    INITIALISED.store(true, Ordering::Relaxed);
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDriverGetVersion(version: *mut c_int) -> Status {
    // SAFETY: the caller's pointer, as NVIDIA documents it.
    unsafe { put(version, 13_000) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuGetErrorString(error: Status, text: *mut *const c_char) -> Status {
    // SAFETY: the caller's pointer, as NVIDIA documents it.
    unsafe { put(text, text_of(error).as_ptr()) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuGetErrorName(error: Status, text: *mut *const c_char) -> Status {
    // SAFETY: the caller's pointer, as NVIDIA documents it.
    unsafe { put(text, text_of(error).as_ptr()) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetCount(count: *mut c_int) -> Status {
    // SAFETY: the caller's pointer, as NVIDIA documents it.
    unsafe { put(count, devices() as c_int) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGet(found: *mut c_int, ordinal: c_int) -> Status {
    if !INITIALISED.load(Ordering::Relaxed) {
        give!(NOT_INITIALIZED);
    }
    if !is_device(ordinal) {
        give!(INVALID_DEVICE);
    }
    // SAFETY: the caller's pointer, as NVIDIA documents it.
    unsafe { put(found, ordinal) }
}

/// Devices of one number have the same name in all processes, as they would on one machine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetUuid_v2(uuid: *mut [u8; 16], device: c_int) -> Status {
    if !is_device(device) {
        give!(INVALID_DEVICE);
    }
    let mut bytes = *b"software GPU    ";
    bytes[12..].copy_from_slice(&device.to_le_bytes());
    // SAFETY: the caller's pointer, as NVIDIA documents it.
    unsafe { put(uuid, bytes) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetName(name: *mut c_char, length: c_int, _device: c_int) -> Status {
    const NAME: &CStr = c"Software GPU";
    let bytes = NAME.to_bytes_with_nul();
    if name.is_null() || usize::try_from(length).is_ok_and(|length| length < bytes.len()) {
        give!(INVALID_VALUE);
    }
    // SAFETY: the caller lends `length` bytes, which are as many as are written, or more.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr().cast(), name, bytes.len()) };
    SUCCESS
}

/// Bytes that the device says it has.
const MEMORY: usize = 16 << 30;

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceTotalMem_v2(bytes: *mut usize, _device: c_int) -> Status {
    // SAFETY: the caller's pointer, as NVIDIA documents it.
    unsafe { put(bytes, MEMORY) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemGetInfo_v2(free: *mut usize, total: *mut usize) -> Status {
    // SAFETY: the caller's pointers, as NVIDIA documents them.
    unsafe {
        put(free, MEMORY);
        put(total, MEMORY)
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetAttribute(value: *mut c_int, attribute: c_uint, _device: c_int) -> Status {
    let known = match attribute {
        // Threads of a block, in all and along each axis; blocks of a grid.
        1..=3 => 1024,
        4 => 64,
        5 => i32::MAX,
        6..=7 => 65535,
        // Shared memory of a block, lanes of a warp.
        8 => 48 << 10,
        10 => 32,
        // Multiprocessors: few, so that grids are small.
        16 => 2,
        // Threads of a multiprocessor.
        39 => 2048,
        // The compute capability.
        75 => 9,
        76 => 0,
        // Memory pools, which `cuMemAllocAsync` needs.
        115 => 1,
        _ => give!(refused(
            "cuDeviceGetAttribute",
            INVALID_VALUE,
            &format!("the attribute {attribute} is not known to the software GPU")
        )),
    };
    // SAFETY: the caller's pointer, as NVIDIA documents it.
    unsafe { put(value, known) }
}

/// The pool that `cuMemAllocAsync` takes memory from.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDeviceGetDefaultMemPool(pool: *mut *mut c_void, _device: c_int) -> Status {
    // SAFETY: the caller's pointer, as NVIDIA documents it.
    unsafe { put(pool, std::ptr::without_provenance_mut(POOL)) }
}

/// What is kept of freed memory makes no difference here: none is.
#[unsafe(no_mangle)]
pub extern "C" fn cuMemPoolSetAttribute(pool: *mut c_void, _attribute: c_uint, _value: *mut c_void) -> Status {
    match pool.addr() {
        POOL => SUCCESS,
        _ => refused(
            "cuMemPoolSetAttribute",
            INVALID_VALUE,
            "a pool that this driver did not give out",
        ),
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuDevicePrimaryCtxRetain(context: *mut *mut c_void, device: c_int) -> Status {
    if !is_device(device) {
        give!(INVALID_DEVICE);
    }
    // SAFETY: the caller's pointer, as NVIDIA documents it.
    unsafe { put(context, std::ptr::without_provenance_mut(CONTEXT + device as usize)) }
}

#[unsafe(no_mangle)]
pub extern "C" fn cuDevicePrimaryCtxRelease_v2(_device: c_int) -> Status {
    SUCCESS
}

#[unsafe(no_mangle)]
pub extern "C" fn cuCtxSetCurrent(context: *mut c_void) -> Status {
    let device = context
        .addr()
        .checked_sub(CONTEXT)
        .and_then(|n| c_int::try_from(n).ok());
    match (context.addr(), device) {
        (0, _) => CURRENT.set(None),
        (_, Some(device)) if is_device(device) => CURRENT.set(Some(device)),
        _ => give!(refused("cuCtxSetCurrent", INVALID_CONTEXT, "no context of a device")),
    }
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuCtxGetCurrent(context: *mut *mut c_void) -> Status {
    let current = CURRENT.get().map_or(0, |device| CONTEXT + device as usize);
    // SAFETY: the caller's pointer, as NVIDIA documents it.
    unsafe { put(context, std::ptr::without_provenance_mut(current)) }
}

#[unsafe(no_mangle)]
pub extern "C" fn cuCtxSynchronize() -> Status {
    needs_context!("cuCtxSynchronize");
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuStreamCreate(stream: *mut *mut c_void, _flags: c_uint) -> Status {
    needs_context!("cuStreamCreate");
    // SAFETY: the caller's pointer, as NVIDIA documents it.
    unsafe { put(stream, fresh_handle()) }
}

#[unsafe(no_mangle)]
pub extern "C" fn cuStreamDestroy_v2(stream: *mut c_void) -> Status {
    if stream.is_null() {
        give!(refused("cuStreamDestroy", INVALID_HANDLE, "the default stream"));
    }
    SUCCESS
}

#[unsafe(no_mangle)]
pub extern "C" fn cuStreamSynchronize(_stream: *mut c_void) -> Status {
    needs_context!("cuStreamSynchronize");
    SUCCESS
}

#[unsafe(no_mangle)]
pub extern "C" fn cuStreamQuery(_stream: *mut c_void) -> Status {
    needs_context!("cuStreamQuery");
    SUCCESS
}

#[unsafe(no_mangle)]
pub extern "C" fn cuStreamWaitEvent(_stream: *mut c_void, event: *mut c_void, _flags: c_uint) -> Status {
    needs_context!("cuStreamWaitEvent");
    if event.is_null() {
        give!(refused("cuStreamWaitEvent", INVALID_HANDLE, "no event"));
    }
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuEventCreate(event: *mut *mut c_void, _flags: c_uint) -> Status {
    needs_context!("cuEventCreate");
    // SAFETY: the caller's pointer, as NVIDIA documents it.
    unsafe { put(event, fresh_handle()) }
}

#[unsafe(no_mangle)]
pub extern "C" fn cuEventDestroy_v2(_event: *mut c_void) -> Status {
    SUCCESS
}

#[unsafe(no_mangle)]
pub extern "C" fn cuEventRecord(event: *mut c_void, _stream: *mut c_void) -> Status {
    needs_context!("cuEventRecord");
    if event.is_null() {
        give!(refused("cuEventRecord", INVALID_HANDLE, "no event"));
    }
    SUCCESS
}

#[unsafe(no_mangle)]
pub extern "C" fn cuEventSynchronize(_event: *mut c_void) -> Status {
    needs_context!("cuEventSynchronize");
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemAlloc_v2(address: *mut u64, bytes: usize) -> Status {
    needs_context!("cuMemAlloc");
    if bytes == 0 {
        give!(refused("cuMemAlloc", INVALID_VALUE, "no bytes, which a driver refuses"));
    }
    // SAFETY: passed on.
    unsafe { allocate(address, bytes) }
}

/// # Safety
/// `address` is null, or valid for a write.
unsafe fn allocate(address: *mut u64, bytes: usize) -> Status {
    match device().memory.allocate(bytes) {
        // SAFETY: by the caller's contract.
        Some(found) => unsafe { put(address, found) },
        None => OUT_OF_MEMORY,
    }
}

/// From a pool no bytes can be had, too, which dfdx relies on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemAllocAsync(address: *mut u64, bytes: usize, _stream: *mut c_void) -> Status {
    needs_context!("cuMemAllocAsync");
    // SAFETY: passed on.
    unsafe { allocate(address, bytes) }
}

#[unsafe(no_mangle)]
pub extern "C" fn cuMemFree_v2(address: u64) -> Status {
    needs_context!("cuMemFree");
    done("cuMemFree", device().memory.free(address), INVALID_VALUE)
}

#[unsafe(no_mangle)]
pub extern "C" fn cuMemFreeAsync(address: u64, _stream: *mut c_void) -> Status {
    cuMemFree_v2(address)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyHtoD_v2(to: u64, from: *const c_void, bytes: usize) -> Status {
    needs_context!("cuMemcpyHtoD");
    if bytes == 0 {
        give!(SUCCESS);
    }
    if from.is_null() {
        give!(refused("cuMemcpyHtoD", INVALID_VALUE, "from a null pointer"));
    }
    // SAFETY: the caller lends so many bytes, and waits.
    let values = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), bytes) };
    let mut device = device();
    device.note_copy(Copied::ToDevice, bytes);
    done("cuMemcpyHtoD", device.memory.write(to, values), INVALID_VALUE)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyHtoDAsync_v2(
    to: u64,
    from: *const c_void,
    bytes: usize,
    _stream: *mut c_void,
) -> Status {
    // SAFETY: passed on.
    unsafe { cuMemcpyHtoD_v2(to, from, bytes) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyDtoH_v2(to: *mut c_void, from: u64, bytes: usize) -> Status {
    needs_context!("cuMemcpyDtoH");
    if bytes == 0 {
        give!(SUCCESS);
    }
    if to.is_null() {
        give!(refused("cuMemcpyDtoH", INVALID_VALUE, "to a null pointer"));
    }
    let mut device = device();
    device.note_copy(Copied::ToHost, bytes);
    let copied = device.memory.read(from, bytes).map(|values| {
        // SAFETY: the caller lends so many bytes, which are none of the device's.
        unsafe { std::ptr::copy_nonoverlapping(values.as_ptr(), to.cast::<u8>(), bytes) };
    });
    done("cuMemcpyDtoH", copied, INVALID_VALUE)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuMemcpyDtoHAsync_v2(
    to: *mut c_void,
    from: u64,
    bytes: usize,
    _stream: *mut c_void,
) -> Status {
    // SAFETY: passed on.
    unsafe { cuMemcpyDtoH_v2(to, from, bytes) }
}

#[unsafe(no_mangle)]
pub extern "C" fn cuMemcpyDtoD_v2(to: u64, from: u64, bytes: usize) -> Status {
    needs_context!("cuMemcpyDtoD");
    if bytes == 0 {
        give!(SUCCESS);
    }
    done("cuMemcpyDtoD", device().memory.copy(to, from, bytes), INVALID_VALUE)
}

#[unsafe(no_mangle)]
pub extern "C" fn cuMemcpyDtoDAsync_v2(to: u64, from: u64, bytes: usize, _stream: *mut c_void) -> Status {
    cuMemcpyDtoD_v2(to, from, bytes)
}

#[unsafe(no_mangle)]
pub extern "C" fn cuMemsetD8_v2(address: u64, value: u8, bytes: usize) -> Status {
    needs_context!("cuMemsetD8");
    if bytes == 0 {
        give!(SUCCESS);
    }
    done("cuMemsetD8", device().memory.fill(address, value, bytes), INVALID_VALUE)
}

#[unsafe(no_mangle)]
pub extern "C" fn cuMemsetD8Async(address: u64, value: u8, bytes: usize, _stream: *mut c_void) -> Status {
    cuMemsetD8_v2(address, value, bytes)
}

/// Handles of modules and kernels hold their numbers, and are never null.
const HANDLE_BITS: u32 = 24;

fn module_handle(module: usize) -> *mut c_void {
    std::ptr::without_provenance_mut((module + 1) << HANDLE_BITS)
}

fn module_of(handle: *mut c_void) -> Option<usize> {
    (handle.addr() >> HANDLE_BITS).checked_sub(1)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleLoadData(module: *mut *mut c_void, image: *const c_void) -> Status {
    needs_context!("cuModuleLoadData");
    if image.is_null() {
        give!(INVALID_VALUE);
    }
    // SAFETY: an image is PTX that ends with a zero, which is all that is known here; others start with marks of their own,
    // which have zeros, too.
    let source = unsafe { CStr::from_ptr(image.cast()) };
    match source.to_str() {
        // SAFETY: the caller's pointer, as NVIDIA documents it.
        Ok(source) => unsafe { load(module, source) },
        Err(_) => refused("cuModuleLoadData", INVALID_PTX, "the image is not PTX"),
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleLoad(module: *mut *mut c_void, path: *const c_char) -> Status {
    needs_context!("cuModuleLoad");
    if path.is_null() {
        give!(INVALID_VALUE);
    }
    // SAFETY: a path is text that ends with a zero.
    let path = unsafe { CStr::from_ptr(path) };
    let path = path.to_string_lossy();
    match std::fs::read_to_string(&*path) {
        // SAFETY: the caller's pointer, as NVIDIA documents it.
        Ok(source) => unsafe { load(module, &source) },
        Err(error) => refused("cuModuleLoad", FILE_NOT_FOUND, &format!("{path}: {error}")),
    }
}

/// # Safety
/// `module` is null, or valid for a write.
unsafe fn load(module: *mut *mut c_void, source: &str) -> Status {
    let loaded = device().load(source);
    match loaded {
        // SAFETY: by the caller's contract.
        Ok(number) => unsafe { put(module, module_handle(number)) },
        Err(fault) => refused("cuModuleLoad", INVALID_PTX, &fault.0),
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn cuModuleUnload(module: *mut c_void) -> Status {
    let unloaded = match module_of(module) {
        Some(number) => device().unload(number),
        None => Err(Fault::new("no module")),
    };
    done("cuModuleUnload", unloaded, INVALID_HANDLE)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cuModuleGetFunction(
    function: *mut *mut c_void,
    module: *mut c_void,
    name: *const c_char,
) -> Status {
    needs_context!("cuModuleGetFunction");
    if name.is_null() {
        give!(INVALID_VALUE);
    }
    // SAFETY: a name is text that ends with a zero.
    let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
    let device = device();
    let Some(found) = module_of(module).and_then(|number| device.module(number)) else {
        give!(INVALID_HANDLE);
    };
    match found.kernel(&name) {
        Some(kernel) => {
            let handle = std::ptr::without_provenance_mut(module.addr() + kernel);
            // SAFETY: the caller's pointer, as NVIDIA documents it.
            unsafe { put(function, handle) }
        }
        None => refused("cuModuleGetFunction", NOT_FOUND, &format!("no kernel {name}")),
    }
}

#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments)]
pub unsafe extern "C" fn cuLaunchKernel(
    function: *mut c_void,
    blocks_x: c_uint,
    blocks_y: c_uint,
    blocks_z: c_uint,
    threads_x: c_uint,
    threads_y: c_uint,
    threads_z: c_uint,
    shared_bytes: c_uint,
    _stream: *mut c_void,
    parameters: *mut *mut c_void,
    extra: *mut *mut c_void,
) -> Status {
    const NAME: &str = "cuLaunchKernel";
    needs_context!(NAME);
    let mut device = device();
    let kernel = function.addr() & ((1 << HANDLE_BITS) - 1);
    let Some(number) = module_of(function) else {
        give!(INVALID_HANDLE);
    };
    let Some(found) = device.module(number).and_then(|module| module.functions.get(kernel)) else {
        give!(INVALID_HANDLE);
    };
    if !extra.is_null() {
        give!(refused(NAME, INVALID_VALUE, "`extra` is not known to the software GPU"));
    }
    let mut values = vec![0; found.parameter_bytes];
    for (i, parameter) in found.parameters.iter().enumerate() {
        let missing = || format!("kernel {}: parameter {i} is missing", found.name);
        if parameters.is_null() {
            give!(refused(NAME, INVALID_VALUE, &missing()));
        }
        // SAFETY: the caller lends as many pointers as the kernel has parameters; how many there are cannot be seen.
        let value = unsafe { parameters.add(i).read() };
        if value.is_null() {
            give!(refused(NAME, INVALID_VALUE, &missing()));
        }
        let place = &mut values[parameter.offset..parameter.offset + parameter.bytes];
        // SAFETY: each points to as many bytes as the kernel declares.
        unsafe { std::ptr::copy_nonoverlapping(value.cast::<u8>(), place.as_mut_ptr(), parameter.bytes) };
    }
    let grid = Grid {
        blocks: [blocks_x, blocks_y, blocks_z],
        threads: [threads_x, threads_y, threads_z],
        shared_bytes: shared_bytes as usize,
    };
    done(NAME, device.launch(number, kernel, grid, &values), LAUNCH_FAILED)
}
