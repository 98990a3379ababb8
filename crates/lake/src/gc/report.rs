//! What a collection found: counted for everybody, and for a dry run with the reason of each thing.

use std::collections::{BTreeMap, HashSet};

use bywash_core::{Micros, ObjectId, Result, format_micros};

use super::judge::{Judge, made};
use super::mark::Marking;
use crate::store::{ReflogRow, Roots, Standing, Verdict};

/// Files with their sizes, and objects of the catalog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Files.
    pub files: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Objects of the catalog.
    pub objects: u64,
}

impl Amount {
    pub(super) fn add_file(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }

    pub(super) fn add(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.objects += other.objects;
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What becomes of something that nothing reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It is deleted now.
    Delete,
    /// It is deleted by the first collection after this time.
    After(Micros),
    /// A command that is at work may have written it.
    InUse,
}

/// Files of one table, or objects of the catalog, that share a fate and a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Garbage {
    /// The table's folder in the warehouse, or `catalog`.
    pub place: String,
    /// How much.
    pub amount: Amount,
    /// What becomes of it.
    pub fate: Fate,
    /// Why nothing keeps it.
    pub why: String,
}

/// What a collection did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// What was doomed: it is gone, or will be.
    pub deleted: Amount,
    /// What is condemned and stays for the grace period.
    pub waiting: Amount,
    /// When the first of that is due.
    pub due: Option<Micros>,
    /// What commands that are at work may have written.
    pub in_use: Amount,
    /// Kept outputs that were given up.
    pub outputs: usize,
    /// Files that were unlinked, those of a collection that was stopped among them.
    pub unlinked: Amount,
    /// All of it by place and reason; only of a dry run.
    pub garbage: Vec<Garbage>,
}

impl Collected {
    /// What two passes did together; what waits is what the second found.
    pub(super) fn after(mut self, first: Self) -> Self {
        self.deleted.add(first.deleted);
        self.outputs += first.outputs;
        self
    }
}

/// A verdict, with what people want to know about it.
pub(super) struct Judgement {
    verdict: Verdict,
    grace: Micros,
    files: Vec<(String, u64, Fate)>,
    objects: BTreeMap<Fate, u64>,
}

impl Judgement {
    pub(super) fn new(verdict: Verdict, grace: Micros) -> Self {
        Self { verdict, grace, files: Vec::new(), objects: BTreeMap::new() }
    }

    pub(super) fn keep_object(&mut self, id: ObjectId, was_condemned: bool) {
        if was_condemned {
            self.verdict.revived_objects.push(id);
        }
    }

    pub(super) fn doom_object(&mut self, id: ObjectId) {
        self.verdict.doomed_objects.push(id);
        self.count_object(Fate::Delete);
    }

    pub(super) fn wait_object(&mut self, condemned: Micros) {
        self.count_object(Fate::After(condemned.saturating_add(self.grace)));
    }

    pub(super) fn condemn_object(&mut self, id: ObjectId) {
        self.verdict.condemned_objects.push(id);
        self.count_object(self.newly_condemned());
    }

    pub(super) fn revive_file(&mut self, path: &str) {
        self.verdict.revived_files.push(path.to_owned());
    }

    pub(super) fn doom_file(&mut self, path: &str, bytes: u64) {
        self.verdict.doomed_files.push((path.to_owned(), bytes));
        self.files.push((path.to_owned(), bytes, Fate::Delete));
    }

    pub(super) fn wait_file(&mut self, path: &str, bytes: u64, condemned: Micros) {
        self.files.push((path.to_owned(), bytes, Fate::After(condemned.saturating_add(self.grace))));
    }

    pub(super) fn hold_file(&mut self, path: &str, bytes: u64) {
        self.files.push((path.to_owned(), bytes, Fate::InUse));
    }

    pub(super) fn condemn_file(&mut self, path: &str, bytes: u64, in_use: bool) {
        self.verdict.condemned_files.push((path.to_owned(), bytes));
        let fate = if in_use { Fate::InUse } else { self.newly_condemned() };
        self.files.push((path.to_owned(), bytes, fate));
    }

    /// Without a grace period a second pass follows at once.
    fn newly_condemned(&self) -> Fate {
        if self.grace == 0 { Fate::Delete } else { Fate::After(self.verdict.time.saturating_add(self.grace)) }
    }

    fn count_object(&mut self, fate: Fate) {
        *self.objects.entry(fate).or_default() += 1;
    }

