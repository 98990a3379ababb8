//! Rule T3: an id that a transaction gives out stands for the same wherever it was given out before, and was not given
//! up meanwhile. Two branches may have read the same counter; whose transaction comes later is refused, and reads again.

use std::collections::BTreeMap;

use super::{Attempt, Open, Statement, Stored};
use crate::store::FieldIdRow;

/// Whether all of these may be given out.
pub(super) async fn may_be_given(open: &mut dyn Open, ids: &[FieldIdRow]) -> Attempt<bool> {
    let mut by_space: BTreeMap<&str, Vec<&FieldIdRow>> = BTreeMap::new();
    for id in ids {
        by_space.entry(&id.table_uuid).or_default().push(id);
    }
    for (space, ids) in by_space {
        let known = read(open, space).await?;
        let met: Vec<_> = ids.iter().filter_map(|id| Some((*id, known.get(&id.id)?))).collect();
        if met.is_empty() {
            continue;
        }
        let given_up = read(open, &FieldIdRow::given_up(space)).await?;
        if met.iter().any(|(id, known)| id != known || given_up.contains_key(&id.id)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The ids of a space, by themselves.
async fn read(open: &mut dyn Open, space: &str) -> Attempt<BTreeMap<i32, FieldIdRow>> {
    let asked = Statement::new(FieldIdRow::TABLE.select(OF_SPACE), [space.into()]);
    let rows = open.run(&asked).await?;
    let rows = rows.into_iter().map(|mut row| FieldIdRow::read(&mut row)).map(|row| row.map(|row| (row.id, row)));
    Ok(rows.collect::<bywash_core::Result<_>>()?)
}

pub(super) const OF_SPACE: &str = "where table_uuid = $1 order by id";
