//! How the ranks of NCCL meet: over a socket of the machine, at the process that made the group's name.
//!
//! Ranks must call the same functions in the same order with the same arguments. Where they do not, NCCL stalls or adds up what
//! does not belong together; here, all are told. Who waits for a process that died waits for ever, as with NCCL.

use crate::fault;
use crate::fault::Fault;
use std::io::{self, Read, Write};
use std::iter::Sum;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the elements of arrays are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Single,
    Double,
}

impl Kind {
    /// Of NCCL's number for it.
    pub fn of(number: u32) -> Option<Self> {
        match number {
            7 => Some(Self::Single),
            8 => Some(Self::Double),
            _ => None,
        }
    }

    /// Bytes of an element.
    pub fn width(self) -> usize {
        match self {
            Self::Single => 4,
            Self::Double => 8,
        }
    }
}

/// What ranks do together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// All get the sum.
    SumForAll,
    /// This rank gets the sum.
    SumFor(usize),
    /// All get what this rank has.
    From(usize),
}

/// A call, which must be the same on all ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    pub work: Work,
    pub kind: Kind,
    /// Number of elements.
    pub count: usize,
}

/// Who a rank is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub rank: usize,
    pub ranks: usize,
    /// The device that it works on.
    pub device: i32,
}

/// What a rank says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Hello(Place),
    Call(Call),
    Goodbye,
}

impl Word {
    const NUMBERS: usize = 5;

    fn numbers(self) -> [u64; Self::NUMBERS] {
        match self {
            Self::Hello(place) => [0, place.rank as u64, place.ranks as u64, place.device as u64, 0],
            Self::Call(Call { work, kind, count }) => {
                let (work, root) = match work {
                    Work::SumForAll => (0, 0),
                    Work::SumFor(rank) => (1, rank),
                    Work::From(rank) => (2, rank),
                };
                [1, work, root as u64, kind.width() as u64, count as u64]
            }
            Self::Goodbye => [2, 0, 0, 0, 0],
        }
    }

    fn of(numbers: [u64; Self::NUMBERS]) -> Option<Self> {
        Some(match numbers {
            [0, rank, ranks, device, _] => Self::Hello(Place {
                rank: rank as usize,
                ranks: ranks as usize,
                device: device as i32,
            }),
            [1, work, root, width, count] => Self::Call(Call {
                work: match work {
                    0 => Work::SumForAll,
                    1 => Work::SumFor(root as usize),
                    _ => Work::From(root as usize),
                },
                kind: if width == 4 { Kind::Single } else { Kind::Double },
                count: count as usize,
            }),
            [2, ..] => Self::Goodbye,
            _ => return None,
        })
    }
}

/// Makes the name of a group, and waits for its ranks behind it.
///
/// # Errors
/// If the system has no socket for it.
pub fn found() -> io::Result<String> {
    static GROUPS: AtomicUsize = AtomicUsize::new(0);
    let number = GROUPS.fetch_add(1, Ordering::Relaxed);
    let name = format!("software-nccl-{}-{number}", std::process::id());
    let listener = UnixListener::bind_addr(&address(&name)?)?;
    std::thread::Builder::new().spawn(move || {
        // A rank that died leaves the others waiting: their ends stay open as long as this process lives.
        if let Err(error) = host(&listener) {
            eprintln!("software NCCL: a rank is gone ({error}); the others wait");
            loop {
                std::thread::park();
            }
        }
    })?;
    Ok(name)
}

fn address(name: &str) -> io::Result<SocketAddr> {
    SocketAddr::from_abstract_name(name)
}

