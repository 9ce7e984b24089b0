#[cfg(feature = "mpi")]
use ebm_train::process_group::ProcessGroup;
#[cfg(feature = "nccl")]
use ebm_train::process_group::{Nccl, NcclError, ProcessGroupError};
use std::fmt;
#[cfg(feature = "mpi")]
use std::sync::Arc;

#[cfg(feature = "mpi")]
use crate::exit::Failure;
#[cfg(feature = "nccl")]
use crate::exit::{Exit, OrExit};

/// How the gradients of several processes are summed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sums {
    /// MPI, through the host's memory; or nothing to sum, for a process by itself.
    #[default]
    OnHost,
    /// NCCL of this version, on the GPUs.
    #[cfg_attr(not(any(feature = "nccl", test)), expect(dead_code))]
    Nccl(String),
    /// MPI, because NCCL cannot be used for this reason.
    #[cfg_attr(not(any(feature = "nccl", test)), expect(dead_code))]
    NotNccl(String),
}

impl Sums {
    /// The same processes, with NCCL where all have a GPU of their own and this program was built with it; an error if it
    /// does not start on this process, on which others may then wait.
    #[cfg(feature = "mpi")]
    pub fn begin(group: Arc<dyn ProcessGroup>, without_nccl: bool) -> Result<(Arc<dyn ProcessGroup>, Self), Failure> {
        #[cfg(feature = "nccl")]
        if !without_nccl {
            return match Nccl::start(group.clone()) {
                Ok(nccl) => {
                    let version = nccl.version();
                    Ok((Arc::new(nccl), Self::Nccl(version)))
                }
                Err(NcclError::Unavailable { reason }) => Ok((group, Self::NotNccl(reason))),
                Err(NcclError::ProcessGroup(error @ ProcessGroupError::Device { .. })) => {
                    Err(Failure::message(Exit::Other, format!("{error}, and --without-nccl trains without it")))
                }
                Err(error) => Err(error).or_exit(Exit::Other),
            };
        }
        let _ = without_nccl;
        Ok((group, Self::default()))
    }

    /// Writes it to the run's log, and the lack of NCCL to the terminal, too.
    pub fn tell(&self) {
        match self {
            Self::OnHost => {}
            Self::Nccl(_) => tracing::info!("{self}"),
            Self::NotNccl(_) => {
                tracing::warn!("{self}");
                eprintln!("warning: {self}");
            }
        }
    }
}

impl fmt::Display for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnHost => f.write_str("gradients are summed on the host"),
            Self::Nccl(version) => write!(f, "gradients are summed on the GPUs, by NCCL {version}"),
            Self::NotNccl(reason) => {
                write!(f, "gradients are summed by MPI, through the host's memory, as NCCL cannot be used: {reason}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_nccl_is_not_used_is_said() {
        let told = Sums::NotNccl("processes 1 and 2 share a GPU".into()).to_string();
        assert!(told.ends_with("as NCCL cannot be used: processes 1 and 2 share a GPU"));
        assert!(Sums::Nccl("2.32.3".into()).to_string().ends_with("by NCCL 2.32.3"));
    }
}
