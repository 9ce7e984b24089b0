//! NCCL: groups of processes of this machine, each with a device of its own, and sums over them.
//!
//! Everything that is queued on a stream is done at once, as elsewhere: a call waits for the other ranks, where NCCL's kernel
//! would.

use super::call::{Failure, Out, Outcome, Status, exports, put, statuses};
use super::device::{device, locked};
use super::driver::current_device;
use crate::fault::{Fault, fault};
use crate::group::{self, Call, Member, Position};
use std::cell::{Cell, RefCell};
use std::ffi::{c_char, c_int, c_void};
use std::sync::{Arc, Mutex, PoisonError};
use std::{collections::BTreeMap, ptr::without_provenance_mut};

statuses! {
    UNHANDLED_CUDA_ERROR = 1, c"unhandled cuda error";
    SYSTEM_ERROR = 2, c"unhandled system error";
    INVALID_ARGUMENT = 4, c"invalid argument";
    INVALID_USAGE = 5, c"invalid usage";
    _ = c"unknown result code";
}

/// Version 2.32.0 in NCCL's encoding. Only a few of its functions are here.
const VERSION: c_int = 23200;
/// The only supported operation.
const SUM: c_int = 0;
const ID_BYTES: usize = 128;

type Handle = *mut c_void;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct ncclUniqueId([c_char; ID_BYTES]);

/// The living communicators by their handles.
static COMMUNICATORS: Mutex<BTreeMap<usize, Arc<Mutex<Member>>>> = Mutex::new(BTreeMap::new());

thread_local! {
    /// Groups of calls that have begun and not ended, one within the other.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// The calls that the end of the outermost group will run.
    static WAITING: RefCell<Vec<Transfer>> = const { RefCell::new(Vec::new()) };
}

/// A call and its arrays.
struct Transfer {
    member: Arc<Mutex<Member>>,
    call: Call,
    /// The addresses of what is sent, and of where the result goes.
    arrays: (u64, u64),
}

impl Transfer {
    fn run(&self) -> Result<(), Fault> {
        let mut member = locked(&self.member);
        let (rank, bytes) = (member.position.rank, self.call.count * self.call.width);
        let [sends, receives] = [self.call.from, self.call.to].map(|only| only.is_none_or(|only| only == rank));
        let (from, to) = self.arrays;
        if sends && receives && from != to && from.abs_diff(to) < bytes as u64 {
            fault!("{bytes} bytes from {from:#x} to {to:#x}: they overlap");
        }
        // The device is not held while others are waited for, which may be threads of this process.
        let given = if sends { device().memory.read(from, bytes)?.to_vec() } else { vec![0; bytes] };
        if receives {
            // Checked before: a mistake of this rank is not to be found when the others have gone on.
            device().memory.region(to, bytes)?;
        }
        let result = member.call(self.call, &given)?;
        if receives { device().memory.write(to, &result) } else { Ok(()) }
    }
}

/// The member that a handle stands for.
fn member(communicator: Handle) -> Outcome<Arc<Mutex<Member>>> {
    let found = locked(&COMMUNICATORS).get(&communicator.addr()).cloned();
    let missing = || Failure::mistake(INVALID_ARGUMENT, "a communicator that is not, or no longer, there");
    found.ok_or_else(missing)
}

fn position(communicator: Handle) -> Outcome<Position> {
    Ok(locked(&*member(communicator)?).position)
}

