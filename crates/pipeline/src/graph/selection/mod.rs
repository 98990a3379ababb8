//! `-s` and `--exclude`: dbt's grammar over the graph.
//!
//! ```text
//! m   ns.m   marts.*   tag:x   path:models/x   source:raw   state:modified     what is meant
//! +m   m+   2+m+1   @m                       and what is above, below, or needed by what is below
//! a,b   "a b"   -s a -s b                    both; either; either
//! ```
//!
//! A test comes along when it reads a table that is chosen, unless it is excluded itself. A term that means nothing
//! is an error: a slip of the fingers must never look like "nothing to do".

mod grammar;
mod matching;

use std::collections::BTreeSet;

use bywash_core::{Code, Error, Result};

use super::Graph;
use super::node::{Node, NodeId};
use grammar::Term;
use matching::Matcher;

impl Graph {
    /// The chosen nodes, in the order in which they can be made; without `include`, all of them.
    ///
    /// `is_modified` answers `state:modified`.
    ///
    /// # Errors
    /// A term that is not understood or means nothing; an exclusion of everything that was chosen.
    pub fn select(
        &self,
        include: &[String],
        exclude: &[String],
        is_modified: &dyn Fn(&Node) -> bool,
    ) -> Result<Vec<NodeId>> {
        let matcher = Matcher { graph: self, is_modified };
        let mut chosen: BTreeSet<NodeId> = match include {
            [] => self.nodes.iter().map(|node| node.id).collect(),
            terms => self.with_tests(self.union(terms, &matcher)?),
        };
        let excluded = self.union(exclude, &matcher)?;
        chosen.retain(|id| !excluded.contains(id));
        if !exclude.is_empty() {
            chosen.retain(|id| !self.guards_only(*id, &excluded));
        }
        if chosen.is_empty() && !self.nodes.is_empty() {
            return Err(Error::new(Code::NothingSelected, "everything that was selected is excluded")
                .hint(format!("narrow `--exclude {}`", exclude.join(" "))));
        }
        Ok(self.order.iter().copied().filter(|id| chosen.contains(id)).collect())
    }

    /// What any of these arguments means.
    fn union(&self, arguments: &[String], matcher: &Matcher<'_>) -> Result<BTreeSet<NodeId>> {
        let mut chosen = BTreeSet::new();
        for argument in arguments {
            let mut words = argument.split_whitespace().peekable();
            if words.peek().is_none() {
                return Err(Error::new(Code::NothingSelected, "an empty selection means nothing")
                    .hint("name a node, like `-s marts.delays`, or leave the flag away"));
            }
            for word in words {
                chosen.extend(self.intersection(word, matcher)?);
            }
        }
        Ok(chosen)
    }

    /// What all terms of a word mean together.
    fn intersection(&self, word: &str, matcher: &Matcher<'_>) -> Result<BTreeSet<NodeId>> {
        let mut common: Option<BTreeSet<NodeId>> = None;
        for term in word.split(',') {
            let term = Term::parse(term)?;
            let found = self.around(&matcher.find(&term)?, &term);
            common = Some(match common {
                Some(before) => before.intersection(&found).copied().collect(),
                None => found,
            });
        }
        let common = common.unwrap_or_default();
        if common.is_empty() {
            return Err(Error::new(Code::NothingSelected, format!("no node is in every part of `{word}`"))
                .hint("a comma means both; separate with a space to mean either"));
        }
        Ok(common)
    }

    /// The nodes of a term and what its signs add.
    fn around(&self, found: &BTreeSet<NodeId>, term: &Term) -> BTreeSet<NodeId> {
        let mut chosen = found.clone();
        if term.with_needs {
            let below = self.reach(found, usize::MAX, |node| &node.children);
            chosen.extend(self.reach(&below, usize::MAX, |node| &node.parents));
            chosen.extend(below);
        }
        if let Some(depth) = term.above {
            chosen.extend(self.reach(found, depth, |node| &node.parents));
        }
        if let Some(depth) = term.below {
            chosen.extend(self.reach(found, depth, |node| &node.children));
        }
        chosen
    }

    /// Everything within so many steps, the start included; from a test no further step down.
    fn reach(&self, start: &BTreeSet<NodeId>, depth: usize, step: impl Fn(&Node) -> &[NodeId]) -> BTreeSet<NodeId> {
        let mut reached = start.clone();
        let mut edge: Vec<NodeId> = start.iter().copied().collect();
        for _ in 0..depth {
            let next = edge.iter().flat_map(|id| step(self.node(*id))).copied();
            edge = next.collect::<BTreeSet<_>>().into_iter().filter(|id| reached.insert(*id)).collect();
            if edge.is_empty() {
                break;
            }
        }
        reached
    }

    /// Adds the tests that read a chosen table.
    fn with_tests(&self, mut chosen: BTreeSet<NodeId>) -> BTreeSet<NodeId> {
        let tests = self.tests().filter(|test| test.parents.iter().any(|parent| chosen.contains(parent)));
        let tests: Vec<NodeId> = tests.map(|test| test.id).collect();
        chosen.extend(tests);
        chosen
    }

    /// Whether this is a test about nothing but excluded tables.
    fn guards_only(&self, id: NodeId, excluded: &BTreeSet<NodeId>) -> bool {
        let node = self.node(id);
        let about = node.test().and_then(|test| test.node.as_ref()).and_then(|name| self.find(name));
        about.is_some_and(|about| excluded.contains(&about.id))
    }
}
