//! Rule R3: Python as it is compared for keys, from the syntax tree.
//!
//! Comments, blank lines, indentation, brackets that only group, commas and the style of quotes are left out; how
//! expressions lie in one another is written with brackets.

use tree_sitter::Node;

use super::model::DECORATOR;
use super::strings;
use super::tree::{File, Function, children, is_formatting};
use super::{DECORATORS, Reader};

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
    /// Our decorators of the function are left out: their values count as settings.
    pub(super) fn canonical(&self, function: &Function<'_>) -> String {
        let file = &self.file;
        let mut text = String::new();
        for statement in file.statements() {
            if statement == function.whole {
                self.foreign_decorators(function.whole).into_iter().for_each(|it| add(file, it, &mut text));
                add(file, function.definition, &mut text);
            } else if !self.is_unused_model(statement) {
                add(file, statement, &mut text);
            }
        }
        text
    }

    /// The decorators of others, which change what the function does.
    fn foreign_decorators<'n>(&self, statement: Node<'n>) -> Vec<Node<'n>> {
        let is_foreign = |decorator: &Node<'_>| {
            let expression = decorator.named_child(0).map(|inner| self.file.expression(inner));
            let name = expression.and_then(|expression| self.names.decorator(&expression));
            name.is_none_or(|name| !DECORATORS.contains(&name.as_str()))
        };
        children(statement).into_iter().filter(|child| child.kind() == "decorator").filter(is_foreign).collect()
    }

    fn is_unused_model(&self, statement: Node<'_>) -> bool {
        let Some(other) = self.file.function(statement) else { return false };
        let is_model = other.decorators.iter().any(|it| self.names.decorator(it).as_deref() == Some(DECORATOR));
        let uses = self.file.everything().into_iter().filter(|node| node.kind() == "identifier");
        is_model && uses.filter(|node| self.file.of(*node) == other.name).count() == 1
    }
}
