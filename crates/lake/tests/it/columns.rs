//! Rules T3 and T4 on columns alone: random histories of changes, merges and reverts against an oracle that knows no
//! sets of changes. To it each column is a register of edits, a branch is the edits that it has seen, and a revert
//! cancels edits; where edits that did not see each other disagree, the rules must refuse (`model/change_sets.py`).

use std::collections::{BTreeMap, BTreeSet, HashSet};

use bywash_core::ObjectId;
use bywash_lake::changes::{
    ChangeKind, ColumnChange, Created, FieldChange, Layout, LayoutChange, LayoutTerm, NewField, TableState, Unsound,
};
use bywash_lake::tables::{DataFile, Field, Schema, Transform, Type};
use bywash_testkit::Dice;

const NAMES: [&str; 3] = ["x", "y", "z"];

/// An edit of one column: its name, or none when dropped.
#[derive(Clone)]
struct Edit {
    column: i32,
    name: Option<&'static str>,
    past: BTreeSet<u64>,
    cancels: BTreeSet<u64>,
}

type Truth = BTreeMap<u64, Edit>;

#[derive(Clone)]
struct Commit {
    state: TableState,
    truth: Truth,
}

struct World {
    branches: Vec<Vec<Commit>>,
    /// Name → how many of its ids were given up.
    given_up: BTreeMap<&'static str, u32>,
    /// (name, how many were given up before) → id.
    ids: BTreeMap<(&'static str, u32), i32>,
    serial: u64,
}

fn columns(names: &[(i32, &str)]) -> Created {
    let fields = names.iter().map(|(id, name)| Field::optional(*id, *name, Type::Int)).collect();
    Created::new(&Schema { id: 0, fields }, Layout::default())
}

fn created() -> Created {
    columns(&[(1, "x"), (2, "y")])
}

fn names(state: &TableState) -> BTreeMap<String, i32> {
    let fields = state.columns().unwrap();
    match fields {
        Some(fields) => fields.into_iter().map(|field| (field.name, field.id)).collect(),
        None => [("x".to_owned(), 1), ("y".to_owned(), 2)].into(),
    }
}

/// What the edits of a branch come to; an error where one of two would be lost.
fn oracle(truth: &Truth) -> Result<BTreeMap<String, i32>, &'static str> {
    let mut cancelled: BTreeSet<u64> = BTreeSet::new();
    for (id, edit) in truth.iter().rev() {
        // Who cancels is always newer.
        if !cancelled.contains(id) {
            cancelled.extend(&edit.cancels);
        }
    }
    let standing: Vec<_> =
        truth.iter().filter(|(id, edit)| !cancelled.contains(id) && edit.cancels.is_empty()).collect();
    let mut found = BTreeMap::new();
    for column in standing.iter().map(|(_, edit)| edit.column).collect::<BTreeSet<_>>() {
        let own: Vec<_> = standing.iter().filter(|(_, edit)| edit.column == column).collect();
        let heads: BTreeSet<_> = own
            .iter()
            .filter(|(id, _)| own.iter().all(|(_, later)| !later.past.contains(id)))
            .map(|(_, edit)| edit.name)
            .collect();
        if heads.len() > 1 {
            return Err("one of two edits of a column is lost");
        }
        if let Some(name) = heads.into_iter().flatten().next()
            && found.insert(name.to_owned(), column).is_some()
        {
            return Err("a name stands for two columns");
        }
    }
    Ok(found)
}

impl World {
    fn new() -> Self {
        let edit = |column, name| Edit { column, name: Some(name), past: BTreeSet::new(), cancels: BTreeSet::new() };
        let truth = Truth::from([(0, edit(1, "x")), (1, edit(2, "y"))]);
        let first = Commit { state: TableState::default(), truth };
        let ids = BTreeMap::from([(("x", 0), 1), (("y", 0), 2)]);
        Self { branches: vec![vec![first]; 2], given_up: BTreeMap::new(), ids, serial: 2 }
    }

    fn head(&self, branch: usize) -> Commit {
        self.branches[branch].last().unwrap().clone()
    }

    fn give_up(&mut self, id: i32) {
        let ((name, count), _) = self.ids.iter().find(|(_, known)| **known == id).unwrap();
        let (name, next) = (*name, count + 1);
        let most = self.given_up.entry(name).or_default();
        *most = next.max(*most);
    }

