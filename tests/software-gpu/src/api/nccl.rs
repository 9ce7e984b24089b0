//! NCCL: groups of processes of this machine, each with a device of its own, and sums over them.
//!
//! What is queued on a stream is done at once, here as elsewhere: a call waits for the other ranks, where NCCL's kernel would.

// The functions are documented by NVIDIA, whose names they have.
#![allow(non_snake_case, clippy::missing_safety_doc)]

use super::device::{complain, device};
use super::driver::has_context;
use crate::fault;
use crate::fault::Fault;
use crate::group::{self, Call, Kind, Member, Place, Work};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::{c_char, c_int, c_void};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Status = c_int;

const SUCCESS: Status = 0;
const UNHANDLED_CUDA_ERROR: Status = 1;
const SYSTEM_ERROR: Status = 2;
const INVALID_ARGUMENT: Status = 4;
const INVALID_USAGE: Status = 5;
const SUM: c_int = 0;
/// As NCCL counts versions: 2.32.0, of which this one has a few functions.
const VERSION: c_int = 23200;
const ID_BYTES: usize = 128;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct ncclUniqueId([c_char; ID_BYTES]);

/// The communicators that are alive, by their handles.
static COMMUNICATORS: Mutex<BTreeMap<usize, Arc<Mutex<Member>>>> = Mutex::new(BTreeMap::new());

thread_local! {
    /// Groups of calls that have begun and not ended, one within the other.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// What the end of the outermost will do.
    static WAITING: RefCell<Vec<Transfer>> = const { RefCell::new(Vec::new()) };
}

fn communicators() -> MutexGuard<'static, BTreeMap<usize, Arc<Mutex<Member>>>> {
    COMMUNICATORS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A call and its arrays.
struct Transfer {
    function: &'static str,
    member: Arc<Mutex<Member>>,
    call: Call,
    from: u64,
    to: u64,
}

impl Transfer {
    fn run(&self) -> Result<(), Fault> {
        let mut member = self.member.lock().unwrap_or_else(PoisonError::into_inner);
        let (rank, bytes) = (member.place.rank, self.call.count * self.call.kind.width());
        let (sends, receives) = match self.call.work {
            Work::SumForAll => (true, true),
            Work::SumFor(root) => (true, root == rank),
            Work::From(root) => (root == rank, true),
        };
        if sends && receives && self.from != self.to && self.from.abs_diff(self.to) < bytes as u64 {
            fault!("{bytes} bytes from {:#x} to {:#x}: they overlap", self.from, self.to);
        }
        // The device is not held while others are waited for, which may be threads of this process.
        let given = match sends {
            true => device().memory.read(self.from, bytes)?.to_vec(),
            false => vec![0; bytes],
        };
        if receives {
            // Looked at before: a mistake of this rank is not to be found when the others have gone on.
            device().memory.is_within(self.to, bytes)?;
        }
        let result = member.call(self.call, &given)?;
        match receives {
            true => device().memory.write(self.to, &result),
            false => Ok(()),
        }
    }
}

fn refused(function: &str, status: Status, why: &str) -> Status {
    complain(function, &Fault::new(why));
    status
}

/// Writes a result to where the caller wants it.
///
/// # Safety
/// `to` is null, or valid for a write.
unsafe fn put<T>(to: *mut T, value: T) -> Status {
    if to.is_null() {
        return INVALID_ARGUMENT;
    }
    // SAFETY: by the caller's contract, and it is not null.
    unsafe { to.write(value) };
    SUCCESS
}

#[unsafe(no_mangle)]
pub extern "C" fn ncclGetErrorString(result: Status) -> *const c_char {
    let text = match result {
        SUCCESS => c"no error",
        UNHANDLED_CUDA_ERROR => c"unhandled cuda error",
        SYSTEM_ERROR => c"unhandled system error",
        INVALID_ARGUMENT => c"invalid argument",
        INVALID_USAGE => c"invalid usage",
        _ => c"unknown result code",
    };
    text.as_ptr()
}

