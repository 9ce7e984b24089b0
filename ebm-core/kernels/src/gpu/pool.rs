//! The device's pool of memory.

#![allow(unsafe_code)]

use cudarc::driver::CudaDevice;
use cudarc::driver::result::DriverError;
use cudarc::driver::sys;

/// Has the pool that dfdx takes its memory from keep what is freed.
///
/// As it is set up, it gives everything that is free back at every synchronisation, so with every number that is read, and gets
/// it anew for the next operations, which costs far more than these do.
pub(super) fn keep(device: &CudaDevice) -> Result<(), DriverError> {
    let mut pool = std::ptr::null_mut();
    let mut all = u64::MAX;
    // SAFETY: the device is open, and lives on in the caller's hands; the driver writes one handle, and reads one 64-bit number,
    // which is what this attribute is.
    unsafe {
        sys::cuDeviceGetDefaultMemPool(&mut pool, *device.cu_device()).result()?;
        sys::cuMemPoolSetAttribute(
            pool,
            sys::CUmemPool_attribute_enum::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD,
            std::ptr::from_mut(&mut all).cast(),
        )
        .result()
    }
}
