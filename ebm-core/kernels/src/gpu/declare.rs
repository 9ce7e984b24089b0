//! Declaring kernels.

/// Declares the kernels of one source file, each as a function that runs it, and panics if an array has not the length declared.
///
/// After an array stands how many elements the kernel takes it to have, in terms of its other arguments; after `over`, how its
/// work is spread (see [`Spread`](super::launch::Spread)). A declaration is a promise that the kernel reads and writes nothing
/// outside of these lengths, and that its parameters are these, in this order.
///
/// ```text
/// kernels! { "elementwise";
///     /// `y += x`
///     fn add_to(n: usize, x: In[n], y: Out[n]) over Elements(n);
/// }
/// ```
macro_rules! kernels {
    ($module:literal; $(
        $(#[$doc:meta])*
        fn $name:ident($($argument:ident: $kind:ident $(<$t:ty>)? $([$len:expr])?),+ $(,)?) over $spread:ident($($count:expr),+);
    )*) => {
        #[cfg(feature = "cuda")]
        const MODULE: $crate::gpu::launch::Module = $crate::gpu::launch::Module {
            name: $module,
            ptx: include_str!(concat!(env!("OUT_DIR"), "/", $module, ".ptx")),
            functions: &[$(concat!("ebm_", stringify!($name))),*],
        };
        $(
            $(#[$doc])*
            #[allow(unsafe_code, clippy::too_many_arguments)]
            pub(crate) fn $name($($argument: $kind $(<$t>)?),+) -> $crate::device::DevResult {
                $($( $crate::gpu::launch::check(stringify!($name), stringify!($argument), $argument.len(), $len); )?)+
                let spread = $crate::gpu::launch::Spread::$spread($($count),+);
                if spread.is_empty() {
                    return Ok(());
                }
                #[cfg(feature = "cuda")]
                {
                    use cudarc::driver::LaunchAsync as _;
                    let function = MODULE.function(concat!("ebm_", stringify!($name)))?;
                    let arguments = ($($crate::gpu::Argument::raw(&$argument),)+);
                    // SAFETY: the declaration says that the kernel takes these parameters and stays within the lengths that
                    // were checked. What it reads and writes is borrowed until it is queued; all later uses, freeing
                    // included, are queued behind it on the same stream.
                    unsafe { function.launch(spread.grid(), arguments) }?;
                }
                #[cfg(not(feature = "cuda"))]
                {
                    unsafe extern "C" {
                        #[link_name = concat!("ebm_", stringify!($name))]
                        fn $name(block: usize, blocks: usize, $($argument: <$kind $(<$t>)? as $crate::gpu::Argument>::Raw),+);
                    }
                    let blocks = spread.blocks();
                    // Blocks run in any order on a GPU: here, backwards.
                    for block in (0..blocks).rev() {
                        // SAFETY: the declaration says that the kernel takes these parameters and stays within the lengths
                        // that were checked; the arrays are borrowed until it returns.
                        unsafe { $name(block, blocks, $($crate::gpu::Argument::raw(&$argument)),+) }
                    }
                }
                Ok(())
            }
        )*
    };
}
pub(crate) use kernels;
