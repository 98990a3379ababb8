//! Typed reading of a [`Node`] tree that reports every problem and goes on.
//!
//! [`Fields`] reads the keys of one mapping. Asking for a key makes it known; [`Fields::finish`] reports the keys
//! that nobody asked for, each with the nearest known one. Problems are collected, so that one pass over a project
//! names them all; a value that was reported reads as absent.

use std::cell::RefCell;

use bywash_core::{Code, Error, suggestion};

use super::document::{Document, Span, Spanned};
use super::tree::{Key, Node, Scalar, Value};

/// The problems found so far.
#[derive(Default)]
pub struct Problems(RefCell<Vec<Error>>);

impl Problems {
    /// Adds one; several that travel as one are counted each.
    pub fn push(&self, error: Error) {
        self.0.borrow_mut().push(error);
    }

    /// The value, or `None` with its error kept.
    pub fn keep<T>(&self, result: bywash_core::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.borrow().len()
    }

    /// All of them.
    #[must_use]
    pub fn into_vec(self) -> Vec<Error> {
        self.0.into_inner()
    }
}

/// Problems in the order of their files and lines, as one error; `None` if there are none.
pub fn together(mut problems: Vec<Error>) -> Option<Error> {
    let first = |error: &Error| error.places().first().map(|place| (place.path.clone(), place.line, place.column));
    problems.sort_by_cached_key(first);
    Error::all(problems)
}

/// A file that is being read: where its problems stand, what code they have, and where they go.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The file.
    pub document: &'a Document,
    /// The code of its problems.
    pub code: Code,
    /// Where they go.
    pub problems: &'a Problems,
}

impl<'a> Source<'a> {
    /// An error at a place of this file.
    pub fn error(&self, span: Span, message: impl Into<String>) -> Error {
        Error::new(self.code, message).at(self.document.place(span))
    }

    /// Reports a problem.
    pub fn report(&self, span: Span, message: impl Into<String>) {
        self.problems.push(self.error(span, message));
    }

    /// The keys of a mapping; anything else is a problem. `what` names it, as in "a resource".
    pub fn fields(self, node: &'a Node, what: &'a str) -> Option<Fields<'a>> {
        match &node.value {
            Value::Map(entries) => Some(Fields { source: self, entries, span: node.span, what, known: Vec::new() }),
            _ => {
                self.report(node.span, format!("{what} is a mapping of keys to values, not {}", node.kind()));
                None
            }
        }
    }

    /// The items of a list; a single mapping or value counts as a list of one; nothing as an empty one.
    pub fn items(&self, node: &'a Node) -> &'a [Node] {
        match &node.value {
            Value::List(items) => items,
            _ if node.is_null() => &[],
            _ => std::slice::from_ref(node),
        }
    }

    /// A text; anything else is a problem.
    pub fn text(&self, node: &Node, what: &str) -> Option<Spanned<String>> {
        self.scalar(node, what).map(|scalar| Spanned { value: scalar.text.clone(), span: node.span })
    }

    /// The text of every item.
    pub fn texts(&self, node: &'a Node, what: &str) -> Vec<Spanned<String>> {
        self.items(node).iter().filter_map(|item| self.text(item, what)).collect()
    }

    fn scalar<'n>(&self, node: &'n Node, what: &str) -> Option<&'n Scalar> {
        match &node.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => {
                self.report(node.span, format!("{what} is a text, not {}", node.kind()));
                None
            }
        }
    }
}

