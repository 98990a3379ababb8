//! What a worker may not do: reach files, the network and other processes, or take more than its share.
//!
//! Landlock and seccomp bind the process that forks workers, before its interpreter starts; so nothing that a function
//! does can come before them, and every process that it starts inherits them. Control groups, or limits of processes
//! where this user may not make groups, bind each call. What a system lacks is said once, and is no error.

mod confinement;
mod control_groups;

pub(crate) use confinement::{Abilities, Confinement, abilities, start_confined};
pub(crate) use control_groups::{ControlGroups, Group, GroupLimits};
