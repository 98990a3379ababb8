//! Objects as a writer sees them: what the store has, and what this writer is about to add.
//!
//! Nothing reaches the store before the transaction that also moves a ref, so a crash leaves no half set.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use bywash_core::{Code, Error, ObjectId, Result};

use super::Named;
use crate::store::{CatalogStore, FieldIdRow};

/// A view of the store's objects with pending ones on top. Cheap to clone; clones share the pending ones.
#[derive(Clone)]
pub struct Objects {
    store: Arc<dyn CatalogStore>,
    pending: Arc<Mutex<HashMap<ObjectId, Pending>>>,
    field_ids: Arc<Mutex<Vec<FieldIdRow>>>,
    known: KnownObjects,
}

/// Objects that were read. They never change, so what was read once is right for ever. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct KnownObjects(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    objects: HashMap<ObjectId, Bytes>,
    size: usize,
}

impl KnownObjects {
    fn get(&self, id: ObjectId) -> Option<Bytes> {
        self.lock().objects.get(&id).cloned()
    }

    fn keep(&self, id: ObjectId, bytes: Bytes) {
        let mut known = self.lock();
        if known.size > MOST_KNOWN_BYTES {
            *known = Known::default();
        }
        known.size += bytes.len();
        known.objects.insert(id, bytes);
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An object that is not stored yet.
#[derive(Clone)]
struct Pending {
    bytes: Bytes,
    /// The objects that it names.
    names: Vec<ObjectId>,
}

/// What is kept in memory of objects; beyond it they are read again.
const MOST_KNOWN_BYTES: usize = 64 << 20;

impl Objects {
    /// A view with nothing pending.
    pub fn new(store: Arc<dyn CatalogStore>) -> Self {
        Self::knowing(store, KnownObjects::default())
    }

    /// The same, where some of the store's objects are known.
    pub(crate) fn knowing(store: Arc<dyn CatalogStore>, known: KnownObjects) -> Self {
        Self { store, pending: Arc::default(), field_ids: Arc::default(), known }
    }

    /// Reads one object.
    ///
    /// # Errors
    /// The object is absent, or is not what was expected.
    pub async fn read<T: DeserializeOwned>(&self, id: ObjectId) -> Result<T> {
        serde_json::from_slice(&self.read_bytes(id).await?).map_err(|error| {
            Error::new(Code::CatalogCorrupt, format!("object `{id}` of the catalog cannot be read"))
                .caused_by(error)
                .hint("run `bywash doctor` to see what it affects")
        })
    }

    /// The bytes of one object.
    ///
    /// # Errors
    /// The object is absent.
    pub async fn read_bytes(&self, id: ObjectId) -> Result<Bytes> {
        let waiting = self.lock().get(&id).map(|pending| pending.bytes.clone());
        match waiting.or_else(|| self.known.get(id)) {
            Some(bytes) => Ok(bytes),
            None => {
                let bytes = self.store.object(id).await?;
                self.known.keep(id, bytes.clone());
                Ok(bytes)
            }
        }
    }

    /// Reads these objects in few questions, as far as they are neither pending nor known: who reads them next does not
    /// wait for each.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub(super) async fn fetch(&self, ids: &[ObjectId]) -> Result<()> {
        let is_new = |id: &ObjectId| !self.lock().contains_key(id) && self.known.get(*id).is_none();
        let new: Vec<ObjectId> = ids.iter().copied().filter(is_new).collect();
        // One is asked for as soon as it is read.
        if new.len() > 1 {
            for (id, bytes) in self.store.objects(&new).await? {
                self.known.keep(id, bytes);
            }
        }
        Ok(())
    }

    /// Adds an object of just these bytes, which name nothing, to what the next transaction stores.
    pub fn add_bytes(&self, bytes: Bytes) -> ObjectId {
        let id = ObjectId::of(&bytes);
        self.lock().insert(id, Pending { bytes, names: Vec::new() });
        id
    }

    /// Adds an object to what the next transaction stores.
    ///
    /// # Errors
    /// None in practice: only values that serialise are passed.
    pub fn add<T: Serialize + Named>(&self, value: &T) -> Result<ObjectId> {
        let bytes =
            serde_json::to_vec(value).map_err(|error| Error::bug("an object does not serialise").caused_by(error))?;
        let id = ObjectId::of(&bytes);
        let mut names = Vec::new();
        value.names(&mut |named| names.push(named));
        self.lock().insert(id, Pending { bytes: Bytes::from(bytes), names });
        Ok(id)
    }

    /// The ids given out for a table or one of its other spaces, those that wait for a transaction included.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn ids(&self, table_uuid: &str) -> Result<Vec<FieldIdRow>> {
        let mut rows = self.store.ids(table_uuid).await?;
        let waiting = self.given_out().into_iter().filter(|row| row.table_uuid == table_uuid);
        for row in waiting {
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// Records an id that the next transaction stores (rule T3).
    pub fn give_out(&self, row: FieldIdRow) {
        self.field_ids.lock().unwrap_or_else(PoisonError::into_inner).push(row);
    }

    /// The ids given out since the last transaction.
    #[must_use]
    pub fn given_out(&self) -> Vec<FieldIdRow> {
        self.field_ids.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything pending, for a transaction.
    #[must_use]
    pub fn pending(&self) -> Vec<(ObjectId, Bytes)> {
        self.lock().iter().map(|(id, pending)| (*id, pending.bytes.clone())).collect()
    }

    /// What the pending objects name and the store must have (rule T7).
    #[must_use]
    pub fn named(&self) -> BTreeSet<ObjectId> {
        let pending = self.lock();
        let names = pending.values().flat_map(|object| object.names.iter().copied());
        names.filter(|id| !pending.contains_key(id)).collect()
    }

    /// Forgets these, which a transaction has stored.
    pub fn stored(&self, objects: &[(ObjectId, Bytes)], ids: &[FieldIdRow]) {
        let mut pending = self.lock();
        for (id, bytes) in objects {
            if pending.remove(id).is_some() {
                self.known.keep(*id, bytes.clone());
            }
        }
        self.field_ids.lock().unwrap_or_else(PoisonError::into_inner).retain(|row| !ids.contains(row));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ObjectId, Pending>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
