//! Doing a run again (`bywash rerun`): from the tables, the code, the packages and the parameters of the commit that it
//! made, and saying whether the same comes out.
//!
//! What the run's models had made is put back to what it was before the run; everything else stays as the commit has it,
//! so nothing is loaded and nothing has moved meanwhile.

mod past_run;
mod verdict;

pub use past_run::PastRun;
pub use verdict::{NodeVerdict, Verdict, verdicts};
