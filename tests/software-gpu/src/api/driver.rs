//! CUDA's driver: those of its functions that Rust programs use through `cudarc`.
//!
//! All streams run their work at once, so that there is never anything to wait for.

use super::call::{Failure, Out, Outcome, Status, exports, put, statuses, text};
use super::device::{device, devices, report};
use crate::machine::Grid;
use std::ffi::{c_char, c_int, c_uint, c_void};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{cell::Cell, mem::MaybeUninit, ptr::without_provenance_mut, sync::Once};

type Handle = *mut c_void;

statuses! {
    INVALID_VALUE = 1, c"invalid argument";
    OUT_OF_MEMORY = 2, c"out of memory";
    NOT_INITIALIZED = 3, c"initialization error";
    INVALID_DEVICE = 101, c"invalid device ordinal";
    INVALID_CONTEXT = 201, c"invalid device context";
    INVALID_PTX = 218, c"a PTX JIT compilation failed";
    FILE_NOT_FOUND = 301, c"file not found";
    INVALID_HANDLE = 400, c"invalid resource handle";
    NOT_FOUND = 500, c"named symbol not found";
    LAUNCH_FAILED = 719, c"unspecified launch failure";
    _ = c"unrecognized error code";
}

static INITIALISED: Once = Once::new();

/// The handle of the first device's context; the others' follow.
const CONTEXT: usize = 0xc000;
/// The handle of the pool that `cuMemAllocAsync` takes memory from.
const POOL: usize = 0xb0;
/// The size of memory that the device reports.
const MEMORY: usize = 16 << 30;

thread_local! {
    /// The device whose context is current on this thread.
    static CURRENT: Cell<Option<c_int>> = const { Cell::new(None) };
}

/// The device that this thread may use, or a mistake with this status.
pub(super) fn current_device(status: Status) -> Outcome<c_int> {
    let none = || Failure::mistake(status, "no context is current on this thread");
    CURRENT.get().ok_or_else(none)
}

fn needs_context() -> Outcome {
    current_device(INVALID_CONTEXT).map(drop)
}

/// The device of this number.
fn checked(number: c_int) -> Outcome<usize> {
    let known = usize::try_from(number).ok().filter(|number| *number < devices());
    known.ok_or(Failure::Error(INVALID_DEVICE))
}

fn fresh_handle() -> Handle {
    static HANDLES: AtomicUsize = AtomicUsize::new(1);
    without_provenance_mut(0x1000 + 0x10 * HANDLES.fetch_add(1, Ordering::Relaxed))
}

fn not_null(pointer: *const c_void, status: Status, what: &str) -> Outcome {
    if pointer.is_null() { Err(Failure::mistake(status, what)) } else { Ok(()) }
}

unsafe extern "C" {
    safe fn atexit(callback: extern "C" fn()) -> c_int;
}

fn allocate(address: Out<u64>, bytes: usize) -> Outcome {
    let found = device().memory.allocate(bytes);
    put(address, found.ok_or(Failure::Error(OUT_OF_MEMORY))?)
}

/// The bits of a kernel's handle that are its number in its module. A module's handle has none, and neither is ever null.
const KERNEL_BITS: u32 = 24;

fn module_of(handle: Handle) -> Outcome<usize> {
    (handle.addr() >> KERNEL_BITS).checked_sub(1).ok_or(Failure::Error(INVALID_HANDLE))
}

fn load(module: Out<Handle>, source: &str) -> Outcome {
    let number = device().load(source).map_err(Failure::with(INVALID_PTX))?;
    put(module, without_provenance_mut((number + 1) << KERNEL_BITS))
}

/// # Safety
/// `parameters` is null, or points to as many pointers as the kernel has parameters, each of which is null or points to as
/// many bytes as the kernel declares.
unsafe fn launch(function: Handle, grid: Grid, parameters: *mut *mut c_void, extra: *mut *mut c_void) -> Outcome {
    let mut device = device();
    let (module, kernel) = (module_of(function)?, function.addr() & ((1 << KERNEL_BITS) - 1));
    let found = device.module(module).and_then(|module| module.functions.get(kernel));
    let found = found.ok_or(Failure::Error(INVALID_HANDLE))?;
    if !extra.is_null() {
        let why = "`extra` is not known to the software GPU";
        return Err(Failure::mistake(INVALID_VALUE, why));
    }
    let mut values = vec![0; found.parameter_bytes];
    for (i, parameter) in found.parameters.iter().enumerate() {
        let missing = format!("kernel {}: parameter {i} is missing", found.name);
        not_null(parameters.cast(), INVALID_VALUE, &missing)?;
        // SAFETY: by the caller's contract, and it is not null; how many there are cannot be seen.
        let value = unsafe { parameters.add(i).read() };
        not_null(value, INVALID_VALUE, &missing)?;
        // SAFETY: by the caller's contract, and it is not null.
        let bytes = unsafe { std::slice::from_raw_parts(value.cast::<u8>(), parameter.bytes) };
        values[parameter.offset..parameter.offset + parameter.bytes].copy_from_slice(bytes);
    }
    device.launch(module, kernel, grid, &values).map_err(Failure::with(LAUNCH_FAILED))
}

