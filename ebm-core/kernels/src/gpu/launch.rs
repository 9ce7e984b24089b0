//! Spreading work over a device, and finding kernels on it.

/// The work that a kernel is run for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spread {
    /// So many elements, shared out to all threads (`FOR_EACH`).
    Elements(usize),
    /// So many rows, one to a block, each of so many columns (`FOR_EACH_ROW`, `FOR_EACH_COLUMN`).
    // Emulated blocks have one thread, however many columns there are.
    Rows(usize, #[cfg_attr(not(feature = "cuda"), expect(dead_code))] usize),
}

impl Spread {
    /// Whether there is nothing to do.
    pub fn is_empty(self) -> bool {
        matches!(self, Self::Elements(0) | Self::Rows(0, _))
    }
}

/// Refuses an array that has not the length that the kernel will take it to have.
pub(crate) fn check(kernel: &str, array: &str, found: usize, expected: usize) {
    assert_eq!(found, expected, "length of `{array}` of the kernel `{kernel}`");
}

#[cfg(feature = "cuda")]
mod cuda {
    use cudarc::driver::{CudaDevice, CudaFunction, DriverError, LaunchConfig, sys};
    use std::cell::OnceCell;
    use std::sync::Arc;

    use super::Spread;
    use crate::device::{DevResult, Real};

    /// Threads of a block. Kernels hold their numbers in registers, of which there are enough for several such blocks.
    const THREADS: usize = 256;
    /// Blocks of a grid at most, many times what runs at once; the kernels' loops go on from there.
    const BLOCKS: usize = 1 << 16;

    impl Spread {
        /// The grid. A block of rows has as many warps as a row has use for.
        pub fn grid(self) -> LaunchConfig {
            let (blocks, threads) = match self {
                Self::Elements(n) => (n.div_ceil(THREADS), THREADS),
                Self::Rows(rows, columns) => (rows, columns.clamp(1, THREADS).next_multiple_of(32)),
            };
            LaunchConfig {
                grid_dim: (blocks.clamp(1, BLOCKS) as u32, 1, 1),
                block_dim: (threads as u32, 1, 1),
                shared_mem_bytes: 0,
            }
        }
    }

    /// The kernels of one source.
    pub(crate) struct Module {
        pub name: &'static str,
        pub ptx: &'static str,
        pub functions: &'static [&'static str],
    }

    impl Module {
        /// A kernel by its name in the source, which is loaded on the device when the first one is asked for.
        pub fn function(&self, name: &'static str) -> DevResult<CudaFunction> {
            let device = driver()?;
            let found = device.get_func(self.name, name);
            match found {
                Some(function) => Ok(function),
                None => {
                    device.load_ptx(self.ptx.into(), self.name, self.functions)?;
                    let error = DriverError(sys::CUresult::CUDA_ERROR_NOT_FOUND);
                    Ok(device.get_func(self.name, name).ok_or(error)?)
                }
            }
        }
    }

    thread_local! {
        static DRIVER: OnceCell<Arc<CudaDevice>> = const { OnceCell::new() };
    }

    /// Has the pool that dfdx takes its memory from keep what is freed.
    ///
    /// By default the pool returns all free memory at each synchronisation, that is, whenever a number is read back, and must
    /// allocate it again for the next operations, at far greater cost than theirs.
    #[allow(unsafe_code)]
    fn keep_memory(device: &CudaDevice) -> Result<(), DriverError> {
        const THRESHOLD: sys::CUmemPool_attribute_enum =
            sys::CUmemPool_attribute_enum::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD;
        let (mut pool, mut all) = (std::ptr::null_mut(), u64::MAX);
        // SAFETY: the device is open, and lives on in the caller's hands; the driver writes one handle, and reads one 64-bit
        // number, which is what this attribute is.
        unsafe {
            sys::cuDeviceGetDefaultMemPool(&mut pool, *device.cu_device()).result()?;
            sys::cuMemPoolSetAttribute(pool, THRESHOLD, std::ptr::from_mut(&mut all).cast()).result()
        }
    }

    /// The very device, and so the stream, that dfdx works on in this thread.
    pub(crate) fn driver() -> DevResult<Arc<CudaDevice>> {
        DRIVER.with(|known| match known.get() {
            Some(device) => Ok(device.clone()),
            None => {
                let device = crate::gpu::zeros::<Real>(1)?.device();
                if let Err(error) = keep_memory(&device) {
                    tracing::debug!("the device keeps no memory for later: {error:?}");
                }
                Ok(known.get_or_init(|| device).clone())
            }
        })
    }
}
#[cfg(feature = "cuda")]
pub(crate) use cuda::{Module, driver};

#[cfg(not(feature = "cuda"))]
impl Spread {
    /// Blocks of the grid: more than one, so that kernels are seen to share their work out, and fewer than there is work, so that
    /// they are seen to go on.
    pub fn blocks(self) -> usize {
        let (Self::Elements(n) | Self::Rows(n, _)) = self;
        n.min(3)
    }
}
