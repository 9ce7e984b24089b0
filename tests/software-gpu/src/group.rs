//! Groups of NCCL: ranks meet over a socket of the machine, at the process that made the group's name.
//!
//! Ranks must call the same functions in the same order with the same arguments. Where they do not, NCCL stalls or adds up
//! unrelated data; here, all of them get a fault. A rank that waits for a process that died waits forever, as with NCCL.

use crate::fault::{Fault, fault};
use std::io::{self, Read, Write};
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{iter::Sum, os::linux::net::SocketAddrExt};

/// A call, which must be the same on all ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// The rank whose array is the result, or none for the sum of all.
    pub from: Option<usize>,
    /// The rank that gets the result, or none for all.
    pub to: Option<usize>,
    /// The bytes of an element: 4 of a single, 8 of a double.
    pub width: usize,
    /// The number of elements.
    pub count: usize,
}

/// Which one of how many ranks a process is, and the device that it works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub rank: usize,
    pub ranks: usize,
    pub device: i32,
}

impl Call {
    /// The call as it is sent.
    fn numbers(self) -> [u64; 4] {
        let [from, to] = [self.from, self.to].map(|rank| rank.map_or(0, |rank| 1 + rank as u64));
        [from, to, self.width as u64, self.count as u64]
    }

    /// The call that was sent, or none from a rank that leaves.
    fn of([from, to, width, count]: [u64; 4]) -> Option<Self> {
        let rank = |number: u64| Some(number.checked_sub(1)? as usize);
        (width > 0).then(|| Self { from: rank(from), to: rank(to), width: width as usize, count: count as usize })
    }
}

/// The message of a rank that leaves, in place of a call.
const GOODBYE: [u64; 4] = [0; 4];

/// Makes the name of a group, and serves its ranks on a thread.
pub fn create() -> io::Result<String> {
    static GROUPS: AtomicUsize = AtomicUsize::new(0);
    let number = GROUPS.fetch_add(1, Ordering::Relaxed);
    let name = format!("software-nccl-{}-{number}", std::process::id());
    let listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
    std::thread::Builder::new().spawn(move || {
        // A rank that died leaves the others waiting: their streams stay open as long as this process lives.
        if let Err(error) = host(&listener) {
            eprintln!("software NCCL: a rank is gone ({error}); the others wait");
            loop {
                std::thread::park();
            }
        }
    })?;
    Ok(name)
}

fn host(listener: &UnixListener) -> io::Result<()> {
    let mut joined: Vec<(Position, UnixStream)> = Vec::new();
    loop {
        let (mut stream, _) = listener.accept()?;
        let [rank, ranks, device] = receive(&mut stream)?;
        let (rank, ranks, device) = (rank as usize, ranks as usize, device as i32);
        let newcomer = Position { rank, ranks, device };
        let suits = check(newcomer, joined.iter().map(|(position, _)| *position));
        joined.push((newcomer, stream));
        if let Err(fault) = suits {
            return joined.iter_mut().try_for_each(|(_, stream)| reply(stream, Err(&fault)));
        }
        if joined.len() == ranks {
            break;
        }
    }
    joined.sort_by_key(|(position, _)| position.rank);
    let mut streams: Vec<UnixStream> = joined.into_iter().map(|(_, stream)| stream).collect();
    for stream in &mut streams {
        reply(stream, Ok(&[]))?;
    }
    loop {
        let calls = streams.iter_mut().map(|stream| Ok(Call::of(receive(stream)?)));
        let calls: Vec<Option<Call>> = calls.collect::<io::Result<_>>()?;
        if calls.iter().all(Option::is_none) {
            return Ok(());
        }
        let call = match agreed(&calls) {
            Ok(call) => call,
            Err(fault) => {
                let mut callers = streams.iter_mut().zip(&calls).filter(|(_, call)| call.is_some());
                return callers.try_for_each(|(stream, _)| reply(stream, Err(&fault)));
            }
        };
        let given = streams.iter_mut().map(|stream| array(stream, call.count * call.width));
        let given: Vec<Vec<u8>> = given.collect::<io::Result<_>>()?;
        let result = match call.from {
            Some(root) => given[root].clone(),
            None if call.width == 4 => sum(&given, f32::from_le_bytes, f32::to_le_bytes),
            None => sum(&given, f64::from_le_bytes, f64::to_le_bytes),
        };
        for (rank, stream) in streams.iter_mut().enumerate() {
            let gets = call.to.is_none_or(|to| to == rank);
            reply(stream, Ok(if gets { &result } else { &[] }))?;
        }
    }
}

