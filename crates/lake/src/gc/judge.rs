//! One judgement: what is reachable, what is not, and since when.
//!
//! *Strong* roots keep things: refs, the reflog's window, what living leases may have seen, kept outputs. *Weak* roots
//! are commits that the reflog still tells and whose grace period is not over: nothing below them is doomed before them,
//! so that a commit which exists is whole.

use std::collections::{BTreeMap, HashMap, HashSet};

use bywash_core::{Micros, ObjectId, Result, SystemClock};
use uuid::Uuid;

use super::mark::Marking;
use super::report::Judgement;
use super::{GcPolicy, micros};
use crate::Lake;
use crate::lease::is_alive;
use crate::store::{KeptOutput, LeaseRow, Output, ReflogRow, Roots, Standing, Verdict};

/// What judging goes by.
pub(super) struct Judge<'a> {
    pub(super) lake: &'a Lake,
    pub(super) policy: &'a GcPolicy,
    /// The files of the warehouse, with their sizes.
    pub(super) listed: BTreeMap<String, u64>,
    /// Outputs that are to be given up, by key and version: decided once, before anything is marked for outputs.
    pub(super) expiring: HashSet<(ObjectId, ObjectId)>,
}

/// The leases that count.
struct Living {
    /// The newest row of the reflog when the oldest of them began.
    reflog: Option<i64>,
    /// The number of the oldest.
    oldest: Option<i64>,
    /// The number of the newest lease, alive or not.
    newest: i64,
    lapsed: Vec<i64>,
}

impl Living {
    fn among(leases: &[LeaseRow], now: Micros) -> Self {
        let (alive, lapsed): (Vec<_>, Vec<_>) = leases.iter().partition(|lease| is_alive(lease, now));
        Self {
            reflog: alive.iter().map(|lease| lease.reflog).min(),
            oldest: alive.iter().map(|lease| lease.number).min(),
            newest: leases.iter().map(|lease| lease.number).max().unwrap_or(0),
            lapsed: lapsed.into_iter().map(|lease| lease.number).collect(),
        }
    }

    /// Whether a lease that began up to `newest` lives.
    fn reaches(&self, newest: i64) -> bool {
        self.oldest.is_some_and(|oldest| oldest <= newest)
    }
}

impl<'a> Judge<'a> {
    /// Marks what is reachable by now, so that little is left to be marked in the transaction.
    pub(super) async fn mark_early(&mut self, strong: &mut Marking<'_>) -> Result<()> {
        let (roots, standing) = (self.lake.store().roots().await?, self.lake.store().standing().await?);
        let now = SystemClock.now();
        let living = Living::among(&roots.leases, now);
        self.mark_refs(&roots, &standing, &living, strong, now).await?;
        self.expiring = self.expiring(&roots.outputs, strong, now).await?;
        self.mark_outputs(&roots.outputs, &present(&standing), &living, strong).await.map(drop)
    }

    /// Judges everything that there is.
    pub(super) async fn judge(
        &self,
        roots: &Roots,
        standing: &Standing,
        strong: &mut Marking<'_>,
        now: Micros,
    ) -> Result<Judgement> {
        let living = Living::among(&roots.leases, now);
        self.mark_refs(roots, standing, &living, strong, now).await?;
        let expired = self.mark_outputs(&roots.outputs, &present(standing), &living, strong).await?;
        let verdict = Verdict {
            lapsed: living.lapsed.clone(),
            expired: expired.iter().map(|output| (output.key, output.version)).collect(),
            lease: living.newest,
            time: now,
            ..Verdict::default()
        };
        let due = now.saturating_sub(micros(self.policy.grace));
        let mut judgement = Judgement::new(verdict, micros(self.policy.grace));
        let weak = self.mark_weakly(roots, standing, strong, due).await?;
        for (id, condemned) in &standing.objects {
            match condemned {
                _ if strong.has(*id) => judgement.keep_object(*id, condemned.is_some()),
                Some(time) if *time <= due && !weak.has(*id) => judgement.doom_object(*id),
                Some(time) => judgement.wait_object(*time),
                None => judgement.condemn_object(*id),
            }
        }
        self.judge_files(standing, &living, strong, &weak, due, &mut judgement);
        Ok(judgement)
    }

