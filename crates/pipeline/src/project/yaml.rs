//! YAML text to a [`Node`] tree, by an event parser.
//!
//! Reading events instead of deserialising keeps the place of every key, and lets one pass report every problem of
//! a file. Anchors, aliases and merge keys (`<<`) work; what aliases may expand to is bounded.

use std::collections::HashMap;

use bywash_core::{Code, Error, Result};
use granit_parser::{Event, Parser, ScalarStyle, ScanError};

use super::document::{Document, Span};
use super::tree::{Key, Node, Value};

/// How many nodes a file may hold once its aliases are expanded.
const MOST_NODES: usize = 1_000_000;

/// Reads one YAML document; `None` for an empty one.
///
/// `text` is what is parsed; it has the lines and columns of `document`, of which it may be a part.
///
/// # Errors
/// Broken YAML, a key that is written twice or is no text, more than one document.
pub fn parse(document: &Document, text: &str, code: Code) -> Result<Option<Node>> {
    let mut builder = Builder { document, code, open: Vec::new(), anchors: HashMap::new(), nodes: 0, root: None };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| builder.broken(&error))?;
        builder.take(event, covered(span))?;
    }
    Ok(builder.root)
}

fn covered(span: granit_parser::Span) -> Span {
    let same_line = span.start.line() == span.end.line();
    let length = if same_line { span.end.col().saturating_sub(span.start.col()).max(1) } else { 1 };
    Span { line: span.start.line().max(1), column: span.start.col() + 1, length }
}

/// A collection that has begun and not ended.
enum Open {
    List { items: Vec<Node>, span: Span, anchor: usize },
    Map { entries: Vec<(Key, Node)>, key: Option<Key>, span: Span, anchor: usize },
}

struct Builder<'a> {
    document: &'a Document,
    code: Code,
    open: Vec<Open>,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    root: Option<Node>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<()> {
        match event {
            Event::Scalar(text, style, anchor, _tag) => {
                let quoted = style != ScalarStyle::Plain;
                self.add(Node::scalar(text, quoted, span), anchor, 1)
            }
            Event::SequenceStart(_, anchor, _tag) => self.begin(Open::List { items: Vec::new(), span, anchor }),
            Event::MappingStart(_, anchor, _tag) => {
                self.begin(Open::Map { entries: Vec::new(), key: None, span, anchor })
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some((node, size)) => {
                    let (node, size) = (node.clone(), *size);
                    self.add(Node { span, ..node }, 0, size)
                }
                None => Err(self.error(span, "an alias that stands inside its own anchor")),
            },
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(self.error(span, "a second document in one file").hint("write one document, without `---` in it"))
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, collection: Open) -> Result<()> {
        if let Some(Open::Map { key: None, span, .. }) = self.open.last() {
            return Err(self.error(*span, "a key that is no text"));
        }
        self.open.push(collection);
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        let (value, span, anchor) = match self.open.pop() {
            Some(Open::List { items, span, anchor }) => (Value::List(items), span, anchor),
            Some(Open::Map { entries, span, anchor, .. }) => (Value::Map(self.merged(entries)?), span, anchor),
            None => return Err(Error::bug("a YAML collection ended that had not begun")),
        };
        let span = match &value {
            Value::Map(entries) => entries.first().map_or(span, |(key, _)| key.span),
            _ => span,
        };
        let size = if anchor == 0 { 1 } else { size_of(&value) };
        self.add(Node { value, span }, anchor, size)
    }

    /// Puts a finished node where it belongs: as a key, under a key, into a list, or at the root.
    fn add(&mut self, node: Node, anchor: usize, size: usize) -> Result<()> {
        self.nodes = self.nodes.saturating_add(size);
        if self.nodes > MOST_NODES {
            return Err(self.error(node.span, format!("more than {MOST_NODES} values in one file")));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.open.last_mut() {
            None => self.root = Some(node).filter(|node| !node.is_null()),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, key: key @ Some(_), .. }) => entries.extend(key.take().map(|key| (key, node))),
            Some(Open::Map { entries, key, .. }) => {
                let Value::Scalar(scalar) = node.value else {
                    return Err(self.error(node.span, "a key that is no text"));
                };
                if let Some((first, _)) = entries.iter().find(|(known, _)| known.value == scalar.text) {
                    let first = self.document.place(first.span).labelled("first here");
                    return Err(self.error(node.span, format!("the key `{}` stands twice", scalar.text)).at(first));
                }
                *key = Some(Key { value: scalar.text, span: node.span });
            }
        }
        Ok(())
    }

    /// Takes in the mappings under `<<`: a key written here wins.
    fn merged(&self, mut entries: Vec<(Key, Node)>) -> Result<Vec<(Key, Node)>> {
        let Some(at) = entries.iter().position(|(key, _)| key.value == "<<") else { return Ok(entries) };
        let (key, node) = entries.remove(at);
        let mappings = match node.value {
            Value::List(items) => items,
            value => vec![Node { value, span: node.span }],
        };
        for mapping in mappings {
            let Value::Map(more) = mapping.value else {
                return Err(self.error(key.span, "`<<` needs a mapping"));
            };
            for (key, node) in more {
                if entries.iter().all(|(known, _)| known.value != key.value) {
                    entries.push((key, node));
                }
            }
        }
        Ok(entries)
    }

    fn error(&self, span: Span, message: impl Into<String>) -> Error {
        Error::new(self.code, message).at(self.document.place(span))
    }

    fn broken(&self, error: &ScanError) -> Error {
        let marker = error.marker();
        let span = Span { line: marker.line().max(1), column: marker.col() + 1, length: 1 };
        self.error(span, format!("broken YAML: {}", error.info())).maybe_hint(self.advice(span.line).map(str::to_owned))
    }

    /// The usual mistakes, seen in the line where the parser stopped.
    fn advice(&self, line: usize) -> Option<&'static str> {
        let line = self.document.text().lines().nth(line - 1)?;
        let value = line.split_once(": ").map_or("", |(_, value)| value.trim());
        if line.contains('\t') {
            Some("indent with spaces: YAML does not allow tabs")
        } else if value.contains(": ") && !value.starts_with(['"', '\'']) {
            Some("put the text in quotes: it holds `: `")
        } else if value.contains("{{") || value.starts_with(['@', '`', '%', '*', '&']) {
            Some("put the text in quotes: it begins with a sign that means something to YAML")
        } else {
            None
        }
    }
}

fn size_of(value: &Value) -> usize {
    match value {
        Value::Scalar(_) => 1,
        Value::List(items) => 1 + items.iter().map(|node| size_of(&node.value)).sum::<usize>(),
        Value::Map(entries) => 1 + entries.iter().map(|(_, node)| size_of(&node.value)).sum::<usize>(),
    }
}
