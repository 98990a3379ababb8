//! What planning said of models before, so that a check plans only what changed.
//!
//! One file in the folder for caches holds the columns of each model that had no problem, by a key (`plan_key`) that
//! stands for all that planning looks at. A file that is missing, damaged, of another build or not to be written is the
//! same as an empty one, and never an error; of two processes that write it, the later one wins.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

use arrow::datatypes::{Schema, SchemaRef};
use arrow::ipc::convert::{IpcSchemaEncoder, fb_to_schema};
use arrow::ipc::root_as_schema;
use bywash_core::ObjectId;

use super::keys::RESULTS_EPOCH;

/// The file, in the folder for caches.
const FILE: &str = "plans";
/// Changed with the layout of the file, or with what keys are made of.
const FORMAT: &str = "bywash plans 1";
/// A file never grows beyond this.
const MOST_BYTES: usize = 64 << 20;
/// What was not asked for stays only in a file that is smaller than this: other branches, parameters, edits taken back.
const MOST_BYTES_WITH_UNUSED: usize = 4 << 20;
/// Bytes of an id.
const ID: usize = 16;
/// Bytes of the length of an entry.
const LENGTH: usize = 4;

/// What planning said of models before.
#[derive(Debug)]
pub struct KnownPlans {
    folder: PathBuf,
    memory: Mutex<Option<Memory>>,
}

/// The columns that a model gives, with an id that equal columns share.
#[derive(Clone, Debug)]
pub(super) struct KnownColumns {
    pub(super) schema: SchemaRef,
    pub(super) id: ObjectId,
}

/// What the file holds, and what came to it.
#[derive(Debug, Default)]
struct Memory {
    plans: HashMap<ObjectId, Plan>,
    is_new: bool,
}

#[derive(Debug)]
struct Plan {
    /// The columns, as Arrow's IPC format has them.
    columns: Vec<u8>,
    /// Whether somebody asked for it.
    is_used: bool,
}

impl KnownPlans {
    /// Those of this folder for caches; it is looked into when the first one is asked for.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), memory: Mutex::default() }
    }

    /// What is known under a key.
    pub(super) fn get(&self, key: ObjectId) -> Option<KnownColumns> {
        let mut memory = self.lock();
        let plan = memory.get_or_insert_with(|| self.read()).plans.get_mut(&key)?;
        let schema = decoded(&plan.columns)?;
        plan.is_used = true;
        Some(KnownColumns { schema: Arc::new(schema), id: ObjectId::of(&plan.columns) })
    }

    /// Keeps what planning said.
    pub(super) fn put(&self, key: ObjectId, columns: &Schema) {
        // Columns that would come back otherwise are not kept.
        let Some(columns) = encoded(columns) else { return };
        let mut memory = self.lock();
        let memory = memory.get_or_insert_with(|| self.read());
        memory.plans.insert(key, Plan { columns, is_used: true });
        memory.is_new = true;
    }

    /// Writes the file, if something came to it.
    pub(super) fn save(&self) {
        let mut memory = self.lock();
        let Some(memory) = memory.as_mut().filter(|memory| memory.is_new) else { return };
        memory.is_new = false;
        // Without the file everything is planned again.
        let _ = build().map_or(Ok(()), |build| self.write(&memory.bytes(build)));
    }

    fn read(&self) -> Memory {
        let known = build().and_then(|build| plans(&fs::read(self.folder.join(FILE)).ok()?, build));
        Memory { plans: known.unwrap_or_default(), is_new: false }
    }

    /// Nobody ever sees half of it.
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let new = self.folder.join(format!("{FILE}-{}", ObjectId::unique().short()));
        let written = fs::write(&new, bytes).and_then(|()| fs::rename(&new, self.folder.join(FILE)));
        if written.is_err() {
            // It may not even be there.
            let _ = fs::remove_file(&new);
        }
        written
    }

    fn lock(&self) -> MutexGuard<'_, Option<Memory>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The id of columns; nothing for those that cannot be kept.
pub(super) fn columns_id(columns: &Schema) -> Option<ObjectId> {
    encoded(columns).map(|bytes| ObjectId::of(&bytes))
}

impl Memory {
    /// The file: the build, a sum of the rest, then a key, a length and columns for each model.
    fn bytes(&self, build: ObjectId) -> Vec<u8> {
        let mut plans: Vec<_> = self.plans.iter().collect();
        plans.sort_by_key(|(key, plan)| (!plan.is_used, **key));
        let mut rest = Vec::new();
        for (key, plan) in plans {
            let Ok(length) = u32::try_from(plan.columns.len()) else { continue };
            let most = if plan.is_used { MOST_BYTES } else { MOST_BYTES_WITH_UNUSED };
            if rest.len() + plan.columns.len() > most {
                break;
            }
            rest.extend_from_slice(key.as_bytes());
            rest.extend_from_slice(&length.to_le_bytes());
            rest.extend_from_slice(&plan.columns);
        }
        [build.as_bytes().as_slice(), ObjectId::of(&rest).as_bytes(), &rest].concat()
    }
}

/// What the bytes of a file hold, if it is whole and of this build.
fn plans(bytes: &[u8], build: ObjectId) -> Option<HashMap<ObjectId, Plan>> {
    let (of, rest) = bytes.split_at_checked(ID)?;
    let (sum, mut rest) = rest.split_at_checked(ID)?;
    if of != build.as_bytes() || sum != ObjectId::of(rest).as_bytes() {
        return None;
    }
    let mut found = HashMap::new();
    while !rest.is_empty() {
        let (key, behind) = rest.split_at_checked(ID)?;
        let (length, behind) = behind.split_at_checked(LENGTH)?;
        let length = usize::try_from(u32::from_le_bytes(length.try_into().ok()?)).ok()?;
        let (columns, behind) = behind.split_at_checked(length)?;
        found.insert(ObjectId::from_bytes(key)?, Plan { columns: columns.to_owned(), is_used: false });
        rest = behind;
    }
    Some(found)
}

fn encoded(schema: &Schema) -> Option<Vec<u8>> {
    let bytes = IpcSchemaEncoder::new().schema_to_fb(schema).finished_data().to_owned();
    (decoded(&bytes)? == *schema).then_some(bytes)
}

fn decoded(bytes: &[u8]) -> Option<Schema> {
    root_as_schema(bytes).ok().map(fb_to_schema)
}

/// Stands for this program: another build may plan otherwise. Nothing if its file cannot be looked at.
fn build() -> Option<ObjectId> {
    let file = fs::metadata(std::env::current_exe().ok()?).ok()?;
    let changed = file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let parts = format!("{FORMAT}, {}, {RESULTS_EPOCH}, {}, {changed:?}", env!("CARGO_PKG_VERSION"), file.len());
    Some(ObjectId::of(parts.as_bytes()))
}