/// Checks that a rank fits those that have joined.
fn check(new: Position, others: impl Iterator<Item = Position>) -> Result<(), Fault> {
    if new.rank >= new.ranks {
        fault!("rank {} of {}", new.rank, new.ranks);
    }
    for other in others {
        if other.ranks != new.ranks {
            let (a, b) = (other.ranks, new.ranks);
            fault!("a group of {a} ranks to one, and of {b} to another");
        }
        if other.rank == new.rank {
            fault!("two ranks {}", new.rank);
        }
        if other.device == new.device {
            let (a, b) = (other.rank.min(new.rank), other.rank.max(new.rank));
            fault!("ranks {a} and {b} are on the same device, {}", new.device);
        }
    }
    Ok(())
}

/// Checks that all ranks make the same call.
fn agreed(calls: &[Option<Call>]) -> Result<Call, Fault> {
    for (rank, call) in calls.iter().enumerate() {
        match (calls[0], call) {
            (_, None) => fault!("rank {rank} has left the group, and others call on it"),
            (Some(first), Some(call)) if first != *call => {
                fault!("rank 0 calls for {first:?}, and rank {rank} for {call:?}")
            }
            _ => {}
        }
    }
    match calls[0] {
        Some(call) if call.from.or(call.to).is_none_or(|root| root < calls.len()) => Ok(call),
        call => fault!("the root of {call:?} is none of {} ranks", calls.len()),
    }
}

/// Sums arrays as a ring does: they have as many parts as there are ranks, and the sum of each part starts with another rank.
fn sum<const W: usize, T: Sum>(given: &[Vec<u8>], of: fn([u8; W]) -> T, bytes: fn(T) -> [u8; W]) -> Vec<u8> {
    let ranks = given.len();
    let arrays: Vec<&[[u8; W]]> = given.iter().map(|array| array.as_chunks().0).collect();
    let count = arrays[0].len();
    let length = count.div_ceil(ranks).max(1);
    let of_place = |place: usize| {
        let in_order = (0..ranks).map(|i| of(arrays[(place / length + i) % ranks][place]));
        bytes(in_order.sum())
    };
    (0..count).flat_map(of_place).collect()
}

fn send(stream: &mut UnixStream, numbers: &[u64], values: &[u8]) -> io::Result<()> {
    for number in numbers {
        stream.write_all(&number.to_le_bytes())?;
    }
    stream.write_all(values)
}

fn receive<const N: usize>(stream: &mut UnixStream) -> io::Result<[u64; N]> {
    let mut numbers = [0; N];
    for number in &mut numbers {
        let mut bytes = [0; 8];
        stream.read_exact(&mut bytes)?;
        *number = u64::from_le_bytes(bytes);
    }
    Ok(numbers)
}

