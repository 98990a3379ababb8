//! What tables must hold, without files, appends or rewrites: each row is a register of edits, a branch is the edits
//! that it has seen, a revert cancels edits. From `model/change_sets.py`, whose rules it does not know.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// An edit, by its place in the oracle.
pub(super) type EditId = usize;
/// All that a commit has seen.
pub(super) type Truth = BTreeSet<EditId>;

/// The two tables by number: the one that is loaded, and the one that is written by hand.
pub(super) type Table = usize;

/// Rows of the second table have ids from here.
pub(super) const SECOND: i64 = 1_000_000;

/// What an edit is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Register {
    /// A row, by its id.
    Row(i64),
    /// What a source file was when it was loaded.
    File(char),
    /// The name of a column beside `id` and `k`, by its number.
    Column(i64),
    /// Whether that column holds long numbers.
    Wide(i64),
}

impl Register {
    const fn table(&self) -> Table {
        match self {
            Self::Row(id) if *id >= SECOND => 1,
            _ => 0,
        }
    }
}

/// A column beside `id` and `k`: its number, the number in its name, and whether it holds long numbers.
pub(super) struct Column {
    pub(super) number: i64,
    pub(super) name: i64,
    pub(super) is_wide: bool,
}

/// What makes an edit: a file loaded on two branches after the same loads of it is one edit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Author {
    Statement(u64),
    Load { file: char, content: i64, earlier: Vec<EditId> },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Edit {
    table: Table,
    author: Author,
    register: Option<Register>,
    /// `None` when the row is deleted.
    value: Option<i64>,
    /// Edits of this register that it knowingly replaces.
    past: BTreeSet<EditId>,
    /// A revert: the edits that it takes back.
    cancels: BTreeSet<EditId>,
}

/// All edits of a history, on all branches.
#[derive(Default)]
pub(super) struct Oracle {
    edits: Vec<Edit>,
    ids: HashMap<Edit, EditId>,
    serial: u64,
}

impl Oracle {
    /// The rows of a table in a commit: id and value.
    ///
    /// # Errors
    /// Two edits of one row that did not see each other, of which one must have been lost.
    pub(super) fn rows(&self, truth: &Truth, table: Table) -> Result<BTreeMap<i64, i64>, String> {
        let rows = self.state(truth)?.into_iter().filter_map(|(register, value)| match register {
            Register::Row(id) if register.table() == table => Some((id, value)),
            _ => None,
        });
        Ok(rows.collect())
    }

    /// The columns of the first table beside `id` and `k`.
    ///
    /// # Errors
    /// As [`Self::rows`].
    pub(super) fn columns(&self, truth: &Truth) -> Result<Vec<Column>, String> {
        let state = self.state(truth)?;
        let column = |(register, name): (&Register, &i64)| match register {
            Register::Column(number) => {
                let is_wide = state.contains_key(&Register::Wide(*number));
                Some(Column { number: *number, name: *name, is_wide })
            }
            _ => None,
        };
        Ok(state.iter().filter_map(column).collect())
    }

    /// Whether a file is loaded with this content.
    pub(super) fn is_loaded(&self, truth: &Truth, file: char, content: i64) -> Result<bool, String> {
        Ok(self.state(truth)?.get(&Register::File(file)) == Some(&content))
    }

    /// A statement that gives rows values, or deletes them.
    pub(super) fn edit(&mut self, truth: &Truth, values: &BTreeMap<i64, Option<i64>>) -> Truth {
        let values = values.iter().map(|(id, value)| (Register::Row(*id), *value)).collect();
        self.state_that(truth, values)
    }

    /// A statement that adds a column, gives it another name, or drops it.
    pub(super) fn name(&mut self, truth: &Truth, column: i64, name: Option<i64>) -> Truth {
        self.state_that(truth, [(Register::Column(column), name)].into())
    }

    /// A statement that makes a column hold long numbers.
    pub(super) fn widen(&mut self, truth: &Truth, column: i64) -> Truth {
        self.state_that(truth, [(Register::Wide(column), Some(1))].into())
    }

