//! What the lanes of a warp do together: shuffles and barriers.

use super::thread::{State, Thread};
use crate::fault::{Fault, fault};
use crate::isa::instruction::{Exchange, ExchangeKind};
use crate::isa::module::Module;

pub const LANES: usize = 32;

/// Resumes the lanes of a warp that have all met at their exchange, and returns whether there were any. It is a fault of a lane to
/// wait for one that has ended or does not exist, to disagree about the mask, or to read from a lane outside of it.
pub fn exchange(module: &Module, warp: &mut [Thread]) -> Result<bool, (usize, Fault)> {
    let mut some = false;
    for first in 0..warp.len() {
        let Some(exchange) = warp[first].exchange(module) else {
            continue;
        };
        let mask = warp[first].get(exchange.mask);
        match have_met(module, warp, first, exchange, mask) {
            Ok(false) => {}
            Ok(true) => {
                perform(exchange, mask, warp)?;
                some = true;
            }
            Err(fault) => return Err((first, fault)),
        }
    }
    Ok(some)
}

fn lanes(mask: u64) -> impl Iterator<Item = usize> {
    (0..LANES).filter(move |lane| mask >> lane & 1 == 1)
}

/// Whether all lanes of the first one's mask are at its exchange.
fn have_met(module: &Module, warp: &[Thread], first: usize, exchange: &Exchange, mask: u64) -> Result<bool, Fault> {
    if mask >> first & 1 == 0 {
        fault!("lane {first} takes part, but is not in its mask {mask:#010x}");
    }
    let mut all_here = true;
    for lane in lanes(mask) {
        let Some(thread) = warp.get(lane) else {
            let count = warp.len();
            fault!("lane {lane} of the mask {mask:#010x}: the warp has {count} lanes");
        };
        if thread.state == State::Done {
            fault!("waits for lane {lane} of the mask {mask:#010x}, which has ended");
        }
        let meets = thread.exchange(module).is_some() && thread.place() == warp[first].place();
        if meets && thread.get(exchange.mask) != mask {
            let other = thread.get(exchange.mask);
            fault!("its mask is {mask:#010x}, but that of lane {lane} is {other:#010x}");
        }
        all_here &= meets;
    }
    Ok(all_here)
}

fn perform(exchange: &Exchange, mask: u64, warp: &mut [Thread]) -> Result<(), (usize, Fault)> {
    let values: Vec<u64> = warp.iter().map(|thread| thread.get(exchange.a)).collect();
    for lane in lanes(mask) {
        let thread = &mut warp[lane];
        let (from, valid) = source(exchange.kind, lane, thread.get(exchange.b), thread.get(exchange.c));
        // A GPU returns an undefined value there.
        if mask >> from & 1 == 0 {
            let message = format!("takes a value from lane {from}, which is not in the mask {mask:#010x}");
            return Err((lane, Fault(message)));
        }
        thread.set(exchange.d, values[from]);
        thread.set(exchange.valid, valid.into());
        thread.resume();
    }
    Ok(())
}

/// The lane that a shuffle reads from, and whether that is within its part of the warp; if not, the lane reads from itself.
fn source(kind: ExchangeKind, lane: usize, b: u64, c: u64) -> (usize, bool) {
    let (distance, clamp, segment) = ((b & 0x1f) as usize, (c & 0x1f) as usize, (c >> 8 & 0x1f) as usize);
    let last = (lane & segment) | (clamp & !segment);
    let (from, valid) = match kind {
        ExchangeKind::Up => (lane.wrapping_sub(distance), lane >= distance && lane - distance >= last),
        ExchangeKind::Down => (lane + distance, lane + distance <= last),
        ExchangeKind::Butterfly => (lane ^ distance, lane ^ distance <= last),
        ExchangeKind::Synchronise => (lane, true),
        ExchangeKind::Index => {
            let from = (lane & segment) | (distance & !segment & 0x1f);
            (from, from <= last)
        }
    };
    if valid { (from, true) } else { (lane, false) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The operands that `__shfl_*_sync` compile to for the whole warp, and for parts of eight lanes.
    #[test]
    fn lanes_take_from_within_their_part() {
        use ExchangeKind::*;
        let eight = 0x181f;
        for (kind, lane, b, c, expected) in [
            (Down, 3, 4, 0x1f, (7, true)),
            (Down, 30, 4, 0x1f, (30, false)),
            (Up, 3, 4, 0, (3, false)),
            (Up, 7, 4, 0, (3, true)),
            (Butterfly, 5, 1, 0x1f, (4, true)),
            (Index, 9, 2, 0x1f, (2, true)),
            (Down, 6, 4, eight, (6, false)),
            (Down, 11, 4, eight, (15, true)),
            (Index, 11, 2, eight, (10, true)),
            (Up, 11, 4, 0x1800, (11, false)),
        ] {
            assert_eq!(source(kind, lane, b, c), expected, "{kind:?} of lane {lane}");
        }
    }
}