fn array(stream: &mut UnixStream, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Sends whether the result is a fault, its length, and its bytes.
fn reply(stream: &mut UnixStream, result: Result<&[u8], &Fault>) -> io::Result<()> {
    let bytes = result.unwrap_or_else(|fault| fault.0.as_bytes());
    send(stream, &[result.is_err().into(), bytes.len() as u64], bytes)
}

#[derive(Debug)]
pub struct Member {
    pub position: Position,
    stream: UnixStream,
}

impl Member {
    /// Joins the group of this name, and waits for all of its ranks. Fails if one of them does not belong to the others.
    pub fn join(name: &str, position: Position) -> Result<Self, Fault> {
        let stream = SocketAddr::from_abstract_name(name).and_then(|address| UnixStream::connect_addr(&address));
        let mut member = match stream {
            Ok(stream) => Self { position, stream },
            Err(error) => fault!("there is no group {name:?}: {error}"),
        };
        let Position { rank, ranks, device } = position;
        member.ask(&[rank as u64, ranks as u64, device as u64], &[])?;
        Ok(member)
    }

    /// Makes a call with an array, and waits for its result: nothing, where it is for another rank. Fails if the ranks do not make
    /// the same call.
    pub fn call(&mut self, call: Call, values: &[u8]) -> Result<Vec<u8>, Fault> {
        self.ask(&call.numbers(), values)
    }

    fn ask(&mut self, numbers: &[u64], values: &[u8]) -> Result<Vec<u8>, Fault> {
        let answer = send(&mut self.stream, numbers, values).and_then(|()| {
            let [is_fault, length] = receive(&mut self.stream)?;
            Ok((is_fault == 1, array(&mut self.stream, length as usize)?))
        });
        match answer {
            Ok((false, bytes)) => Ok(bytes),
            Ok((true, text)) => Err(Fault(String::from_utf8_lossy(&text).into_owned())),
            // The process that the group meets at is gone.
            Err(_) => loop {
                std::thread::park();
            },
        }
    }

    /// Leaves the group without waiting.
    pub fn leave(mut self) {
        // The others may have left already.
        let _ = send(&mut self.stream, &GOODBYE, &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_each<T: Send>(devices: &[i32], work: impl Fn(Result<Member, Fault>) -> T + Sync) -> Vec<T> {
        let (name, work) = (&create().unwrap(), &work);
        std::thread::scope(|scope| {
            let start = |(rank, &device)| {
                let ranks = devices.len();
                let position = Position { rank, ranks, device };
                scope.spawn(move || work(Member::join(name, position)))
            };
            let threads: Vec<_> = devices.iter().enumerate().map(start).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }

    fn bytes(values: &[f64]) -> Vec<u8> {
        values.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    const CALL: Call = Call { from: None, to: None, width: 8, count: 4 };

    #[test]
    fn sums_are_for_all_or_for_one_and_what_one_has_is_for_all() {
        let all = on_each(&[0, 1, 2], |member| {
            let mut member = member.unwrap();
            let device = f64::from(member.position.device);
            let own = bytes(&[0.0, 0.125, 0.25, 0.375].map(|x| device + x));
            let mut call = |from, to| member.call(Call { from, to, ..CALL }, &own).unwrap();
            let results = [call(None, None), call(None, Some(1)), call(Some(2), None)];
            member.leave();
            results
        });
        let sum = bytes(&[3.0, 3.375, 3.75, 4.125]);
        let last = bytes(&[2.0, 2.125, 2.25, 2.375]);
        for (rank, results) in all.into_iter().enumerate() {
            let of_one = if rank == 1 { sum.clone() } else { vec![] };
            assert_eq!(results, [sum.clone(), of_one, last.clone()]);
        }
    }

    #[test]
    fn parts_of_a_sum_begin_with_different_ranks() {
        // 1 is lost beside 1e16 where it comes after it alone: the order shows.
        let given = [vec![1e16, 1e16, 1e16], vec![1.0; 3], vec![1.0; 3]].map(|values| bytes(&values));
        let sums = sum(&given, f64::from_le_bytes, f64::to_le_bytes);
        assert_eq!(sums, bytes(&[1e16, 1e16 + 2.0, 1e16]));
    }

    #[test]
    fn ranks_that_do_not_make_the_same_call_fail() {
        let faults = on_each(&[0, 1], |member| {
            let mut member = member.unwrap();
            let count = CALL.count + member.position.rank;
            let call = Call { count, ..CALL };
            member.call(call, &bytes(&vec![0.0; count])).unwrap_err().0
        });
        assert!(faults[0].contains("count: 4") && faults[0].contains("count: 5"), "{faults:?}");
        assert_eq!(faults[0], faults[1]);
    }

    #[test]
    fn a_call_on_a_rank_that_left_fails() {
        let faults = on_each(&[0, 1], |member| {
            let mut member = member.unwrap();
            let fault = (member.position.rank == 0).then(|| member.call(CALL, &bytes(&[0.0; 4])).unwrap_err().0);
            member.leave();
            fault.unwrap_or_default()
        });
        assert!(faults[0].contains("rank 1 has left"), "{faults:?}");
    }

    #[test]
    fn ranks_that_share_a_device_are_refused() {
        for fault in on_each(&[0, 0], |member| member.unwrap_err().0) {
            assert_eq!(fault, "ranks 0 and 1 are on the same device, 0");
        }
        let (rank, ranks, device) = (0, 1, 0);
        assert!(Member::join("software-nccl-nobody", Position { rank, ranks, device }).is_err());
    }
}
