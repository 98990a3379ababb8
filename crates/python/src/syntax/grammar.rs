//! What the parser takes for Python and Python does not: words of Python 2, lines that are indented otherwise than their
//! neighbours, and statements outside of what they belong to.
//!
//! The parser's grammar is wider than the language. These are the mistakes that people make; the rest is told by the
//! worker, which compiles the file.

use tree_sitter::Node;

use super::tree::{File, Wrong, children};

impl File<'_> {
    /// The first statement that Python would not take.
    pub(crate) fn unlike_python(&self) -> Option<Wrong> {
        self.everything().into_iter().find_map(|node| {
            let (message, node) = self.mistake(node)?;
            Some(Wrong { message, span: node.byte_range() })
        })
    }

    fn mistake<'n>(&self, node: Node<'n>) -> Option<(String, Node<'n>)> {
        let alone = |message: &str| Some((message.to_owned(), node));
        match node.kind() {
            "print_statement" => alone("`print` is a function: write `print(…)`"),
            "exec_statement" => alone("`exec` is a function: write `exec(…)`"),
            "<>" => alone("`<>` is written `!=`"),
            "return_statement" if !is_in_function(node) => alone("`return` stands in no function"),
            "break_statement" if !is_in_loop(node) => alone("`break` stands in no loop"),
            "continue_statement" if !is_in_loop(node) => alone("`continue` stands in no loop"),
            "module" => self.indented_otherwise(node, Some(0)),
            "block" if children(node).is_empty() => {
                Some(("nothing is indented below this".to_owned(), node.parent().unwrap_or(node)))
            }
            "block" => self.indented_otherwise(node, None),
            _ => None,
        }
    }

    /// The first statement that begins its line elsewhere than those before it, or than at `column`.
    fn indented_otherwise<'n>(&self, block: Node<'n>, mut column: Option<usize>) -> Option<(String, Node<'n>)> {
        for statement in children(block).into_iter().filter(|node| self.begins_line(*node)) {
            let here = statement.start_position().column;
            if *column.get_or_insert(here) != here {
                return Some(("the indentation of this line fits no block".to_owned(), statement));
            }
        }
        None
    }

    /// Whether nothing stands before a node in its line, and the line does not go on from the one above.
    fn begins_line(&self, node: Node<'_>) -> bool {
        let (above, before) = self.before(node).rsplit_once('\n').unwrap_or(("", self.before(node)));
        before.chars().all(char::is_whitespace) && !above.trim_end_matches('\r').ends_with('\\')
    }
}

/// Whether the nearest thing around with names of its own is a function.
fn is_in_function(node: Node<'_>) -> bool {
    around(node)
        .find(|above| matches!(above.kind(), "function_definition" | "class_definition" | "lambda"))
        .is_some_and(|above| above.kind() != "class_definition")
}

fn is_in_loop(node: Node<'_>) -> bool {
    let ends = ["function_definition", "class_definition", "for_statement", "while_statement"];
    around(node).find(|above| ends.contains(&above.kind())).is_some_and(|above| above.kind().ends_with("_statement"))
}

fn around(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    std::iter::successors(node.parent(), Node::parent)
}