/// Serves a group to its end.
fn host(listener: &UnixListener) -> io::Result<()> {
    let mut ends: Vec<(Place, UnixStream)> = Vec::new();
    loop {
        let (mut end, _) = listener.accept()?;
        let Word::Hello(place) = hear(&mut end)? else {
            return Err(io::Error::other("no greeting"));
        };
        ends.push((place, end));
        if let Err(fault) = suits(&ends) {
            for (_, end) in &mut ends {
                answer(end, Err(&fault))?;
            }
            return Ok(());
        }
        if ends.len() == place.ranks {
            break;
        }
    }
    ends.sort_by_key(|(place, _)| place.rank);
    let mut ends: Vec<UnixStream> = ends.into_iter().map(|(_, end)| end).collect();
    for end in &mut ends {
        answer(end, Ok(&[]))?;
    }
    loop {
        let words: Vec<Word> = ends.iter_mut().map(hear).collect::<io::Result<_>>()?;
        if words.iter().all(|word| *word == Word::Goodbye) {
            return Ok(());
        }
        let call = match agreed(&words) {
            Ok(call) => call,
            Err(fault) => {
                let callers = ends.iter_mut().zip(&words).filter(|(_, word)| **word != Word::Goodbye);
                for (end, _) in callers {
                    answer(end, Err(&fault))?;
                }
                return Ok(());
            }
        };
        let given = ends.iter_mut().map(|end| array(end, call.count * call.kind.width()));
        let given: Vec<Vec<u8>> = given.collect::<io::Result<_>>()?;
        let result = match call.work {
            Work::From(root) => given[root].clone(),
            Work::SumForAll | Work::SumFor(_) => match call.kind {
                Kind::Single => sum(&given, f32::from_le_bytes, f32::to_le_bytes),
                Kind::Double => sum(&given, f64::from_le_bytes, f64::to_le_bytes),
            },
        };
        for (rank, end) in ends.iter_mut().enumerate() {
            let gets = !matches!(call.work, Work::SumFor(root) if root != rank);
            answer(end, Ok(if gets { &result } else { &[] }))?;
        }
    }
}

/// Whether the last one belongs to those before it.
fn suits(ends: &[(Place, UnixStream)]) -> Result<(), Fault> {
    let Some(((last, _), others)) = ends.split_last() else {
        return Ok(());
    };
    if last.rank >= last.ranks {
        fault!("rank {} of {}", last.rank, last.ranks);
    }
    for (other, _) in others {
        if other.ranks != last.ranks {
            fault!(
                "a group of {} ranks to one, and of {} to another",
                other.ranks,
                last.ranks
            );
        }
        if other.rank == last.rank {
            fault!("two ranks {}", last.rank);
        }
        if other.device == last.device {
            let (a, b) = (other.rank.min(last.rank), other.rank.max(last.rank));
            fault!("ranks {a} and {b} are on the same device, {}", last.device);
        }
    }
    Ok(())
}

/// The call that all ranks make.
fn agreed(words: &[Word]) -> Result<Call, Fault> {
    let Word::Call(call) = words[0] else {
        fault!("rank 0 has left the group, and others call on it");
    };
    for (rank, word) in words.iter().enumerate() {
        match word {
            Word::Call(other) if *other == call => {}
            Word::Call(other) => fault!("rank 0 calls for {call:?}, and rank {rank} for {other:?}"),
            _ => fault!("rank {rank} has left the group, and others call on it"),
        }
    }
    match call.work {
        Work::SumFor(root) | Work::From(root) if root >= words.len() => {
            fault!("the root {root} of {} ranks", words.len())
        }
        _ => Ok(call),
    }
}

/// Sums as a ring forms them: each of as many parts as there are ranks begins with another one.
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

fn hear(end: &mut UnixStream) -> io::Result<Word> {
    let mut numbers = [0; Word::NUMBERS];
    for number in &mut numbers {
        *number = number_from(end)?;
    }
    Word::of(numbers).ok_or_else(|| io::Error::other("not a word"))
}

