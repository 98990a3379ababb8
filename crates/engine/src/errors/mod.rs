//! What DataFusion says, as errors a person can read: [`planning`] before a statement runs, [`running`] after.

pub(crate) mod planning;
pub(crate) mod running;
mod words;

pub(crate) use planning::columns_hint;
