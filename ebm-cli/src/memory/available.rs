//! The memory that this process can have, as Linux tells it.

use indicatif::DecimalBytes;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

/// Memory, and why there is no more. Displayed, it ends a sentence: "7.60 GB are free".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Available {
    /// What the whole machine has left, swap included.
    Free(u64),
    /// What a control group allows, with the swap that is left.
    Group(u64),
    /// What `ulimit -v` allows.
    AddressSpace(u64),
}

impl Available {
    /// What this process can have; `None` where the system does not tell, or where the numbers are on a graphics card.
    pub fn here() -> Option<Self> {
        if cfg!(feature = "cuda") {
            return None;
        }
        Self::read(|path| fs::read_to_string(path).ok())
    }

    /// The least of what the files of the system say, of which `text` gives those that are there.
    fn read(text: impl Fn(&Path) -> Option<String>) -> Option<Self> {
        let machine = text(Path::new("/proc/meminfo")).unwrap_or_default();
        let swap = kibibytes(&machine, "SwapFree:").unwrap_or(0);
        let free = kibibytes(&machine, "MemAvailable:").map(|bytes| Self::Free(bytes.saturating_add(swap)));
        let groups = text(Path::new("/proc/self/cgroup")).unwrap_or_default();
        let limits = groups.lines().flat_map(limits_of).filter_map(|path| text(&path)?.trim().parse().ok());
        let group = limits.min().map(|bytes: u64| Self::Group(bytes.saturating_add(swap)));
        let own = text(Path::new("/proc/self/limits")).and_then(|text| address_space(&text)).map(Self::AddressSpace);
        [free, group, own].into_iter().flatten().min_by_key(|one| one.bytes())
    }

    /// The number of bytes.
    pub fn bytes(self) -> u64 {
        let (Self::Free(bytes) | Self::Group(bytes) | Self::AddressSpace(bytes)) = self;
        bytes
    }
}

impl fmt::Display for Available {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = DecimalBytes(self.bytes());
        match self {
            Self::Free(_) => write!(f, "{bytes} are free"),
            Self::Group(_) => write!(f, "the control group of this process may use {bytes}"),
            Self::AddressSpace(_) => write!(f, "ulimit -v allows {bytes}"),
        }
    }
}

/// A number of `/proc/meminfo`, in bytes.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let number = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = number.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes.saturating_mul(1024))
}

/// The files that may hold limits of a control group, which a line of `/proc/self/cgroup` names, and of those above it.
fn limits_of(line: &str) -> Vec<PathBuf> {
    let mut fields = line.splitn(3, ':').skip(1);
    let (Some(controllers), Some(group)) = (fields.next(), fields.next()) else { return Vec::new() };
    let (root, file) = match controllers {
        // Version 2 has one hierarchy for everything.
        "" => ("/sys/fs/cgroup", "memory.max"),
        _ if controllers.split(',').any(|one| one == "memory") => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
        _ => return Vec::new(),
    };
    let below = Path::new(group.trim_start_matches('/'));
    below.ancestors().map(|group| Path::new(root).join(group).join(file)).collect()
}

/// The limit of the address space in the text of `/proc/self/limits`, if there is one.
fn address_space(text: &str) -> Option<u64> {
    let limits = text.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    limits.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: &str = "MemTotal:       8000 kB\nMemAvailable:   4000 kB\nSwapFree:          0 kB\n";
    const UNLIMITED: &str = "Max address space         unlimited            unlimited            bytes\n";

    fn read(files: &[(&str, &str)]) -> Option<Available> {
        let text =
            |path: &Path| files.iter().find(|(name, _)| Path::new(name) == path).map(|(_, text)| text.to_string());
        Available::read(text)
    }

    #[test]
    fn the_tightest_limit_counts_and_says_what_it_is() {
        let machine = ("/proc/meminfo", MACHINE);
        assert_eq!(read(&[machine, ("/proc/self/limits", UNLIMITED)]), Some(Available::Free(4_096_000)));
        let limited = "Max data size    1    1    bytes\nMax address space         3000000     4000000    bytes\n";
        assert_eq!(read(&[machine, ("/proc/self/limits", limited)]), Some(Available::AddressSpace(3_000_000)));
        let groups = "1:name=systemd:/x\n0::/user/session\n";
        let (above, own) = ("/sys/fs/cgroup/user/memory.max", "/sys/fs/cgroup/user/session/memory.max");
        for (limits, bytes) in [(["2000000", "max"], 2_000_000), (["9000000", "1000000\n"], 1_000_000)] {
            let files = [machine, ("/proc/self/cgroup", groups), (above, limits[0]), (own, limits[1])];
            assert_eq!(read(&files), Some(Available::Group(bytes)));
        }
        let group = ("/proc/self/cgroup", "4:cpu,memory:/job\n");
        let limit = ("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "2500000");
        assert_eq!(read(&[machine, group, limit]), Some(Available::Group(2_500_000)));
        // What is without a limit in version 1.
        let none = ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712");
        assert_eq!(read(&[machine, group, none]), Some(Available::Free(4_096_000)));
    }

    #[test]
    fn swap_counts_as_memory_and_a_system_that_says_nothing_sets_no_limit() {
        let swapping = MACHINE.replace("SwapFree:          0", "SwapFree:       1000");
        assert_eq!(read(&[("/proc/meminfo", &swapping)]), Some(Available::Free(5_120_000)));
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[("/proc/meminfo", "?"), ("/proc/self/limits", UNLIMITED), ("/proc/self/cgroup", "?")]), None);
        assert_eq!(Available::Free(7_600_000_000).to_string(), "7.60 GB are free");
    }
}
