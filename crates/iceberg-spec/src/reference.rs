//! The `iceberg` crate's transforms on single values, for comparing ours against them.

use bywash_core::Result;

use crate::datum::Datum;
use crate::fence;
use crate::partition::Transform;

/// What the `iceberg` crate makes of this value; `None` where it gives null.
///
/// # Errors
/// A transform that does not fit the value's type.
pub fn reference_transform(transform: Transform, value: &Datum) -> Result<Option<Datum>> {
    fence::transform(transform, value)
}