/// Removes a communicator from those that are alive.
fn take(communicator: Handle) -> Outcome<Member> {
    let member = member(communicator)?;
    locked(&COMMUNICATORS).remove(&communicator.addr());
    let in_use = |_| Failure::mistake(INVALID_USAGE, "the communicator is in use");
    let member = Arc::try_unwrap(member).map_err(in_use)?;
    Ok(member.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Makes a call on a communicator, now or at the end of the group of calls that it is in. The result is the array of one rank or
/// the sum, and goes to one rank or to all.
fn begin(
    communicator: Handle,
    arrays: (u64, u64),
    (count, kind): (usize, c_int),
    [from, to]: [Option<c_int>; 2],
) -> Outcome {
    let device = current_device(UNHANDLED_CUDA_ERROR)?;
    let member = member(communicator)?;
    let on = locked(&member).position.device;
    if on != device {
        let why = format!("a communicator of device {on}, where the context of device {device} is current");
        return Err(Failure::mistake(INVALID_USAGE, why));
    }
    let width = match kind {
        7 => 4,
        8 => 8,
        _ => return Err(not_known("type of data", kind)),
    };
    let call = Call { from: from.map(root).transpose()?, to: to.map(root).transpose()?, width, count };
    WAITING.with_borrow_mut(|waiting| waiting.push(Transfer { member, call, arrays }));
    run_outside_of_groups()
}

/// Runs the waiting calls unless a group of calls has not ended.
fn run_outside_of_groups() -> Outcome {
    match DEPTH.get() {
        0 => WAITING.take().iter().try_for_each(Transfer::run).map_err(Failure::with(INVALID_USAGE)),
        _ => Ok(()),
    }
}

fn root(rank: c_int) -> Outcome<usize> {
    usize::try_from(rank).map_err(|_| Failure::mistake(INVALID_ARGUMENT, format!("the root {rank}")))
}

fn not_known(what: &str, number: c_int) -> Failure {
    let why = format!("the {what} {number} is not known to the software GPU");
    Failure::mistake(INVALID_ARGUMENT, why)
}

fn needs_sum(operation: c_int) -> Outcome {
    match operation {
        SUM => Ok(()),
        _ => Err(not_known("operation", operation)),
    }
}

exports! {
    null: INVALID_ARGUMENT;
    before: Ok(());

    fn ncclGetVersion(version: Out<c_int>) = put(version, VERSION);

    fn ncclGetUniqueId(id: Out<ncclUniqueId>) = {
        let name = group::create().map_err(|error| Failure::mistake(SYSTEM_ERROR, error.to_string()))?;
        let mut found = ncclUniqueId([0; ID_BYTES]);
        for (to, from) in found.0.iter_mut().zip(name.bytes()) {
            *to = from as c_char;
        }
        put(id, found)
    };

    fn ncclCommInitRank(communicator: Out<Handle>, ranks: c_int, id: ncclUniqueId, rank: c_int) = {
        let device = current_device(UNHANDLED_CUDA_ERROR)?;
        if DEPTH.get() > 0 {
            let why = "in a group of calls, it is not known to the software GPU";
            return Err(Failure::mistake(INVALID_USAGE, why));
        }
        let name: Vec<u8> = id.0.iter().map(|c| *c as u8).take_while(|c| *c != 0).collect();
        let (Ok(rank), Ok(ranks)) = (usize::try_from(rank), usize::try_from(ranks)) else {
            return Err(Failure::mistake(INVALID_ARGUMENT, format!("rank {rank} of {ranks}")));
        };
        let position = Position { rank, ranks, device };
        let member = Member::join(&String::from_utf8_lossy(&name), position).map_err(Failure::with(INVALID_USAGE))?;
        let member = Arc::new(Mutex::new(member));
        let handle = Arc::as_ptr(&member).addr();
        locked(&COMMUNICATORS).insert(handle, member);
        put(communicator, without_provenance_mut(handle))
    };

    fn ncclCommDestroy(communicator: Handle) = {
        current_device(UNHANDLED_CUDA_ERROR)?;
        take(communicator)?.leave();
        Ok(())
    };

    /// Does not notify the other ranks.
    fn ncclCommAbort(communicator: Handle) = take(communicator).map(drop);

    fn ncclCommGetAsyncError(communicator: Handle, error: Out<c_int>) = {
        member(communicator)?;
        put(error, 0)
    };

    fn ncclCommCount(communicator: Handle, count: Out<c_int>) = put(count, position(communicator)?.ranks as c_int);
    fn ncclCommUserRank(communicator: Handle, rank: Out<c_int>) = put(rank, position(communicator)?.rank as c_int);
    fn ncclCommCuDevice(communicator: Handle, device: Out<c_int>) = put(device, position(communicator)?.device);

    fn ncclAllReduce(from: u64, to: u64, count: usize, kind: c_int, operation: c_int, communicator: Handle) = {
        needs_sum(operation)?;
        begin(communicator, (from, to), (count, kind), [None, None])
    };

    fn ncclReduce(from: u64, to: u64, count: usize, kind: c_int, operation: c_int, rank: c_int, communicator: Handle) = {
        needs_sum(operation)?;
        begin(communicator, (from, to), (count, kind), [None, Some(rank)])
    };

    fn ncclBroadcast(from: u64, to: u64, count: usize, kind: c_int, rank: c_int, communicator: Handle) =
        begin(communicator, (from, to), (count, kind), [Some(rank), None]);

    fn ncclGroupStart() = {
        DEPTH.set(DEPTH.get() + 1);
        Ok(())
    };

    fn ncclGroupEnd() = {
        let nothing = || Failure::mistake(INVALID_USAGE, "no group of calls has begun");
        DEPTH.set(DEPTH.get().checked_sub(1).ok_or_else(nothing)?);
        run_outside_of_groups()
    };
}

#[unsafe(no_mangle)]
pub extern "C" fn ncclGetErrorString(result: Status) -> *const c_char {
    text_of(result).as_ptr()
}

/// Always empty: faults are reported where they are found.
#[unsafe(no_mangle)]
pub extern "C" fn ncclGetLastError() -> *const c_char {
    c"".as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::call::SUCCESS;
    use crate::api::driver::{cuCtxSetCurrent, cuDevicePrimaryCtxRetain};
    use std::mem::MaybeUninit;

    /// A result, where a function succeeds that gives one.
    fn result<T>(function: impl FnOnce(Out<T>) -> Status) -> T {
        let mut slot = MaybeUninit::uninit();
        assert_eq!(function(Some(&mut slot)), SUCCESS);
        // SAFETY: what succeeds has written its result.
        unsafe { slot.assume_init() }
    }

    #[test]
    fn a_group_of_one_has_its_own_sums_at_the_end_of_its_calls() {
        let (from, to) = {
            let memory = &mut device().memory;
            let (from, to) = (memory.allocate(8).unwrap(), memory.allocate(8).unwrap());
            memory.write(from, &[1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
            (from, to)
        };
        // SAFETY: no pointer is given but to results that are there.
        unsafe {
            let context = result(|context| cuDevicePrimaryCtxRetain(context, 0));
            assert_eq!(cuCtxSetCurrent(context), SUCCESS);
            let id = result(|id| ncclGetUniqueId(id));
            let communicator = result(|communicator| ncclCommInitRank(communicator, 1, id, 0));
            assert_eq!(result(|count| ncclCommCount(communicator, count)), 1);
            assert_eq!(ncclGroupStart(), SUCCESS);
            assert_eq!(ncclBroadcast(from, to, 1, 8, 0, communicator), SUCCESS);
            // Nothing is done before the end.
            assert!(device().memory.read(to, 8).is_err());
            assert_eq!(ncclGroupEnd(), SUCCESS);
            assert_eq!(device().memory.read(to, 8).unwrap(), [1, 2, 3, 4, 5, 6, 7, 8]);
            assert_eq!(ncclAllReduce(from, from, 2, 7, SUM, communicator), SUCCESS);
            assert_eq!(device().memory.read(from, 8).unwrap(), [1, 2, 3, 4, 5, 6, 7, 8]);
            assert_eq!(ncclCommDestroy(communicator), SUCCESS);
            assert!(locked(&COMMUNICATORS).get(&communicator.addr()).is_none());
        }
    }
}
