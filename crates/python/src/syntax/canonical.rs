//! Rule R3: Python as it is compared for keys, from the syntax tree.
//!
//! Comments, blank lines, indentation, brackets that only group, commas and the style of quotes are left out; how
//! expressions lie in one another is written with brackets.

use tree_sitter::Node;

use super::Reader;
use super::model::DECORATOR;
use super::strings;
use super::tree::{File, Function, is_formatting};

/// A whole file.
pub(super) fn file(file: &File<'_>) -> String {
    let mut text = String::new();
    file.statements().into_iter().for_each(|statement| add(file, statement, &mut text));
    text
}

fn add(file: &File<'_>, node: Node<'_>, text: &mut String) {
    let kind = node.kind();
    if is_formatting(kind) || matches!(kind, "(" | ")" | "," | ";") {
        return;
    }
    if kind == "string"
        && let Some(value) = strings::value(file, node)
    {
        text.push_str(&format!("{value:?} "));
        return;
    }
    if matches!(kind, "string_start" | "string_end") {
        text.extend(file.of(node).chars().filter(|letter| letter.is_alphabetic()));
        return;
    }
    let mut cursor = node.walk();
    let below: Vec<_> = node.children(&mut cursor).collect();
    if below.is_empty() {
        text.push_str(file.of(node));
        text.push(' ');
        return;
    }
    let groups = kind == "parenthesized_expression";
    if !groups {
        text.push_str(&format!("({kind} "));
    }
    below.into_iter().for_each(|child| add(file, child, text));
    if kind == "string_content" {
        text.push_str(&format!("{:?} ", file.of(node)));
    }
    if !groups {
        text.push_str(") ");
    }
}

impl Reader<'_> {
    /// A function with everything else in its file, but for other models that nothing in the file names.
    ///
    /// Decorators of the function are left out: their values count as settings.
    pub(super) fn canonical(&self, function: &Function<'_>) -> String {
        let file = &self.file;
        let mut text = String::new();
        for statement in file.statements() {
            if statement == function.whole {
                add(file, function.definition, &mut text);
            } else if !self.is_unused_model(statement) {
                add(file, statement, &mut text);
            }
        }
        text
    }

    fn is_unused_model(&self, statement: Node<'_>) -> bool {
        let Some(other) = self.file.function(statement) else { return false };
        let is_model = other.decorators.iter().any(|it| self.names.decorator(it).as_deref() == Some(DECORATOR));
        let uses = self.file.everything().into_iter().filter(|node| node.kind() == "identifier");
        is_model && uses.filter(|node| self.file.of(*node) == other.name).count() == 1
    }
}
