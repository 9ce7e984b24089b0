//! NCCL: sums over the GPUs of several processes.
//!
//! cudarc is used only to link the library. Its wrappers accept receive buffers that are too short, report operations that have
//! merely started as finished, and count NCCL's newer error codes (`ncclTimeout`) as success; its communicator panics where it
//! cannot be aborted. So the few functions that are needed are declared here, as NVIDIA's `nccl.h` does, results as the numbers they are.

#![allow(unsafe_code)]

use cudarc::driver::{CudaDevice, DriverError, sys};
use dfdx::tensor::CudaError;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

use super::{Out, driver};

use crate::device::Real;

/// A failure, as NCCL or the driver describes it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct NcclFailure(String);

impl From<CudaError> for NcclFailure {
    fn from(error: CudaError) -> Self {
        Self(format!("CUDA: {error}"))
    }
}

impl From<DriverError> for NcclFailure {
    fn from(error: DriverError) -> Self {
        CudaError::from(error).into()
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
struct UniqueId([c_char; ID_BYTES]);

type Handle = *mut c_void;

const ID_BYTES: usize = 128;
const SUCCESS: c_int = 0;
const IN_PROGRESS: c_int = 7;
const SUM: c_int = 0;
/// `ncclFloat32` or `ncclFloat64`
const REAL: c_int = if size_of::<Real>() == 4 { 7 } else { 8 };

unsafe extern "C" {
    fn ncclGetVersion(version: *mut c_int) -> c_int;
    fn ncclGetUniqueId(id: *mut UniqueId) -> c_int;
    fn ncclCommInitRank(communicator: *mut Handle, ranks: c_int, id: UniqueId, rank: c_int) -> c_int;
    fn ncclCommDestroy(communicator: Handle) -> c_int;
    fn ncclCommAbort(communicator: Handle) -> c_int;
    fn ncclCommGetAsyncError(communicator: Handle, error: *mut c_int) -> c_int;
    fn ncclGetErrorString(result: c_int) -> *const c_char;
    fn ncclGetLastError(communicator: Handle) -> *const c_char;
    fn ncclAllReduce(
        from: *const c_void,
        to: *mut c_void,
        count: usize,
        kind: c_int,
        operation: c_int,
        communicator: Handle,
        stream: sys::CUstream,
    ) -> c_int;
}

/// Describes a result, with the detail that NCCL has.
fn told(function: &str, result: c_int) -> NcclFailure {
    // SAFETY: both return a text that ends with a zero and stays as it is, or null; neither looks at a communicator.
    let (kind, detail) = unsafe {
        let text = |text: *const c_char| match text.is_null() {
            true => String::new(),
            false => CStr::from_ptr(text).to_string_lossy().trim().to_string(),
        };
        (text(ncclGetErrorString(result)), text(ncclGetLastError(std::ptr::null_mut())))
    };
    let detail = if detail.is_empty() { detail } else { format!(": {detail}") };
    NcclFailure(format!("{function}: {kind} ({result}){detail}"))
}

fn checked(function: &str, result: c_int) -> Result<(), NcclFailure> {
    match result {
        SUCCESS => Ok(()),
        _ => Err(told(function, result)),
    }
}

/// The library's version, as in `22803` for 2.28.3.
///
/// # Errors
/// If it does not say.
pub fn version() -> Result<i32, NcclFailure> {
    let mut version = 0;
    // SAFETY: it writes a number to where it may.
    checked("ncclGetVersion", unsafe { ncclGetVersion(&mut version) })?;
    Ok(version)
}

/// The identifier of this process's GPU, or of a part of one (MIG), which is the same in all processes.
///
/// # Errors
/// If the driver does not say.
pub fn identity() -> Result<[u8; 16], NcclFailure> {
    let device = driver()?;
    let mut id = sys::CUuuid { bytes: [0; 16] };
    // SAFETY: the device is open, and the driver writes 16 bytes to where it may.
    unsafe { sys::cuDeviceGetUuid_v2(&mut id, *device.cu_device()) }.result()?;
    Ok(id.bytes.map(|byte| byte as u8))
}

/// Makes the identifier of a group of communicators, which one process makes and gives to all.
///
/// # Errors
/// If NCCL finds no network to meet on.
pub fn unique_id() -> Result<Vec<u8>, NcclFailure> {
    let mut id = UniqueId([0; ID_BYTES]);
    // SAFETY: it writes an id to where it may.
    checked("ncclGetUniqueId", unsafe { ncclGetUniqueId(&mut id) })?;
    Ok(id.0.map(|byte| byte as u8).to_vec())
}

/// The GPU of this process among those of others.
pub struct Communicator {
    /// Null after a failure.
    handle: Handle,
    /// The device that it was made on.
    device: Arc<CudaDevice>,
}

// SAFETY: NCCL's communicators are not tied to a thread: a thread needs the device's context, which every function here makes
// current first. It is used by one thread at a time, as nothing can be done with a shared reference.
unsafe impl Send for Communicator {}

impl Communicator {
    /// Number `rank` of so many, on this thread's device. It waits for all others.
    ///
    /// # Errors
    /// If NCCL does not start here. Others may then wait for this one for ever.
    pub fn join(id: &[u8], rank: usize, ranks: usize) -> Result<Self, NcclFailure> {
        let id: [u8; ID_BYTES] = id.try_into().map_err(|_| NcclFailure("an id of another length".into()))?;
        let id = UniqueId(id.map(|byte| byte as c_char));
        let number = |n: usize| c_int::try_from(n).map_err(|_| NcclFailure(format!("{n} processes")));
        let (rank, ranks) = (number(rank)?, number(ranks)?);
        let device = driver()?;
        device.bind_to_thread()?;
        let mut communicator = Self { handle: std::ptr::null_mut(), device };
        // SAFETY: the device's context is current, and a handle is written to where it may.
        let result = unsafe { ncclCommInitRank(&mut communicator.handle, ranks, id, rank) };
        match communicator.settled("ncclCommInitRank", result) {
            Ok(()) => Ok(communicator),
            Err(failure) => {
                // NCCL frees what it had begun, or the process does, which is about to end.
                communicator.handle = std::ptr::null_mut();
                Err(failure)
            }
        }
    }

    /// Replaces `values` by their sums over all, to the same bits for each of them. It waits until that is done.
    ///
    /// # Errors
    /// If NCCL or the device fails, as it may where another process ended. No more sums can be had then.
    pub fn sum(&mut self, values: Out) -> Result<(), NcclFailure> {
        if self.handle.is_null() {
            return Err(NcclFailure("NCCL failed before".into()));
        }
        let device = driver()?;
        device.bind_to_thread()?;
        let (start, stream) = (values.start().cast::<c_void>(), *device.cu_stream());
        // SAFETY: the communicator is alive. The array has `values.len()` elements of the kind named, and is borrowed for writing
        // until NCCL is done with it, which is waited for below, or has been aborted. It is what was queued on `stream` before
        // that wrote it, and sums in place are allowed.
        let result = unsafe { ncclAllReduce(start, start, values.len(), REAL, SUM, self.handle, stream) };
        let done = self.settled("ncclAllReduce", result).and_then(|()| self.wait(stream));
        done.inspect_err(|_| self.abort())
    }

    /// Waits until what NCCL has begun is under way.
    fn settled(&self, function: &str, mut result: c_int) -> Result<(), NcclFailure> {
        let mut patience = Patience::default();
        // Only where the environment makes communicators that do not block (NCCL_COMM_BLOCKING=0).
        while result == IN_PROGRESS {
            patience.pause();
            result = self.asynchronous();
        }
        checked(function, result)
    }

    /// Waits until everything on the stream is done. A peer that is lost over the network is noticed, where a call of the driver
    /// would wait for it for ever.
    fn wait(&self, stream: sys::CUstream) -> Result<(), NcclFailure> {
        let mut patience = Patience::default();
        loop {
            // SAFETY: the stream is that of dfdx's device, whose context is current.
            match unsafe { sys::cuStreamQuery(stream) } {
                sys::CUresult::CUDA_ERROR_NOT_READY => {}
                other => return Ok(other.result()?),
            }
            match self.asynchronous() {
                SUCCESS | IN_PROGRESS => {}
                error => return Err(told("ncclAllReduce", error)),
            }
            patience.pause();
        }
    }

    /// The state of the communicator.
    fn asynchronous(&self) -> c_int {
        let mut error = SUCCESS;
        // SAFETY: the communicator is alive, and a number is written to where it may.
        match unsafe { ncclCommGetAsyncError(self.handle, &mut error) } {
            SUCCESS => error,
            refused => refused,
        }
    }

    /// Ends what is on its way on the device.
    fn abort(&mut self) {
        let handle = std::mem::replace(&mut self.handle, std::ptr::null_mut());
        // SAFETY: the communicator was alive, and is not used again. What is returned cannot be worse than what led here.
        let _ = unsafe { ncclCommAbort(handle) };
    }
}

impl Drop for Communicator {
    fn drop(&mut self) {
        // NCCL waits for the others here. One that panics may leave them in the middle of a sum: its job is about to be ended, and
        // what the communicator holds with it.
        if self.handle.is_null() || std::thread::panicking() || self.device.bind_to_thread().is_err() {
            return;
        }
        // SAFETY: the communicator is alive, its device's context is current, and nothing of it is used again.
        let result = unsafe { ncclCommDestroy(self.handle) };
        if let Err(failure) = checked("ncclCommDestroy", result) {
            tracing::debug!("{failure}");
        }
    }
}

/// The pauses between two looks: none for a while, then long enough not to keep a core busy.
#[derive(Default)]
struct Patience(u32);

impl Patience {
    fn pause(&mut self) {
        self.0 = self.0.saturating_add(1);
        match self.0 {
            ..2_000 => std::thread::yield_now(),
            _ => std::thread::sleep(Duration::from_micros(50)),
        }
    }
}