fn number_from(end: &mut UnixStream) -> io::Result<u64> {
    let mut bytes = [0; 8];
    end.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

fn array(end: &mut UnixStream, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    end.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Whether it is a fault, how long it is, and what it is.
fn answer(end: &mut UnixStream, result: Result<&[u8], &Fault>) -> io::Result<()> {
    let (is_fault, bytes) = match result {
        Ok(bytes) => (0u64, bytes),
        Err(fault) => (1, fault.0.as_bytes()),
    };
    end.write_all(&is_fault.to_le_bytes())?;
    end.write_all(&(bytes.len() as u64).to_le_bytes())?;
    end.write_all(bytes)
}

/// A rank in its group.
#[derive(Debug)]
pub struct Member {
    pub place: Place,
    end: UnixStream,
}

impl Member {
    /// Joins the group of this name, and waits for all of its ranks.
    ///
    /// # Errors
    /// If there is no such group, or one of its ranks does not belong to the others.
    pub fn join(name: &str, place: Place) -> Result<Self, Fault> {
        let end = match address(name).and_then(|address| UnixStream::connect_addr(&address)) {
            Ok(end) => end,
            Err(error) => fault!("nobody waits for the group {name:?}: {error}"),
        };
        let mut member = Self { place, end };
        member.say(Word::Hello(place), &[])?;
        Ok(member)
    }

    /// Makes a call with an array, and waits for what comes of it: nothing, where it is for another rank.
    ///
    /// # Errors
    /// If the ranks do not make the same call.
    pub fn call(&mut self, call: Call, values: &[u8]) -> Result<Vec<u8>, Fault> {
        self.say(Word::Call(call), values)
    }

    fn say(&mut self, word: Word, values: &[u8]) -> Result<Vec<u8>, Fault> {
        let said = self.tell(word, values).and_then(|()| {
            let is_fault = number_from(&mut self.end)? == 1;
            let length = number_from(&mut self.end)? as usize;
            Ok((is_fault, array(&mut self.end, length)?))
        });
        match said {
            Ok((false, bytes)) => Ok(bytes),
            Ok((true, text)) => Err(Fault(String::from_utf8_lossy(&text).into_owned())),
            // The process that the group meets at is gone.
            Err(_) => loop {
                std::thread::park();
            },
        }
    }

    fn tell(&mut self, word: Word, values: &[u8]) -> io::Result<()> {
        for number in word.numbers() {
            self.end.write_all(&number.to_le_bytes())?;
        }
        self.end.write_all(values)
    }

    /// Leaves the group. Nobody waits.
    pub fn leave(mut self) {
        // If nobody is left to hear it, all the better.
        let _ = self.tell(Word::Goodbye, &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_each<T: Send>(devices: &[i32], work: impl Fn(Result<Member, Fault>) -> T + Sync) -> Vec<T> {
        let (name, work) = (&found().unwrap(), &work);
        std::thread::scope(|scope| {
            let start = |(rank, &device)| {
                let ranks = devices.len();
                let place = Place { rank, ranks, device };
                scope.spawn(move || work(Member::join(name, place)))
            };
            let threads: Vec<_> = devices.iter().enumerate().map(start).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }

    fn bytes(values: &[f64]) -> Vec<u8> {
        values.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    const CALL: Call = Call {
        work: Work::SumForAll,
        kind: Kind::Double,
        count: 4,
    };

    #[test]
    fn sums_are_for_all_or_for_one_and_what_one_has_is_for_all() {
        let all = on_each(&[0, 1, 2], |member| {
            let mut member = member.unwrap();
            let own: Vec<f64> = (0..4)
                .map(|i| f64::from(member.place.device) + f64::from(i) / 8.0)
                .collect();
            let mut call = |work| member.call(Call { work, ..CALL }, &bytes(&own)).unwrap();
            let results = [Work::SumForAll, Work::SumFor(1), Work::From(2)].map(&mut call);
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
    fn ranks_that_do_not_make_the_same_call_are_told() {
        let told = on_each(&[0, 1], |member| {
            let mut member = member.unwrap();
            let count = CALL.count + member.place.rank;
            let call = Call { count, ..CALL };
            member.call(call, &bytes(&vec![0.0; count])).unwrap_err().0
        });
        assert!(told[0].contains("count: 4") && told[0].contains("count: 5"), "{told:?}");
        assert_eq!(told[0], told[1]);
    }

    #[test]
    fn a_call_on_a_rank_that_left_is_told() {
        let told = on_each(&[0, 1], |member| {
            let mut member = member.unwrap();
            match member.place.rank {
                0 => Some(member.call(CALL, &bytes(&[0.0; 4])).unwrap_err().0),
                _ => {
                    member.leave();
                    None
                }
            }
        });
        assert!(told[0].as_ref().unwrap().contains("rank 1 has left"), "{told:?}");
    }

    #[test]
    fn ranks_that_share_a_device_are_refused() {
        for told in on_each(&[0, 0], |member| member.unwrap_err().0) {
            assert_eq!(told, "ranks 0 and 1 are on the same device, 0");
        }
        let nobody = Place {
            rank: 0,
            ranks: 1,
            device: 0,
        };
        assert!(Member::join("software-nccl-nobody", nobody).is_err());
    }
}