    fn state_that(&mut self, truth: &Truth, values: BTreeMap<Register, Option<i64>>) -> Truth {
        self.serial += 1;
        let author = Author::Statement(self.serial);
        self.with(truth, &author, values, truth)
    }

    /// A load replaces the rows of the file's earlier loads, but no edit made by hand.
    pub(super) fn load(&mut self, truth: &Truth, file: char, content: i64, rows: &BTreeMap<i64, i64>) -> Truth {
        let of_file = |id: &&EditId| matches!(self.edits[**id].author, Author::Load { file: own, .. } if own == file);
        let earlier: Truth = truth.iter().filter(of_file).copied().collect();
        let gone = earlier.iter().filter_map(|id| self.edits[*id].register.clone()).map(|register| (register, None));
        let mut values: BTreeMap<_, _> = gone.collect();
        values.insert(Register::File(file), Some(content));
        values.extend(rows.iter().map(|(id, value)| (Register::Row(*id), Some(*value))));
        let author = Author::Load { file, content, earlier: earlier.iter().copied().collect() };
        self.with(truth, &author, values, &earlier)
    }

    /// The edits of one table.
    pub(super) fn of_table(&self, edits: &Truth, table: Table) -> Truth {
        edits.iter().filter(|id| self.edits[**id].table == table).copied().collect()
    }

    /// A revert or a resolution: in each table it is an edit by itself.
    pub(super) fn cancel(&mut self, truth: &Truth, cancels: &Truth) -> Truth {
        let mut truth = truth.clone();
        for table in [0, 1] {
            let cancels = self.of_table(cancels, table);
            if !cancels.is_empty() {
                self.serial += 1;
                let author = Author::Statement(self.serial);
                let edit = Edit { table, author, register: None, value: None, past: BTreeSet::new(), cancels };
                truth.insert(self.id(edit));
            }
        }
        truth
    }

    fn with(&mut self, truth: &Truth, author: &Author, values: BTreeMap<Register, Option<i64>>, seen: &Truth) -> Truth {
        let mut after = truth.clone();
        for (register, value) in values {
            let past =
                seen.iter().filter(|id| self.edits[**id].register.as_ref() == Some(&register)).copied().collect();
            let (table, cancels) = (register.table(), BTreeSet::new());
            let edit = Edit { table, author: author.clone(), register: Some(register), value, past, cancels };
            after.insert(self.id(edit));
        }
        after
    }

    fn id(&mut self, edit: Edit) -> EditId {
        if let Some(id) = self.ids.get(&edit) {
            return *id;
        }
        self.edits.push(edit.clone());
        self.ids.insert(edit, self.edits.len() - 1);
        self.edits.len() - 1
    }

    fn state(&self, truth: &Truth) -> Result<BTreeMap<Register, i64>, String> {
        let standing = self.standing(truth);
        let mut by_register: BTreeMap<&Register, Vec<EditId>> = BTreeMap::new();
        for id in &standing {
            if let Some(register) = &self.edits[*id].register {
                by_register.entry(register).or_default().push(*id);
            }
        }
        let mut state = BTreeMap::new();
        for (register, found) in by_register {
            let is_replaced = |id: &EditId| found.iter().any(|later| self.edits[*later].past.contains(id));
            let heads: BTreeSet<_> =
                found.iter().filter(|id| !is_replaced(id)).map(|id| self.edits[*id].value).collect();
            if heads.len() > 1 {
                return Err(format!("one of two edits of {register:?} was silently lost: {heads:?}"));
            }
            if let Some(Some(value)) = heads.first() {
                state.insert(register.clone(), *value);
            }
        }
        Ok(state)
    }

    /// The edits that no standing edit cancels. Edits cancel only earlier ones, so the newest is judged first.
    fn standing(&self, truth: &Truth) -> Truth {
        let (mut standing, mut cancelled) = (Truth::new(), Truth::new());
        for id in truth.iter().rev() {
            if !cancelled.contains(id) {
                standing.insert(*id);
                cancelled.extend(&self.edits[*id].cancels);
            }
        }
        standing
    }
}