fn attribute(number: c_uint) -> Outcome<c_int> {
    Ok(match number {
        // Threads of a block, in all and along each axis; blocks of a grid.
        1..=3 => 1024,
        4 => 64,
        5 => i32::MAX,
        6..=7 => 65535,
        // Shared memory of a block, lanes of a warp.
        8 => 48 << 10,
        10 => 32,
        // Multiprocessors: few, so that grids are small. Threads of one.
        16 => 2,
        39 => 2048,
        // The compute capability.
        75 => 9,
        76 => 0,
        // Memory pools, which `cuMemAllocAsync` needs.
        115 => 1,
        _ => {
            let why = format!("the attribute {number} is not known to the software GPU");
            return Err(Failure::mistake(INVALID_VALUE, why));
        }
    })
}

exports! {
    null: INVALID_VALUE;
    before: Ok(());

    fn cuInit(_flags: c_uint) = {
        INITIALISED.call_once(|| {
            atexit(report);
        });
        Ok(())
    };

    fn cuDriverGetVersion(version: Out<c_int>) = put(version, 13_000);
    fn cuGetErrorString(error: Status, text: Out<*const c_char>) alias cuGetErrorName =
        put(text, text_of(error).as_ptr());

    fn cuDeviceGetCount(count: Out<c_int>) = put(count, devices() as c_int);
    fn cuDeviceGet(found: Out<c_int>, ordinal: c_int) = {
        if !INITIALISED.is_completed() {
            return Err(Failure::Error(NOT_INITIALIZED));
        }
        checked(ordinal)?;
        put(found, ordinal)
    };

    /// A device has the same name in all processes, as on one machine.
    fn cuDeviceGetUuid_v2(uuid: Out<[u8; 16]>, device: c_int) = {
        checked(device)?;
        let mut bytes = *b"software GPU    ";
        bytes[12..].copy_from_slice(&device.to_le_bytes());
        put(uuid, bytes)
    };

    fn cuDeviceGetName(name: *mut c_char, length: c_int) = {
        let bytes = c"Software GPU".to_bytes_with_nul();
        if name.is_null() || usize::try_from(length).is_ok_and(|length| length < bytes.len()) {
            return Err(Failure::Null);
        }
        // SAFETY: the caller lends `length` bytes, which are as many as are written, or more.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr().cast(), name, bytes.len()) };
        Ok(())
    };

    fn cuDeviceTotalMem_v2(bytes: Out<usize>) = put(bytes, MEMORY);
    fn cuMemGetInfo_v2(free: Out<usize>, total: Out<usize>) = put(free, MEMORY).and_then(|()| put(total, MEMORY));
    fn cuDeviceGetAttribute(value: Out<c_int>, number: c_uint) = put(value, attribute(number)?);
    fn cuDeviceGetDefaultMemPool(pool: Out<Handle>) = put(pool, without_provenance_mut(POOL));
    /// Has no effect: freed memory is never kept.
    fn cuMemPoolSetAttribute(pool: Handle) = match pool.addr() {
        POOL => Ok(()),
        _ => Err(Failure::mistake(INVALID_VALUE, "a pool that this driver did not give out")),
    };

    fn cuDevicePrimaryCtxRetain(context: Out<Handle>, device: c_int) =
        put(context, without_provenance_mut(CONTEXT + checked(device)?));
    fn cuDevicePrimaryCtxRelease_v2() alias cuEventDestroy_v2 = Ok(());

    fn cuCtxSetCurrent(context: Handle) = {
        let device = context.addr().checked_sub(CONTEXT).filter(|device| *device < devices());
        if device.is_none() && !context.is_null() {
            return Err(Failure::mistake(INVALID_CONTEXT, "no context of a device"));
        }
        CURRENT.set(device.map(|device| device as c_int));
        Ok(())
    };

    fn cuCtxGetCurrent(context: Out<Handle>) = {
        let current = CURRENT.get().map_or(0, |device| CONTEXT + device as usize);
        put(context, without_provenance_mut(current))
    };

    fn cuStreamDestroy_v2(stream: Handle) = not_null(stream, INVALID_HANDLE, "the default stream");

    fn cuModuleUnload(module: Handle) = {
        let number = module_of(module).map_err(|_| Failure::mistake(INVALID_HANDLE, "no module"))?;
        device().unload(number).map_err(Failure::with(INVALID_HANDLE))
    };
}

