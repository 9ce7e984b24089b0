//! What the lanes of a warp do together: shuffles, votes and sums.

use super::instruction::{Exchange, ExchangeKind};
use super::thread::{State, Thread};
use crate::fault;
use crate::fault::Fault;
use crate::ptx::Module;

pub const LANES: usize = 32;

/// Lets those lanes of a warp go on that have all met at their exchange; whether there were such.
///
/// # Errors
/// If lanes wait for one that has ended or never was, disagree about who takes part, or ask one that does not.
pub fn exchange(module: &Module, warp: &mut [Thread]) -> Result<bool, (usize, Fault)> {
    let mut some = false;
    for first in 0..warp.len() {
        let Some(what) = warp[first].exchange(module) else {
            continue;
        };
        let mask = warp[first].get(what.mask);
        let at = |fault: String| (first, Fault(fault));
        if mask >> first & 1 == 0 {
            return Err(at(format!(
                "lane {first} takes part, but is not in its mask {mask:#010x}"
            )));
        }
        let mut all_here = true;
        for lane in (0..LANES).filter(|lane| mask >> lane & 1 == 1) {
            let Some(thread) = warp.get(lane) else {
                return Err(at(format!(
                    "lane {lane} of the mask {mask:#010x}: the warp has {} lanes",
                    warp.len()
                )));
            };
            if thread.state == State::Done {
                return Err(at(format!(
                    "waits for lane {lane} of the mask {mask:#010x}, which has ended"
                )));
            }
            let meets = thread.exchange(module).is_some()
                && (thread.function, thread.pc) == (warp[first].function, warp[first].pc);
            if meets && thread.get(what.mask) != mask {
                let other = thread.get(what.mask);
                return Err(at(format!(
                    "its mask is {mask:#010x}, but that of lane {lane} is {other:#010x}"
                )));
            }
            all_here &= meets;
        }
        if all_here {
            perform(what, mask, warp)?;
            some = true;
        }
    }
    Ok(some)
}

fn perform(what: &Exchange, mask: u64, warp: &mut [Thread]) -> Result<(), (usize, Fault)> {
    let lanes: Vec<usize> = (0..LANES).filter(|lane| mask >> lane & 1 == 1).collect();
    let values: Vec<u64> = warp
        .iter()
        .map(|thread| thread.get(what.a) ^ u64::from(what.negates_a))
        .collect();
    let mut votes = lanes.iter().map(|lane| values[*lane] != 0);
    let joint = match what.kind {
        ExchangeKind::All => votes.all(|vote| vote).into(),
        ExchangeKind::Any => votes.any(|vote| vote).into(),
        ExchangeKind::Uniform => {
            let yes = votes.filter(|vote| *vote).count();
            (yes == 0 || yes == lanes.len()).into()
        }
        ExchangeKind::Ballot => lanes.iter().map(|lane| u64::from(values[*lane] != 0) << lane).sum(),
        ExchangeKind::Reduce(join) => lanes.iter().map(|lane| values[*lane]).reduce(join).unwrap_or(0),
        _ => 0,
    };
    for lane in lanes {
        let thread = &mut warp[lane];
        let (value, valid) = match what.kind {
            ExchangeKind::Up | ExchangeKind::Down | ExchangeKind::Butterfly | ExchangeKind::Index => {
                let (from, valid) = source(what.kind, lane, thread.get(what.b), thread.get(what.c));
                (value_of(from, mask, &values).map_err(|fault| (lane, fault))?, valid)
            }
            _ => (joint, true),
        };
        if let Some(d) = what.d {
            thread.set(d, value);
        }
        if let Some(predicate) = what.predicate {
            thread.set(predicate, valid.into());
        }
        thread.resume();
    }
    Ok(())
}

/// What a lane has that takes part; from others a GPU gives anything.
fn value_of(lane: usize, mask: u64, values: &[u64]) -> Result<u64, Fault> {
    if mask >> lane & 1 == 0 {
        fault!("takes a value from lane {lane}, which is not in the mask {mask:#010x}");
    }
    Ok(values[lane])
}

/// The lane that a shuffle takes from, and whether that is within its part of the warp: else it is the lane itself.
fn source(kind: ExchangeKind, lane: usize, b: u64, c: u64) -> (usize, bool) {
    let (distance, clamp, segment) = ((b & 0x1f) as usize, (c & 0x1f) as usize, (c >> 8 & 0x1f) as usize);
    let last = (lane & segment) | (clamp & !segment);
    let (from, valid) = match kind {
        ExchangeKind::Up => (lane.wrapping_sub(distance), lane >= distance && lane - distance >= last),
        ExchangeKind::Down => (lane + distance, lane + distance <= last),
        ExchangeKind::Butterfly => (lane ^ distance, lane ^ distance <= last),
        _ => {
            let from = (lane & segment) | (distance & !segment & 0x1f);
            (from, from <= last)
        }
    };
    if valid { (from, true) } else { (lane, false) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `__shfl_*_sync` compile to for the whole warp, and for parts of eight lanes.
    #[test]
    fn lanes_take_from_within_their_part() {
        use ExchangeKind::*;
        assert_eq!(source(Down, 3, 4, 0x1f), (7, true));
        assert_eq!(source(Down, 30, 4, 0x1f), (30, false));
        assert_eq!(source(Up, 3, 4, 0), (3, false));
        assert_eq!(source(Up, 7, 4, 0), (3, true));
        assert_eq!(source(Butterfly, 5, 1, 0x1f), (4, true));
        assert_eq!(source(Index, 9, 2, 0x1f), (2, true));
        let eight = 0x181f;
        assert_eq!(source(Down, 6, 4, eight), (6, false));
        assert_eq!(source(Down, 11, 4, eight), (15, true));
        assert_eq!(source(Index, 11, 2, eight), (10, true));
        assert_eq!(source(Up, 11, 4, 0x1800), (11, false));
    }
}