/// What is wrong has been told where it was found.
#[unsafe(no_mangle)]
pub extern "C" fn ncclGetLastError(_communicator: *mut c_void) -> *const c_char {
    c"".as_ptr()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn ncclGetVersion(version: *mut c_int) -> Status {
    // SAFETY: the caller's pointer, as NVIDIA documents it.
    unsafe { put(version, VERSION) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn ncclGetUniqueId(id: *mut ncclUniqueId) -> Status {
    let name = match group::found() {
        Ok(name) => name,
        Err(error) => return refused("ncclGetUniqueId", SYSTEM_ERROR, &error.to_string()),
    };
    let mut found = ncclUniqueId([0; ID_BYTES]);
    for (to, from) in found.0.iter_mut().zip(name.bytes()) {
        *to = from as c_char;
    }
    // SAFETY: the caller's pointer, as NVIDIA documents it.
    unsafe { put(id, found) }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn ncclCommInitRank(
    communicator: *mut *mut c_void,
    ranks: c_int,
    id: ncclUniqueId,
    rank: c_int,
) -> Status {
    const NAME: &str = "ncclCommInitRank";
    let Ok(device) = has_context(NAME) else {
        return UNHANDLED_CUDA_ERROR;
    };
    if DEPTH.get() > 0 {
        return refused(
            NAME,
            INVALID_USAGE,
            "in a group of calls, it is not known to the software GPU",
        );
    }
    let name: Vec<u8> = id.0.iter().map(|c| *c as u8).take_while(|c| *c != 0).collect();
    let (Ok(rank), Ok(ranks)) = (usize::try_from(rank), usize::try_from(ranks)) else {
        return refused(NAME, INVALID_ARGUMENT, &format!("rank {rank} of {ranks}"));
    };
    match Member::join(&String::from_utf8_lossy(&name), Place { rank, ranks, device }) {
        Err(fault) => refused(NAME, INVALID_USAGE, &fault.0),
        Ok(member) => {
            let member = Arc::new(Mutex::new(member));
            let handle = Arc::as_ptr(&member).addr();
            communicators().insert(handle, member);
            // SAFETY: the caller's pointer, as NVIDIA documents it.
            unsafe { put(communicator, std::ptr::without_provenance_mut(handle)) }
        }
    }
}

/// The member that a handle stands for.
fn member(function: &str, communicator: *mut c_void) -> Result<Arc<Mutex<Member>>, Status> {
    let found = communicators().get(&communicator.addr()).cloned();
    found.ok_or_else(|| {
        refused(
            function,
            INVALID_ARGUMENT,
            "a communicator that is not, or no longer, there",
        )
    })
}

fn place(function: &str, communicator: *mut c_void) -> Result<Place, Status> {
    let member = member(function, communicator)?;
    let member = member.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(member.place)
}

/// Takes a communicator out of those that are alive.
fn taken(function: &str, communicator: *mut c_void) -> Result<Member, Status> {
    let member = member(function, communicator)?;
    communicators().remove(&communicator.addr());
    let in_use = |_| refused(function, INVALID_USAGE, "the communicator is in use");
    let member = Arc::try_unwrap(member).map_err(in_use)?;
    Ok(member.into_inner().unwrap_or_else(PoisonError::into_inner))
}

#[unsafe(no_mangle)]
pub extern "C" fn ncclCommDestroy(communicator: *mut c_void) -> Status {
    const NAME: &str = "ncclCommDestroy";
    if has_context(NAME).is_err() {
        return UNHANDLED_CUDA_ERROR;
    }
    match taken(NAME, communicator) {
        Ok(member) => {
            member.leave();
            SUCCESS
        }
        Err(status) => status,
    }
}

/// The others are not told.
#[unsafe(no_mangle)]
pub extern "C" fn ncclCommAbort(communicator: *mut c_void) -> Status {
    match taken("ncclCommAbort", communicator) {
        Ok(_) => SUCCESS,
        Err(status) => status,
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn ncclCommGetAsyncError(communicator: *mut c_void, error: *mut Status) -> Status {
    match member("ncclCommGetAsyncError", communicator) {
        // SAFETY: the caller's pointer, as NVIDIA documents it.
        Ok(_) => unsafe { put(error, SUCCESS) },
        Err(status) => status,
    }
}

macro_rules! told {
    ($name:ident, $of:expr) => {
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(communicator: *mut c_void, told: *mut c_int) -> Status {
            match place(stringify!($name), communicator) {
                // SAFETY: the caller's pointer, as NVIDIA documents it.
                Ok(place) => unsafe { put(told, $of(place)) },
                Err(status) => status,
            }
        }
    };
}
told!(ncclCommCount, |place: Place| place.ranks as c_int);
told!(ncclCommUserRank, |place: Place| place.rank as c_int);
told!(ncclCommCuDevice, |place: Place| place.device);

/// A call on a communicator, now or at the end of the group of calls that it is in.
fn begin(
    function: &'static str,
    communicator: *mut c_void,
    (from, to): (u64, u64),
    (count, kind): (usize, c_int),
    work: Work,
) -> Status {
    let Ok(device) = has_context(function) else {
        return UNHANDLED_CUDA_ERROR;
    };
    let member = match member(function, communicator) {
        Ok(member) => member,
        Err(status) => return status,
    };
    let on = member.lock().unwrap_or_else(PoisonError::into_inner).place.device;
    if on != device {
        let why = format!("a communicator of device {on}, where the context of device {device} is current");
        return refused(function, INVALID_USAGE, &why);
    }
    let Some(kind) = u32::try_from(kind).ok().and_then(Kind::of) else {
        let why = format!("the type of data {kind} is not known to the software GPU");
        return refused(function, INVALID_ARGUMENT, &why);
    };
    let call = Call { work, kind, count };
    let transfer = Transfer {
        function,
        member,
        call,
        from,
        to,
    };
    match DEPTH.get() {
        0 => ended([transfer]),
        _ => {
            WAITING.with_borrow_mut(|waiting| waiting.push(transfer));
            SUCCESS
        }
    }
}

fn ended(transfers: impl IntoIterator<Item = Transfer>) -> Status {
    for transfer in transfers {
        if let Err(fault) = transfer.run() {
            return refused(transfer.function, INVALID_USAGE, &fault.0);
        }
    }
    SUCCESS
}

fn root(function: &str, root: c_int) -> Result<usize, Status> {
    usize::try_from(root).map_err(|_| refused(function, INVALID_ARGUMENT, &format!("the root {root}")))
}

fn sums(function: &str, operation: c_int) -> Result<(), Status> {
    match operation {
        SUM => Ok(()),
        _ => Err(refused(
            function,
            INVALID_ARGUMENT,
            &format!("the operation {operation} is not known to the software GPU"),
        )),
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn ncclAllReduce(
    from: u64,
    to: u64,
    count: usize,
    kind: c_int,
    operation: c_int,
    communicator: *mut c_void,
    _stream: *mut c_void,
) -> Status {
    const NAME: &str = "ncclAllReduce";
    match sums(NAME, operation) {
        Ok(()) => begin(NAME, communicator, (from, to), (count, kind), Work::SumForAll),
        Err(status) => status,
    }
}

#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments)]
pub extern "C" fn ncclReduce(
    from: u64,
    to: u64,
    count: usize,
    kind: c_int,
    operation: c_int,
    rank: c_int,
    communicator: *mut c_void,
    _stream: *mut c_void,
) -> Status {
    const NAME: &str = "ncclReduce";
    match sums(NAME, operation).and_then(|()| root(NAME, rank)) {
        Ok(root) => begin(NAME, communicator, (from, to), (count, kind), Work::SumFor(root)),
        Err(status) => status,
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn ncclBroadcast(
    from: u64,
    to: u64,
    count: usize,
    kind: c_int,
    rank: c_int,
    communicator: *mut c_void,
    _stream: *mut c_void,
) -> Status {
    const NAME: &str = "ncclBroadcast";
    match root(NAME, rank) {
        Ok(root) => begin(NAME, communicator, (from, to), (count, kind), Work::From(root)),
        Err(status) => status,
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn ncclGroupStart() -> Status {
    DEPTH.set(DEPTH.get() + 1);
    SUCCESS
}

#[unsafe(no_mangle)]
pub extern "C" fn ncclGroupEnd() -> Status {
    match DEPTH.get() {
        0 => refused("ncclGroupEnd", INVALID_USAGE, "no group of calls has begun"),
        1 => {
            DEPTH.set(0);
            ended(WAITING.take())
        }
        depth => {
            DEPTH.set(depth - 1);
            SUCCESS
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::driver::{cuCtxSetCurrent, cuDevicePrimaryCtxRetain};
    use std::ptr::null_mut;

    #[test]
    fn a_group_of_one_has_its_own_sums_at_the_end_of_its_calls() {
        let (mut context, mut communicator, mut count) = (null_mut(), null_mut(), 0);
        let mut id = ncclUniqueId([0; ID_BYTES]);
        // SAFETY: all of these write to variables that are there.
        unsafe {
            assert_eq!(cuDevicePrimaryCtxRetain(&mut context, 0), 0);
            assert_eq!(cuCtxSetCurrent(context), 0);
            assert_eq!(ncclGetUniqueId(&mut id), SUCCESS);
            assert_eq!(ncclCommInitRank(&mut communicator, 1, id, 0), SUCCESS);
            assert_eq!(ncclCommCount(communicator, &mut count), SUCCESS);
        }
        assert_eq!(count, 1);
        let (from, to) = {
            let memory = &mut device().memory;
            let (from, to) = (memory.allocate(8).unwrap(), memory.allocate(8).unwrap());
            memory.write(from, &[1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
            (from, to)
        };
        assert_eq!(ncclGroupStart(), SUCCESS);
        assert_eq!(ncclBroadcast(from, to, 1, 8, 0, communicator, null_mut()), SUCCESS);
        // Nothing is done before the end.
        assert!(device().memory.read(to, 8).is_err());
        assert_eq!(ncclGroupEnd(), SUCCESS);
        assert_eq!(device().memory.read(to, 8).unwrap(), [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(ncclAllReduce(from, from, 2, 7, SUM, communicator, null_mut()), SUCCESS);
        assert_eq!(device().memory.read(from, 8).unwrap(), [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(ncclCommDestroy(communicator), SUCCESS);
        assert!(communicators().get(&communicator.addr()).is_none());
    }
}
