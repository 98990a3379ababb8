//! A table's metadata, as read from a warehouse or about to be written to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use bywash_core::{Code, Error, ObjectId, Result, SystemClock};
use bywash_iceberg_spec::{NewTable, SortField, SortOrder, TableMetadata, Transform};
use uuid::Uuid;

use super::cache::Cache;
use super::manifests;
use crate::TableShape;
use crate::storage::Warehouse;

/// Snapshots whose metadata is kept.
const KEPT_SNAPSHOTS: usize = 20_000;

static METADATA: LazyLock<Cache<TableMetadata>> = LazyLock::new(|| Cache::new(KEPT_SNAPSHOTS));

/// A table's metadata and where it lies.
#[derive(Clone, Debug)]
pub struct LoadedTable {
    metadata: Arc<TableMetadata>,
    folder: String,
    file: Option<String>,
}

impl LoadedTable {
    /// Reads a `metadata.json`; `location` is relative to the warehouse or as recorded.
    ///
    /// # Errors
    /// The file is missing, cannot be read or is no table metadata that this version understands.
    pub async fn load(warehouse: &Warehouse, location: &str) -> Result<Self> {
        let file = warehouse.relative(location)?.to_string();
        let Some((folder, _)) = file.rsplit_once("/metadata/") else {
            return Err(Error::new(
                Code::TableCorrupt,
                format!("`{location}` does not lie in a table's `metadata` folder"),
            ));
        };
        let folder = folder.to_owned();
        let path = warehouse.absolute(location)?;
        let metadata = match METADATA.get(&path) {
            Some(metadata) => metadata,
            None => {
                let bytes = warehouse.read(location).await?;
                refuse_changed(&path, &bytes)?;
                let parsed =
                    TableMetadata::parse(&bytes).map_err(|error| error.context(format!("`{}`", path.display())))?;
                keep(path, Arc::new(parsed))
            }
        };
        Ok(Self { metadata, folder, file: Some(file) })
    }

    /// Writes metadata that comes after this one; the answer is its place, relative to the warehouse.
    ///
    /// Numbers of names rise, and no name is used twice (rule T1): the rest of it is a hash of the content, by which a
    /// file that somebody changes is found. Who goes on with the table need not read it again.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) async fn write_next(&self, warehouse: &Warehouse, metadata: TableMetadata) -> Result<String> {
        let name = self.file().and_then(|file| file.rsplit('/').next());
        let number = name.and_then(|name| name.split('-').next()).and_then(|number| number.parse::<u64>().ok());
        let bytes = metadata.to_json()?;
        let (number, id) = (number.map_or(0, |number| number + 1), content_id(&bytes));
        let file = format!("{}/metadata/{number:05}-{id}.metadata.json", self.folder);
        warehouse.write(&file, bytes).await?;
        keep(warehouse.absolute(&file)?, Arc::new(metadata));
        Ok(file)
    }

    /// A table that is yet to be written, without a snapshot; its first commit writes it.
    ///
    /// # Errors
    /// A shape whose uuid is none, or whose sort columns are not in its schema.
    pub fn create(warehouse: &Warehouse, shape: &TableShape, properties: BTreeMap<String, String>) -> Result<Self> {
        let uuid = Uuid::parse_str(&shape.uuid).map_err(|error| Error::bug(format!("`{}`: {error}", shape.uuid)))?;
        let metadata = TableMetadata::create(NewTable {
            uuid,
            location: warehouse.recorded(&shape.folder),
            schema: shape.schema.clone(),
            spec: shape.spec.clone(),
            sort_order: sort_order(shape)?,
            last_column_id: shape.schema.highest_field_id(),
            properties,
            timestamp_ms: SystemClock.now() / 1_000,
        });
        Ok(Self::unwritten(metadata, &shape.folder))
    }

    /// Metadata made by hand for a table in this folder, relative to the warehouse; its next commit writes it.
    #[must_use]
    pub fn unwritten(metadata: TableMetadata, folder: &str) -> Self {
        Self { metadata: Arc::new(metadata), folder: folder.to_owned(), file: None }
    }

    /// The same table after a change of its metadata, such as another schema; its next commit writes it.
    #[must_use]
    pub fn changed(&self, metadata: TableMetadata) -> Self {
        Self { metadata: Arc::new(metadata), ..self.clone() }
    }

    /// The metadata.
    #[must_use]
    pub fn metadata(&self) -> &TableMetadata {
        &self.metadata
    }

    /// The table's folder, relative to the warehouse.
    #[must_use]
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// The file it was read from, relative to the warehouse; none before the first commit.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// What we write is format version 2, and nothing is written into tables of another.
    pub(super) fn refuse_unwritable(&self) -> Result<()> {
        match self.metadata.format_version {
            2 => Ok(()),
            version => Err(Error::new(
                Code::NotYetSupported,
                format!("tables of Iceberg format version {version} can only be read"),
            )),
        }
    }
}