exports! {
    null: INVALID_VALUE;
    before: needs_context();

    fn cuCtxSynchronize() alias cuStreamSynchronize cuStreamQuery cuEventSynchronize = Ok(());
    fn cuStreamCreate(handle: Out<Handle>) alias cuEventCreate = put(handle, fresh_handle());
    fn cuStreamWaitEvent(_stream: Handle, event: Handle) = not_null(event, INVALID_HANDLE, "no event");
    fn cuEventRecord(event: Handle) = not_null(event, INVALID_HANDLE, "no event");

    fn cuMemAlloc_v2(address: Out<u64>, bytes: usize) = match bytes {
        0 => Err(Failure::mistake(INVALID_VALUE, "a size of zero, which a driver refuses")),
        _ => allocate(address, bytes),
    };
    /// Unlike `cuMemAlloc`, this accepts a size of zero, which dfdx relies on.
    fn cuMemAllocAsync(address: Out<u64>, bytes: usize) = allocate(address, bytes);
    fn cuMemFree_v2(address: u64) alias cuMemFreeAsync = device().memory.free(address).map_err(Failure::with(INVALID_VALUE));

    fn cuMemcpyHtoD_v2(to: u64, from: *const c_void, bytes: usize) alias cuMemcpyHtoDAsync_v2 = {
        if bytes == 0 {
            return Ok(());
        }
        not_null(from, INVALID_VALUE, "from a null pointer")?;
        // SAFETY: the caller lends so many bytes, and waits.
        let values = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), bytes) };
        let mut device = device();
        device.count_copy("device", bytes);
        device.memory.write(to, values).map_err(Failure::with(INVALID_VALUE))
    };

    fn cuMemcpyDtoH_v2(to: *mut c_void, from: u64, bytes: usize) alias cuMemcpyDtoHAsync_v2 = {
        if bytes == 0 {
            return Ok(());
        }
        not_null(to, INVALID_VALUE, "to a null pointer")?;
        // SAFETY: the caller lends so many bytes, which are none of the device's, and waits.
        let to = unsafe { std::slice::from_raw_parts_mut(to.cast::<MaybeUninit<u8>>(), bytes) };
        let mut device = device();
        device.count_copy("host", bytes);
        to.write_copy_of_slice(device.memory.read(from, bytes).map_err(Failure::with(INVALID_VALUE))?);
        Ok(())
    };

    fn cuMemcpyDtoD_v2(to: u64, from: u64, bytes: usize) alias cuMemcpyDtoDAsync_v2 = match bytes {
        0 => Ok(()),
        _ => device().memory.copy(to, from, bytes).map_err(Failure::with(INVALID_VALUE)),
    };
    fn cuMemsetD8_v2(address: u64, value: u8, bytes: usize) alias cuMemsetD8Async = match bytes {
        0 => Ok(()),
        _ => device().memory.fill(address, value, bytes).map_err(Failure::with(INVALID_VALUE)),
    };

    fn cuModuleLoadData(module: Out<Handle>, image: *const c_void) = {
        // SAFETY: an image is PTX that ends with a zero, which is all that is known here; others start with marks of their
        // own, and have zeros, too.
        let source = unsafe { text(image.cast())? };
        let not_ptx = |_| Failure::mistake(INVALID_PTX, "the image is not PTX");
        load(module, source.to_str().map_err(not_ptx)?)
    };

    fn cuModuleLoad(module: Out<Handle>, path: *const c_char) = {
        // SAFETY: a path is text that ends with a zero.
        let path = unsafe { text(path)? }.to_string_lossy();
        let unread = |error| Failure::mistake(FILE_NOT_FOUND, format!("{path}: {error}"));
        load(module, &std::fs::read_to_string(&*path).map_err(unread)?)
    };

    fn cuModuleGetFunction(function: Out<Handle>, module: Handle, name: *const c_char) = {
        // SAFETY: a name is text that ends with a zero.
        let name = unsafe { text(name)? }.to_string_lossy();
        let device = device();
        let found = device.module(module_of(module)?).ok_or(Failure::Error(INVALID_HANDLE))?;
        let missing = || Failure::mistake(NOT_FOUND, format!("no kernel {name}"));
        let kernel = found.kernel(&name).ok_or_else(missing)?;
        put(function, without_provenance_mut(module.addr() + kernel))
    };

    fn cuLaunchKernel(
        function: Handle,
        blocks_x: c_uint, blocks_y: c_uint, blocks_z: c_uint,
        threads_x: c_uint, threads_y: c_uint, threads_z: c_uint,
        shared_bytes: c_uint,
        _stream: Handle,
        parameters: *mut *mut c_void,
        extra: *mut *mut c_void,
    ) = {
        if shared_bytes > 0 {
            return Err(Failure::mistake(INVALID_VALUE, "shared memory of the launch is not known to the software GPU"));
        }
        let grid = Grid { blocks: [blocks_x, blocks_y, blocks_z], threads: [threads_x, threads_y, threads_z] };
        // SAFETY: the caller's pointers, as NVIDIA documents them.
        unsafe { launch(function, grid, parameters, extra) }
    };
}
