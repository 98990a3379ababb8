//! Manifests: each is read at most once a process, and written with the place where the lake lies now (rule T9).

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use bywash_core::{Code, Error, Result};
use bywash_iceberg_spec::{DeleteFile, Manifest, ManifestFile, Snapshot, read_manifest_list};
use futures::FutureExt;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::cache::Cache;
use crate::storage::Warehouse;

/// Manifests read at the same time.
const CONCURRENT: usize = 8;

/// Data files whose descriptions are kept.
const KEPT_FILES: usize = 20_000;

static MANIFESTS: LazyLock<Cache<Manifest>> = LazyLock::new(|| Cache::new(KEPT_FILES));

/// The manifests that a snapshot of ours lists: it has no row-level deletes, and what writes must not lose any.
pub(super) async fn list(warehouse: &Warehouse, snapshot: &Snapshot, format_version: u8) -> Result<Vec<ManifestFile>> {
    let listed = list_all(warehouse, snapshot, format_version).await?;
    match listed.iter().find(|line| line.has_deletes) {
        None => Ok(listed),
        Some(line) => Err(Error::new(
            Code::NotYetSupported,
            format!("`{}` holds row-level deletes: such a table can only be read", line.path),
        )
        .hint("compact it with the engine that wrote the deletes, or copy its rows: `create table … as select …`")),
    }
}

/// The manifests that a snapshot lists, those of row-level deletes among them.
pub(super) async fn list_all(
    warehouse: &Warehouse,
    snapshot: &Snapshot,
    format_version: u8,
) -> Result<Vec<ManifestFile>> {
    let bytes = warehouse.read(&snapshot.manifest_list).await?;
    read_manifest_list(&bytes, format_version).map_err(|error| named(error, &snapshot.manifest_list))
}

/// The error of a file, with its name.
fn named(error: Error, path: &str) -> Error {
    error.context(format!("`{path}`"))
}

/// The delete files of a manifest; all paths are relative to the warehouse.
pub(super) async fn read_deletes(warehouse: &Warehouse, listed: &ManifestFile) -> Result<Vec<DeleteFile>> {
    let bytes = warehouse.read(&listed.path).await?;
    let mut deletes = DeleteFile::read(&bytes, listed).map_err(|error| named(error, &listed.path))?;
    for delete in &mut deletes {
        delete.file.path = warehouse.relative(&delete.file.path)?.to_string();
    }
    Ok(deletes)
}

/// These manifests, in this order.
pub(super) async fn read_all(warehouse: &Warehouse, listed: &[ManifestFile]) -> Result<Vec<Arc<Manifest>>> {
    // Boxed before the first await, or callers that are spawned could not prove that they may change threads.
    let reads: Vec<_> = listed.iter().map(|one| read(warehouse, one).boxed()).collect();
    stream::iter(reads).buffered(CONCURRENT).try_collect().await
}

/// A manifest as a file, which records where its data files lie now, and its line for the list of the snapshot that
/// writes it. `path` is relative to the warehouse.
pub(super) fn encode(
    warehouse: &Warehouse,
    mut manifest: Manifest,
    path: &str,
    snapshot_id: i64,
    sequence_number: i64,
) -> Result<(Vec<u8>, ManifestFile)> {
    for entry in &mut manifest.entries {
        entry.file.path = warehouse.recorded(&entry.file.path);
    }
    manifest.write(&warehouse.recorded(path), snapshot_id, sequence_number)
}

/// One manifest; its data files are named by their paths relative to the warehouse.
pub(super) async fn read(warehouse: &Warehouse, listed: &ManifestFile) -> Result<Arc<Manifest>> {
    let path = warehouse.absolute(&listed.path)?;
    if let Some(manifest) = MANIFESTS.get(&path) {
        return Ok(manifest);
    }
    let bytes = warehouse.read(&listed.path).await?;
    let mut manifest = decode(bytes, listed.clone()).await.map_err(|error| named(error, &listed.path))?;
    for entry in &mut manifest.entries {
        entry.file.path = warehouse.relative(&entry.file.path)?.to_string();
    }
    let manifest = Arc::new(manifest);
    MANIFESTS.keep(path, &manifest, manifest.entries.len() + 1);
    Ok(manifest)
}

/// Decoding takes longer than reading, so manifests that are read at the same time are decoded on several processors.
async fn decode(bytes: Bytes, listed: ManifestFile) -> Result<Manifest> {
    let decoded = tokio::task::spawn_blocking(move || Manifest::read(&bytes, &listed)).await;
    decoded.unwrap_or_else(|stopped| Err(Error::bug(format!("the decoding of a manifest stopped: {stopped}"))))
}