/// A hash of metadata in the form of an id, as names of metadata files have it: version 8, which is for such uses.
fn content_id(bytes: &[u8]) -> Uuid {
    uuid::Builder::from_custom_bytes(*ObjectId::of(bytes).as_bytes()).into_uuid()
}

/// Metadata of ours is what its name says. Other names have ids by chance: there is nothing to compare.
fn refuse_changed(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".metadata.json"));
    let id = name.and_then(|name| name.split_once('-')).and_then(|(_, id)| Uuid::parse_str(id).ok());
    match id.filter(|id| id.get_version_num() == 8) {
        Some(id) if id != content_id(bytes) => {
            Err(Error::new(Code::TableCorrupt, format!("`{}` was changed after it was written", path.display()))
                .hint("restore the file from a backup; who wants another table writes it with SQL")
                .hint("earlier versions of the table can be read: `bywash table history TABLE`"))
        }
        _ => Ok(()),
    }
}

fn keep(path: PathBuf, metadata: Arc<TableMetadata>) -> Arc<TableMetadata> {
    METADATA.keep(path, &metadata, metadata.snapshots.len() + 1);
    metadata
}

/// Tells every file that a table's metadata names, itself included, relative to the warehouse. A manifest list or
/// manifest that `tell` says is not new is not read. What a snapshot deleted belongs to the one before it.
///
/// # Errors
/// A file that is missing or damaged.
pub(crate) async fn named_files(
    warehouse: &Warehouse,
    table: &LoadedTable,
    tell: &mut (dyn FnMut(String) -> bool + Send),
) -> Result<()> {
    let metadata = table.metadata();
    if let Some(file) = table.file() {
        tell(file.to_owned());
    }
    for entry in &metadata.metadata_log {
        tell(warehouse.relative(&entry.metadata_file)?.to_string());
    }
    for snapshot in &metadata.snapshots {
        if !tell(warehouse.relative(&snapshot.manifest_list)?.to_string()) {
            continue;
        }
        for line in manifests::list(warehouse, snapshot, metadata.format_version).await? {
            if tell(warehouse.relative(&line.path)?.to_string()) {
                let manifest = manifests::read(warehouse, &line).await?;
                let alive = manifest.entries.iter().filter(|entry| entry.is_alive());
                alive.for_each(|entry| _ = tell(entry.file.path.clone()));
            }
        }
    }
    Ok(())
}

fn sort_order(shape: &TableShape) -> Result<SortOrder> {
    let fields = shape.cluster_by.iter().map(|name| {
        let field = shape.schema.field(name);
        let source_id = field.ok_or_else(|| Error::bug(format!("the sort column `{name}` is missing")))?.id;
        Ok(SortField { source_id, transform: Transform::Identity, ascending: true, nulls_first: true })
    });
    let fields = fields.collect::<Result<Vec<_>>>()?;
    Ok(SortOrder { id: i64::from(!fields.is_empty()), fields })
}
