//! A vector a row added to every pixel: `y[r, p, c] = x[r, p, c] + s[r, c]`.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use crate::columns::take_columns;
use crate::prelude::*;

/// Adds `shifts` `[rows, channels]` to the pixels of `[rows, pixels * channels]`; or one row, `[1, channels]`, to those of
/// every image, where the shift's tangents are 0. `primal`: rows of images, before those of tangents.
///
/// # Panics
/// If the shapes do not fit.
pub fn channel_shift(x: Matrix<SharedTape>, shifts: Matrix<SharedTape>, primal: usize) -> Matrix<SharedTape> {
    let ((x, tape), (shifts, other)) = (x.split_tape(), shifts.split_tape());
    let ((rows, width), (count, channels)) = (*x.shape(), *shifts.shape());
    assert!(
        width.is_multiple_of(channels) && (count == rows || count == 1),
        "shifts [{count}, {channels}] of [{rows}, {width}]"
    );
    let reached = if count == 1 { primal } else { rows };
    let pixels = width / channels;
    let y = filled((rows, width), |y| {
        let (x, shifts) = (stored(&x)?, stored(&shifts)?);
        backend::shift_pixels(rows, reached, pixels, channels, count, shifts.read(), x.read(), y)
    });
    record_binary(
        tape.merge(other),
        Some(&shifts),
        &x,
        y,
        move |gs, g| backend::add_sums(reached, pixels, channels, count, view(g), gs),
        |gx, g| accumulate(gx, &g),
    )
}

crate::selftest_cases!(|| {
    let image = Extent::new(6, 4, 7);
    let case = |of: &str, rows: usize| {
        let operation = Operation::new(format!("channel_shift: of {of}"), 5, image.len()).array(rows * 7, 0);
        operation.case(move |x, primal, arrays| channel_shift(x.clone(), beside(&x, &arrays[0], (rows, 7)), primal))
    };
    // Shifts that have tangents, too: columns of x.
    let of_columns = || {
        check::operation("channel_shift", (3, 2, 8), &[], |x, primal, _| {
            let shifts = take_columns(x.clone(), &[5, 0]);
            channel_shift(x, shifts, primal)
        });
    };
    vec![case("every image", 3 * 5).checked(of_columns), case("all images", 1)]
});