/// The keys of one mapping, read one by one.
pub struct Fields<'a> {
    source: Source<'a>,
    entries: &'a [(Key, Node)],
    span: Span,
    what: &'a str,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The file that is being read.
    #[must_use]
    pub fn source(&self) -> Source<'a> {
        self.source
    }

    /// Where the mapping begins.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }

    /// The key and value of a name, which is known from now on; `key:` with nothing after it counts as absent.
    pub fn entry(&mut self, name: &'static str) -> Option<(&'a Key, &'a Node)> {
        if !self.known.contains(&name) {
            self.known.push(name);
        }
        let (key, node) = self.entries.iter().find(|(key, _)| key.value == name)?;
        (!node.is_null()).then_some((key, node))
    }

    /// The value of a key.
    pub fn node(&mut self, name: &'static str) -> Option<&'a Node> {
        self.entry(name).map(|(_, node)| node)
    }

    /// The value of whichever of two spellings is used; both at once is a problem.
    pub fn either(&mut self, name: &'static str, alias: &'static str) -> Option<(&'a Key, &'a Node)> {
        let (first, second) = (self.entry(name), self.entry(alias));
        if let (Some(_), Some((key, _))) = (first, second) {
            self.source.report(key.span, format!("`{alias}` and `{name}` say the same: keep one of them"));
        }
        first.or(second)
    }

    /// A text.
    pub fn text(&mut self, name: &'static str) -> Option<Spanned<String>> {
        let node = self.node(name)?;
        self.source.text(node, &format!("`{name}`"))
    }

    /// A text that must be there.
    pub fn required(&mut self, name: &'static str) -> Option<Spanned<String>> {
        if self.entry(name).is_none() {
            self.source.report(self.span, format!("{} needs `{name}`", self.what));
        }
        self.text(name)
    }

    /// A list of texts; one text counts as a list of one.
    pub fn texts(&mut self, name: &'static str) -> Option<Spanned<Vec<String>>> {
        let (key, node) = self.entry(name)?;
        let texts = self.source.texts(node, &format!("`{name}`"));
        Some(Spanned { value: texts.into_iter().map(|text| text.value).collect(), span: key.span })
    }

    /// `true` or `false`.
    pub fn truth(&mut self, name: &'static str) -> Option<bool> {
        self.parsed(name, "`true` or `false`", Scalar::as_bool)
    }

    /// A whole number that is not negative.
    pub fn number(&mut self, name: &'static str) -> Option<u64> {
        self.parsed(name, "a whole number", |scalar| scalar.text.parse().ok())
    }

    fn parsed<T>(&mut self, name: &'static str, wanted: &str, parse: impl Fn(&Scalar) -> Option<T>) -> Option<T> {
        let node = self.node(name)?;
        let scalar = self.source.scalar(node, &format!("`{name}`"))?;
        let parsed = parse(scalar);
        if parsed.is_none() {
            self.source.report(node.span, format!("`{name}` is {wanted}, not `{}`", scalar.text));
        }
        parsed
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)]) -> Option<Spanned<T>> {
        let text = self.text(name)?;
        match choose(&text.value, choices) {
            Ok(value) => Some(Spanned { value, span: text.span }),
            Err(hint) => {
                let message = format!("`{}` is not a value of `{name}`", text.value);
                self.source.problems.push(self.source.error(text.span, message).hint(hint));
                None
            }
        }
    }

    /// Says that a key is known without reading it: it belongs to somebody else's tool.
    pub fn ignore(&mut self, names: &[&'static str]) {
        self.known.extend(names);
    }

    /// Reports the keys that nobody asked for.
    pub fn finish(self) {
        for (key, _) in self.entries.iter().filter(|(key, _)| !self.known.contains(&key.value.as_str())) {
            let message = format!("`{}` is not a key of {}", key.value, self.what);
            let hint = suggestion(&key.value, self.known.iter().copied())
                .unwrap_or_else(|| format!("it knows {}", listed(self.known.iter().copied())));
            self.source.problems.push(self.source.error(key.span, message).hint(hint));
        }
    }
}

/// The value of a word, or advice.
fn choose<T: Copy>(word: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let known = || choices.iter().map(|(word, _)| *word);
    choices
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(word))
        .map(|(_, value)| *value)
        .ok_or_else(|| suggestion(word, known()).unwrap_or_else(|| format!("use {}", listed(known()))))
}

/// `a`, `b` and `c`, in backticks.
pub fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}
