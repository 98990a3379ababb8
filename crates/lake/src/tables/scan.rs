//! The data files of a snapshot, with everything that pruning asks for.

use std::collections::HashMap;

use bywash_core::{Error, Result};
use bywash_iceberg_spec::{DataFile, DeleteFile, PartitionSpec, Schema};

use super::loaded::LoadedTable;
use super::manifests;
use crate::storage::Warehouse;

/// A snapshot's columns and files.
#[derive(Clone, Debug)]
pub struct TableFiles {
    /// The snapshot's columns.
    pub schema: Schema,
    /// All partition specs of the table; a file names the one its values belong to.
    pub specs: Vec<PartitionSpec>,
    /// The files.
    pub files: Vec<DataFile>,
    /// The snapshot; none if the table has no rows yet.
    pub snapshot_id: Option<i64>,
    /// The metadata file, relative to the warehouse.
    pub metadata: String,
    /// Row-level deletes that another engine wrote; tables of ours have none.
    pub deletes: Deletes,
}

/// The row-level deletes of a snapshot.
#[derive(Clone, Debug, Default)]
pub struct Deletes {
    /// The files that hold them.
    pub files: Vec<DeleteFile>,
    /// The sequence number of each data file, by its path; empty where there are no deletes.
    pub sequence_numbers: HashMap<String, i64>,
}

impl TableFiles {
    /// Reads what a snapshot holds; `metadata` is relative to the warehouse or as recorded.
    ///
    /// # Errors
    /// A file that is missing or damaged, a snapshot that the table does not have.
    pub async fn load(warehouse: &Warehouse, metadata: &str, snapshot_id: Option<i64>) -> Result<Self> {
        let table = LoadedTable::load(warehouse, metadata).await?;
        let known = table.metadata();
        let mut found = Self {
            schema: known.schema()?.clone(),
            specs: known.specs.clone(),
            files: Vec::new(),
            snapshot_id,
            metadata: warehouse.relative(metadata)?.to_string(),
            deletes: Deletes::default(),
        };
        let Some(snapshot_id) = snapshot_id else { return Ok(found) };
        let snapshot = known.snapshot_by_id(snapshot_id)?;
        if let Some(schema_id) = snapshot.schema_id {
            found.schema = known.schema_by_id(schema_id)?.clone();
        }
        let listed = manifests::list_all(warehouse, snapshot, known.format_version).await?;
        let (deleting, listed): (Vec<_>, Vec<_>) = listed.into_iter().partition(|line| line.has_deletes);
        for line in &deleting {
            found.deletes.files.extend(manifests::read_deletes(warehouse, line).await?);
        }
        for manifest in manifests::read_all(warehouse, &listed).await? {
            let alive = || manifest.entries.iter().filter(|entry| entry.is_alive());
            let from = found.files.len();
            found.files.extend(alive().map(|entry| entry.file.clone()));
            if known.schemas.len() > 1 {
                // Columns may have been widened since; bounds of one column are compared with each other.
                let spec = &manifest.spec;
                let all_sources = spec.fields.iter().all(|field| field.source(&found.schema).is_ok());
                let spec = if all_sources { spec.clone() } else { PartitionSpec::unpartitioned(spec.id) };
                DataFile::promote_all(&mut found.files[from..], &found.schema, &spec)?;
            }
            if !found.deletes.files.is_empty() {
                let numbers = alive().map(|entry| (entry.file.path.clone(), entry.sequence_number));
                found.deletes.sequence_numbers.extend(numbers);
            }
        }
        Ok(found)
    }

    /// The partition spec that a file's values belong to.
    ///
    /// # Errors
    /// The table has no such spec.
    pub fn spec_of(&self, file: &DataFile) -> Result<&PartitionSpec> {
        let spec = self.specs.iter().find(|spec| spec.id == file.spec_id);
        spec.ok_or_else(|| {
            Error::bug(format!("`{}` names partition spec {}, which is missing", file.path, file.spec_id))
        })
    }
}
