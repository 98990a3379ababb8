//! Which nodes a method and its value mean.

use std::collections::BTreeSet;

use bywash_core::{Code, Error, Result, suggestion};
use globset::{GlobBuilder, GlobMatcher};

use super::grammar::{Method, Term};
use crate::graph::Graph;
use crate::graph::node::{Body, Node, NodeId};

/// Finds nodes.
pub(super) struct Matcher<'a> {
    pub(super) graph: &'a Graph,
    pub(super) is_modified: &'a dyn Fn(&Node) -> bool,
}

impl Matcher<'_> {
    /// The nodes of a term, without what its signs add.
    ///
    /// # Errors
    /// None.
    pub(super) fn find(&self, term: &Term) -> Result<BTreeSet<NodeId>> {
        let found = match &term.method {
            Method::Name(name) => self.named(name)?,
            Method::Tag(tag) => self.all(|node| node.tags().contains(tag)),
            Method::Path(path) => self.at_path(path)?,
            Method::Source(source) => self.of_source(source)?,
            Method::Modified => self.all(self.is_modified),
        };
        if found.is_empty() { Err(self.nothing(term)) } else { Ok(found) }
    }

    fn all(&self, fits: impl Fn(&Node) -> bool) -> BTreeSet<NodeId> {
        self.graph.nodes().iter().filter(|node| fits(node)).map(|node| node.id).collect()
    }

    /// A full name means one node. A bare one means models and seeds; where there are none, resources; then tests.
    fn named(&self, name: &str) -> Result<BTreeSet<NodeId>> {
        let matcher = wildcard(name, false)?;
        let fits = |node: &Node| {
            let text = if name.contains('.') { node.name.to_string() } else { node.name.name().to_owned() };
            matcher.is_match(text.to_lowercase())
        };
        if name.contains('.') {
            return Ok(self.all(fits));
        }
        let ranks: [fn(&Node) -> bool; 3] = [
            |node| matches!(node.body, Body::Model(_) | Body::Seed(_)),
            |node| matches!(node.body, Body::Resource(_)),
            Node::is_test,
        ];
        let ranked = ranks.iter().map(|in_rank| self.all(|node| in_rank(node) && fits(node)));
        Ok(ranked.into_iter().find(|found| !found.is_empty()).unwrap_or_default())
    }

    /// A file, a folder with all below it, or a pattern.
    fn at_path(&self, path: &str) -> Result<BTreeSet<NodeId>> {
        let path = path.trim_start_matches("./").trim_end_matches('/');
        let matcher = wildcard(path, true)?;
        Ok(self.all(|node| node.path().starts_with(path) || matcher.is_match(node.path())))
    }

    fn of_source(&self, source: &str) -> Result<BTreeSet<NodeId>> {
        let matcher = wildcard(source, false)?;
        Ok(self.all(|node| {
            let text = if source.contains('.') { node.name.to_string() } else { node.name.namespace().to_owned() };
            matches!(node.body, Body::Resource(_)) && matcher.is_match(text.to_lowercase())
        }))
    }

    fn nothing(&self, term: &Term) -> Error {
        let nodes = || self.graph.nodes().iter().filter(|node| !node.is_test());
        let (message, hint) = match &term.method {
            Method::Name(name) => (format!("no node is named `{name}`"), self.nearest_name(name)),
            Method::Tag(tag) => {
                let tags: BTreeSet<&str> = nodes().flat_map(Node::tags).map(String::as_str).collect();
                (format!("no node has the tag `{tag}`"), nearest(tag, &tags))
            }
            Method::Path(path) => {
                let paths: BTreeSet<&str> = nodes().filter_map(|node| node.path().to_str()).collect();
                (format!("no node is written in `{path}`"), nearest(path, &paths))
            }
            Method::Source(source) => {
                let resources = || nodes().filter(|node| matches!(node.body, Body::Resource(_)));
                let full: Vec<String> = resources().map(|node| node.name.to_string()).collect();
                let mut known: BTreeSet<&str> = resources().map(|node| node.name.namespace()).collect();
                known.extend(full.iter().map(String::as_str));
                (format!("no source is named `{source}`"), nearest(source, &known))
            }
            Method::Modified => ("no node was modified".to_owned(), None),
        };
        let message = if term.text.contains(['+', '@']) { format!("{message} (in `{}`)", term.text) } else { message };
        Error::new(Code::NothingSelected, message)
            .hint(hint.unwrap_or_else(|| "`bywash ls` lists every node".to_owned()))
    }

    fn nearest_name(&self, name: &str) -> Option<String> {
        let nodes = self.graph.nodes();
        if nodes.iter().any(|node| node.name.namespace() == name) {
            return Some(format!("`{name}` is a namespace: write `{name}.*` for all in it"));
        }
        let full: Vec<String> = nodes.iter().map(|node| node.name.to_string()).collect();
        if name.contains('.') {
            return suggestion(name, full.iter().map(String::as_str));
        }
        suggestion(name, nodes.iter().filter(|node| !node.is_test()).map(|node| node.name.name()))
    }
}

fn nearest(wanted: &str, known: &BTreeSet<&str>) -> Option<String> {
    suggestion(wanted, known.iter().copied()).or_else(|| match known.len() {
        0 => None,
        1..=5 => Some(format!("there is {}", crate::project::listed(known.iter().copied()))),
        _ => None,
    })
}

fn wildcard(pattern: &str, in_paths: bool) -> Result<GlobMatcher> {
    let folded = if in_paths { pattern.to_owned() } else { pattern.to_lowercase() };
    let glob = GlobBuilder::new(&folded).literal_separator(in_paths).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| {
        Error::new(Code::WrongUsage, format!("`{pattern}` is not a pattern: {}", error.kind()))
            .hint("`*` stands for any letters, `?` for one")
    })
}
