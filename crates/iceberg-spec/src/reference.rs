//! What the `iceberg` crate makes of single values and of manifests, for comparing ours against it.

use bywash_core::Result;

use crate::datum::Datum;
use crate::fence;
use crate::manifest::Manifest;
use crate::manifest_list::ManifestFile;
use crate::partition::Transform;

/// What the `iceberg` crate makes of this value; `None` where it gives null.
///
/// # Errors
/// A transform that does not fit the value's type.
pub fn reference_transform(transform: Transform, value: &Datum) -> Result<Option<Datum>> {
    fence::transform(transform, value)
}

/// What the `iceberg` crate reads in a manifest.
///
/// # Errors
/// Bytes that are no manifest, delete files, files other than Parquet.
pub fn reference_manifest(bytes: &[u8], listed: &ManifestFile) -> Result<Manifest> {
    fence::read_manifest(bytes, listed)
}