    fn judge_files(
        &self,
        standing: &Standing,
        living: &Living,
        strong: &Marking<'_>,
        weak: &Marking<'_>,
        due: Micros,
        judgement: &mut Judgement,
    ) {
        let known: HashSet<&str> = standing.files.iter().map(|file| file.path.as_str()).collect();
        for file in &standing.files {
            let path = file.path.as_str();
            match self.listed.get(path) {
                Some(_) if strong.has_file(path) => judgement.revive_file(path),
                None => judgement.revive_file(path),
                Some(_) if living.reaches(file.lease) => judgement.hold_file(path, file.bytes),
                Some(bytes) if file.time <= due && !weak.has_file(path) => judgement.doom_file(path, *bytes),
                Some(_) => judgement.wait_file(path, file.bytes, file.time),
            }
        }
        for (path, bytes) in &self.listed {
            if !known.contains(path.as_str()) && !strong.has_file(path) {
                judgement.condemn_file(path, *bytes, living.oldest.is_some());
            }
        }
    }

    /// Marks from refs and from the part of the reflog that counts; an earlier collection may have counted less of it.
    async fn mark_refs(
        &self,
        roots: &Roots,
        standing: &Standing,
        living: &Living,
        strong: &mut Marking<'_>,
        now: Micros,
    ) -> Result<()> {
        let gone: HashSet<&str> = self.policy.without.iter().map(|row| row.name.as_str()).collect();
        for row in roots.refs.iter().filter(|row| !gone.contains(row.name.as_str())) {
            strong.commit(row.commit).await?;
        }
        let present = present(standing);
        let since = now.saturating_sub(micros(self.policy.reflog));
        let counts = |row: &&ReflogRow| row.time >= since || living.reflog.is_some_and(|first| row.sequence > first);
        for row in roots.reflog.iter().filter(counts) {
            for commit in row.old.into_iter().chain(row.new).filter(|commit| present.contains(commit)) {
                strong.commit(commit).await?;
            }
        }
        Ok(())
    }

    /// The outputs that are too old, or too many for the bytes that are kept for their sake alone; the newest stay.
    async fn expiring(
        &self,
        outputs: &[KeptOutput],
        strong: &Marking<'_>,
        now: Micros,
    ) -> Result<HashSet<(ObjectId, ObjectId)>> {
        let since = now.saturating_sub(micros(self.policy.keep_outputs));
        let kept = outputs.iter().filter(|kept| kept.expired.is_none()).map(|kept| &kept.output);
        let mut newest: Vec<_> = kept.map(|output| (made(output).unwrap_or(now), output)).collect();
        newest.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
        let (mut bytes, mut expiring) = (0, HashSet::new());
        for (time, output) in newest {
            let alone = match self.policy.keep_output_bytes {
                Some(_) => strong.bytes_of(output).await?,
                None => 0,
            };
            if time >= since && self.policy.keep_output_bytes.is_none_or(|most| bytes + alone <= most) {
                bytes += alone;
            } else {
                expiring.insert((output.key, output.version));
            }
        }
        Ok(expiring)
    }

    /// Marks from outputs that are kept, and from those given up that a command at work may have taken; the answer are
    /// those that are given up now.
    async fn mark_outputs<'o>(
        &self,
        outputs: &'o [KeptOutput],
        present: &HashSet<ObjectId>,
        living: &Living,
        strong: &mut Marking<'_>,
    ) -> Result<Vec<&'o Output>> {
        let mut given_up = Vec::new();
        for KeptOutput { output, expired } in outputs {
            let expires = self.expiring.contains(&(output.key, output.version));
            let stays = match expired {
                Some(lease) => living.reaches(*lease) && present.contains(&output.entry),
                None => !expires || living.oldest.is_some(),
            };
            if stays {
                strong.output(output).await?;
            }
            if expires && expired.is_none() {
                given_up.push(output);
            }
        }
        Ok(given_up)
    }

    /// What hangs together with commits whose time has not come.
    async fn mark_weakly<'m>(
        &self,
        roots: &Roots,
        standing: &Standing,
        strong: &'m Marking<'_>,
        due: Micros,
    ) -> Result<Marking<'m>>
    where
        'a: 'm,
    {
        let since: HashMap<ObjectId, Option<Micros>> = standing.objects.iter().copied().collect();
        let mut weak = Marking::above(strong);
        for commit in roots.reflog.iter().flat_map(|row| row.old.into_iter().chain(row.new)) {
            if since.get(&commit).is_some_and(|condemned| condemned.is_none_or(|time| time > due)) {
                weak.commit(commit).await?;
            }
        }
        Ok(weak)
    }
}

fn present(standing: &Standing) -> HashSet<ObjectId> {
    standing.objects.iter().map(|(id, _)| *id).collect()
}

/// When an output was made: runs are numbered by time.
pub(super) fn made(output: &Output) -> Option<Micros> {
    let (seconds, nanoseconds) = Uuid::parse_str(&output.run).ok()?.get_timestamp()?.to_unix();
    Some(i64::try_from(seconds).ok()? * 1_000_000 + i64::from(nanoseconds / 1_000))
}