    /// The numbers of a pass, and its verdict.
    pub(super) fn counted(self) -> (Collected, Verdict) {
        let mut collected = self.numbers();
        let verdict = self.verdict;
        collected.deleted = Amount { objects: verdict.doomed_objects.len() as u64, ..Amount::default() };
        verdict.doomed_files.iter().for_each(|(_, bytes)| collected.deleted.add_file(*bytes));
        (collected, verdict)
    }

    fn numbers(&self) -> Collected {
        let mut found = Collected { outputs: self.verdict.expired.len(), ..Collected::default() };
        for (fate, count) in &self.objects {
            found.part(*fate).objects += count;
        }
        for (_, bytes, fate) in &self.files {
            found.part(*fate).add_file(*bytes);
        }
        found
    }

    /// The numbers of a dry run, with reasons.
    pub(super) async fn explained(
        self,
        judge: &Judge<'_>,
        roots: &Roots,
        standing: &Standing,
        strong: &Marking<'_>,
    ) -> Result<Collected> {
        let (gone, reasons) = gone(judge, roots, standing, strong).await?;
        let mut groups: BTreeMap<(String, Fate, String), Amount> = BTreeMap::new();
        for (path, bytes, fate) in &self.files {
            let why = match gone.root_of(path) {
                Some(root) => reasons.get(root).cloned().unwrap_or_default(),
                None if *fate == Fate::InUse => {
                    "no commit names it yet: a command at work may have written it".to_owned()
                }
                None => "no commit names it: a command that was stopped left it".to_owned(),
            };
            let place = path.split('/').take(2).collect::<Vec<_>>().join("/");
            groups.entry((place, *fate, why)).or_default().add_file(*bytes);
        }
        for (fate, count) in &self.objects {
            let why = "no ref, kept output or command at work reaches it".to_owned();
            groups.entry(("catalog".to_owned(), *fate, why)).or_default().objects += count;
        }
        let garbage = groups.into_iter().map(|((place, fate, why), amount)| Garbage { place, amount, fate, why });
        Ok(Collected { garbage: garbage.collect(), ..self.numbers() })
    }
}

impl Collected {
    fn part(&mut self, fate: Fate) -> &mut Amount {
        match fate {
            Fate::Delete => &mut self.deleted,
            Fate::InUse => &mut self.in_use,
            Fate::After(time) => {
                self.due = Some(self.due.map_or(time, |due| due.min(time)));
                &mut self.waiting
            }
        }
    }
}

/// Everything that was reachable once and still exists, newest first, with a reason for each root.
async fn gone<'m>(
    judge: &Judge<'_>,
    roots: &Roots,
    standing: &Standing,
    strong: &'m Marking<'_>,
) -> Result<(Marking<'m>, Vec<String>)> {
    let present: HashSet<ObjectId> = standing.objects.iter().map(|(id, _)| *id).collect();
    let (mut gone, mut reasons) = (Marking::above(strong), Vec::new());
    for row in judge.policy.without.iter().filter(|row| present.contains(&row.commit)) {
        gone.begin_root(reasons.len());
        gone.commit(row.commit).await?;
        reasons.push(format!("`{}` has expired", row.name));
    }
    for row in &roots.reflog {
        for commit in row.old.into_iter().chain(row.new).filter(|commit| present.contains(commit)) {
            gone.begin_root(reasons.len());
            gone.commit(commit).await?;
            reasons.push(left(row));
        }
    }
    for kept in roots.outputs.iter().filter(|kept| present.contains(&kept.output.entry)) {
        gone.begin_root(reasons.len());
        gone.output(&kept.output).await?;
        let since = made(&kept.output).map_or_else(String::new, |time| format!(" of {}", day(time)));
        reasons.push(format!("an output of `{}`{since} that is not kept any more", kept.output.node));
    }
    Ok((gone, reasons))
}

/// Why a commit of the reflog is not reachable.
fn left(row: &ReflogRow) -> String {
    let (name, day) = (&row.name, day(row.time));
    match (row.new, name.strip_prefix("refs/runs/")) {
        (_, Some(run)) => format!("run `{run}` worked on it until {day}"),
        (None, None) => format!("`{name}` had it when it was deleted or renamed on {day}"),
        (Some(_), None) => format!("`{name}` had it on {day}, and nothing has it now"),
    }
}

fn day(time: Micros) -> String {
    format_micros(time).chars().take(10).collect()
}
