//! Decoded files that never change, kept for as long as the process lives and room lasts.
//!
//! Names are never reused (rule T1), so what was read once under an absolute path is right for ever.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Values by path; the oldest go when their sizes exceed the limit.
pub(super) struct Cache<T> {
    limit: usize,
    kept: Mutex<Kept<T>>,
}

struct Kept<T> {
    values: HashMap<PathBuf, (Arc<T>, usize)>,
    order: VecDeque<PathBuf>,
    size: usize,
}

impl<T> Cache<T> {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, kept: Mutex::new(Kept { values: HashMap::new(), order: VecDeque::new(), size: 0 }) }
    }

    pub(super) fn get(&self, path: &Path) -> Option<Arc<T>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.values.get(path).map(|(value, _)| value.clone())
    }

    pub(super) fn keep(&self, path: PathBuf, value: &Arc<T>, size: usize) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if size > self.limit || kept.values.contains_key(&path) {
            return;
        }
        kept.size += size;
        kept.order.push_back(path.clone());
        kept.values.insert(path, (value.clone(), size));
        while kept.size > self.limit {
            let Some(oldest) = kept.order.pop_front() else { break };
            if let Some((_, size)) = kept.values.remove(&oldest) {
                kept.size -= size;
            }
        }
    }
}