    /// The truth with one more edit of a column.
    fn edited(&mut self, truth: &Truth, column: i32, name: Option<&'static str>) -> Truth {
        let past = truth.iter().filter(|(_, edit)| edit.column == column).map(|(id, _)| *id).collect();
        self.serial += 1;
        let mut truth = truth.clone();
        truth.insert(self.serial, Edit { column, name, past, cancels: BTreeSet::new() });
        truth
    }

    /// One command; nothing where it does not fit, an error where it is refused.
    fn step(&mut self, dice: &mut Dice, branch: usize) -> Result<Option<(String, Commit)>, Unsound> {
        let head = self.head(branch);
        let known = names(&head.state);
        let name = NAMES[dice.roll(3)];
        let alter = |field_id, what, label: &str| head.state.alter(&created(), ColumnChange { field_id, what }, label);
        let step = match dice.roll(5) {
            0 if !known.contains_key(name) => {
                let count = self.given_up.get(name).copied().unwrap_or(0);
                let next = i32::try_from(self.ids.len()).unwrap() + 1;
                let id = *self.ids.entry((name, count)).or_insert(next);
                let kind = "int".to_owned();
                let field = NewField { id, parent: 0, name: name.to_owned(), kind, required: false, doc: None };
                let state = alter(id, FieldChange::Add(field), "add")?;
                (format!("add {name} as {id}"), Commit { state, truth: self.edited(&head.truth, id, Some(name)) })
            }
            1 if known.contains_key(name) && known.len() > 1 => {
                let id = known[name];
                self.give_up(id);
                let state = alter(id, FieldChange::Drop, "drop")?;
                (format!("drop {name}"), Commit { state, truth: self.edited(&head.truth, id, None) })
            }
            2 if known.contains_key(name) => {
                let to = NAMES[dice.roll(3)];
                if known.contains_key(to) {
                    return Ok(None);
                }
                let id = known[name];
                self.give_up(id);
                let state = alter(id, FieldChange::Rename(to.to_owned()), "rename")?;
                (format!("rename {name} to {to}"), Commit { state, truth: self.edited(&head.truth, id, Some(to)) })
            }
            3 => {
                let other = self.head(1 - branch);
                let state = head.state.merge(&other.state)?;
                let back = other.state.merge(&head.state).unwrap();
                assert_eq!(names(&back), names(&state), "a merge depends on which side is the target");
                let truth = head.truth.into_iter().chain(other.truth).collect();
                ("merge".to_owned(), Commit { state, truth })
            }
            4 => return self.revert(dice, branch),
            _ => return Ok(None),
        };
        Ok(Some(step))
    }

    fn revert(&mut self, dice: &mut Dice, branch: usize) -> Result<Option<(String, Commit)>, Unsound> {
        let history = self.branches[branch].clone();
        if history.len() < 2 {
            return Ok(None);
        }
        let at = history.len() - 1 - dice.roll((history.len() - 1).min(3));
        let (before, after, head) = (&history[at - 1], &history[at], self.head(branch));
        let new = after
            .state
            .changes
            .iter()
            .filter(|(id, change)| !before.state.changes.contains_key(id) && change.kind != ChangeKind::Created);
        let new: Vec<_> = new.map(|(id, change)| (*id, change.clone())).collect();
        let taken: BTreeSet<ObjectId> = new.iter().map(|(id, _)| *id).collect();
        if head.state.live().is_disjoint(&taken) {
            return Ok(None);
        }
        for column in new.iter().filter_map(|(_, change)| change.column.as_ref()) {
            self.give_up(column.field_id);
        }
        let state = head.state.revert(ObjectId::unique(), taken, false, "revert")?;
        self.serial += 1;
        let cancels = after.truth.keys().filter(|id| !before.truth.contains_key(id)).copied().collect();
        let mut truth = head.truth;
        truth.insert(self.serial, Edit { column: 0, name: None, past: BTreeSet::new(), cancels });
        Ok(Some((format!("revert {at}"), Commit { state, truth })))
    }
}

#[test]
fn t3_t4_columns_are_what_the_edits_of_a_branch_come_to() {
    let (mut merges, mut conflicts) = (0, 0);
    for seed in 1..4_000 {
        let (mut dice, mut world, mut history) = (Dice::new(seed * 7919), World::new(), Vec::new());
        for _ in 0..14 {
            let branch = dice.roll(2);
            match world.step(&mut dice, branch) {
                Ok(Some((what, commit))) => {
                    merges += usize::from(what == "merge");
                    history.push(format!("{branch}: {what}"));
                    assert_eq!(Ok(names(&commit.state)), oracle(&commit.truth), "seed {seed}: {history:#?}");
                    world.branches[branch].push(commit);
                }
                Ok(None) => {}
                Err(_) => conflicts += 1,
            }
        }
    }
    assert!(merges > 2_000 && conflicts > 100, "{merges} merges and {conflicts} conflicts try nothing");
}

