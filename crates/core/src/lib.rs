//! What every crate speaks: names, ids, errors, units and the clock.
//!
//! Nothing here touches a disk, a network or DataFusion, so that every other crate may depend on it.

mod clock;
mod codes;
mod error;
mod guarded;
mod hash;
mod names;
mod row_sums;
mod suggest;
mod units;

pub use clock::{Micros, SystemClock, format_micros, parse_time};
pub use codes::{Code, Kind};
pub use error::{Error, Place, Result};
pub use guarded::{guarded, is_guarded};
pub use hash::{ObjectId, ObjectIdBuilder};
pub use names::{RefName, TableName, TableRef};
pub use row_sums::{Projection, RowSum, RowSums};
pub use suggest::{nearest, suggestion};
pub use units::{counted, format_bytes, format_count, format_duration, parse_bytes, parse_duration};
