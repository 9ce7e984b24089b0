//! Detects launchers that started several processes of this program as one job.

use std::fmt;

use crate::exit::{Exit, Failure};

/// The launchers, each with its variables for the rank of the process and for the number of processes.
///
/// Slurm sets `SLURM_NTASKS` in a batch script, too, which is one process; those of a step are set by `srun` alone.
const LAUNCHERS: [(&str, &str, &str); 3] = [
    ("mpirun", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("mpirun", "PMI_RANK", "PMI_SIZE"),
    ("srun", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),
];

/// A process that is one of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Launched {
    by: &'static str,
    /// The variable that holds the number of processes.
    pub variable: &'static str,
    pub rank: usize,
    pub ranks: usize,
}

impl fmt::Display for Launched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} started {} processes", self.by, self.ranks)
    }
}

impl Launched {
    /// Reads the launcher's variables; `None` for a process that runs alone.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let number = |name: &str| variable(name)?.trim().parse::<usize>().ok();
        LAUNCHERS.into_iter().find_map(|(by, rank, ranks)| {
            let launched = Self { by, variable: ranks, rank: number(rank)?, ranks: number(ranks)? };
            (launched.ranks > 1).then_some(launched)
        })
    }

    /// Refuses to continue, in the first process; the others have nothing to add.
    pub fn refused(&self, text: &str) -> Result<(), Failure> {
        if self.rank == 0 { Err(Failure::message(Exit::Usage, text)) } else { Ok(()) }
    }

    /// Refuses a single-process command that a launcher started several times. `None` where another process says so.
    pub fn only_one(command: &str) -> Result<Option<()>, Failure> {
        let Some(launched) = Self::read(|name| std::env::var(name).ok()) else {
            return Ok(Some(()));
        };
        let text = format!("{launched}, and `ebm {command}` is the work of one: start it without");
        launched.refused(&text).map(|()| None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Option<Launched> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        Launched::read(|name| find(name).map(|(_, value)| (*value).to_string()))
    }

    #[test]
    fn a_launcher_is_known_by_its_variables() {
        assert_eq!(read(&[]), None);
        let launched = read(&[("OMPI_COMM_WORLD_RANK", "2"), ("OMPI_COMM_WORLD_SIZE", "4")]).unwrap();
        assert_eq!((launched.rank, launched.ranks), (2, 4));
        assert_eq!(launched.to_string(), "mpirun started 4 processes");
        let launched = read(&[("SLURM_PROCID", "0"), ("SLURM_STEP_NUM_TASKS", "8")]).unwrap();
        assert_eq!(launched.to_string(), "srun started 8 processes");
        assert!(launched.refused("no").is_err());
        assert!(Launched { rank: 1, ..launched }.refused("no").is_ok());
        // One process is by itself, and so is a batch script.
        assert_eq!(read(&[("OMPI_COMM_WORLD_RANK", "0"), ("OMPI_COMM_WORLD_SIZE", "1")]), None);
        assert_eq!(read(&[("SLURM_PROCID", "0"), ("SLURM_NTASKS", "8")]), None);
        assert_eq!(read(&[("PMI_RANK", "0"), ("PMI_SIZE", "many")]), None);
    }
}