fn change(state: &TableState, field_id: i32, what: FieldChange) -> Result<TableState, Unsound> {
    state.alter(&created(), ColumnChange { field_id, what }, "alter")
}

fn order(state: &TableState) -> Vec<String> {
    state.columns().unwrap().unwrap().into_iter().map(|field| field.name).collect()
}

#[test]
fn t4_moves_on_two_branches_are_both_made_in_one_order() {
    let base = TableState::default();
    let add = |state: &TableState, id: i32, name: &str| {
        let field =
            NewField { id, parent: 0, name: name.to_owned(), kind: "int".to_owned(), required: false, doc: None };
        change(state, id, FieldChange::Add(field)).expect("sound")
    };
    let dev = add(&base, 3, "z");
    let dev = change(&dev, 3, FieldChange::Move { after: None, step: 0 }).expect("sound");
    assert_eq!(order(&dev), ["z", "x", "y"]);
    let main = change(&base, 1, FieldChange::Move { after: Some(2), step: 0 }).expect("sound");
    assert_eq!(order(&main), ["y", "x"]);
    let merged = main.merge(&dev).expect("sound");
    assert_eq!(order(&merged), order(&dev.merge(&main).expect("sound")));
    let later = change(&merged, 2, FieldChange::Move { after: None, step: 0 }).expect("sound");
    assert_eq!(order(&later)[0], "y", "of two moves the later one is made later");
}

#[test]
fn t4_a_wider_type_stays_while_files_hold_it() {
    let file = |path: &str| vec![DataFile { path: path.to_owned(), record_count: 1, ..DataFile::default() }];
    let base = TableState::default().append(ObjectId::of(b"1"), file("int"), "insert").expect("sound");
    let wide = change(&base, 1, FieldChange::Widen("long".to_owned())).expect("sound");
    let taken: BTreeSet<_> = wide.changes.keys().filter(|id| !base.changes.contains_key(id)).copied().collect();
    let revert = |state: &TableState| state.revert(ObjectId::unique(), taken.clone(), false, "revert");
    let narrow = revert(&wide).expect("no file holds longs");
    assert_eq!(narrow.columns().expect("sound").expect("altered")[0].kind, Type::Int);

    let filled = wide.append(ObjectId::of(b"2"), file("long"), "insert").expect("sound");
    assert_eq!(revert(&filled), Err(Unsound::Narrower));
    assert_eq!(narrow.merge(&filled), Err(Unsound::Narrower), "a branch that wrote longs does not merge silently");
    let whole = bywash_lake::changes::Edit { removed: HashSet::from(["int".to_owned()]), remaining: file("compacted") };
    let compacted = wide.compact(vec![whole.clone()]).expect("sound");
    let back = revert(&compacted).expect("the files from before are still there");
    assert_eq!(back.files().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["int"]);
    let both = filled.compact(vec![whole]).expect("sound");
    assert_eq!(revert(&both), Err(Unsound::Narrower));

    let renamed = change(&base, 1, FieldChange::Rename("a".to_owned())).expect("sound");
    let both = renamed.merge(&filled).expect("a rename beside a wider type");
    let column = &both.columns().expect("sound").expect("altered")[0];
    assert_eq!((column.name.as_str(), &column.kind), ("a", &Type::Long));
}

#[test]
fn t4_two_layouts_and_a_layout_by_a_dropped_column_are_conflicts() {
    let base = TableState::default();
    let cut = |state: &TableState, by: Option<i32>| {
        let terms = by.map(|field_id| LayoutTerm { field_id, transform: Transform::Identity });
        state.lay_out(&created(), LayoutChange::Partition(terms.into_iter().collect()), "cut").expect("sound")
    };
    let (by_x, by_y) = (cut(&base, Some(1)), cut(&base, Some(2)));
    assert_eq!(by_x.merge(&by_y), Err(Unsound::TwoLayouts));
    assert_eq!(by_x.merge(&cut(&base, Some(1))).expect("the same").layout(), by_x.layout());
    let without_x = change(&base, 1, FieldChange::Drop).expect("sound");
    assert_eq!(by_x.merge(&without_x), Err(Unsound::LayoutWithoutColumn));
    assert!(cut(&by_x, None).merge(&without_x).is_ok());
}
