//! From text to functions, imports and expressions: the only file that sees the parser.
//!
//! Expressions are told apart only as far as a project is read from them; the rest is [`Value::Other`], which would have
//! to be run to be known.

use std::ops::Range;

use bywash_core::{Error, Result};
use tree_sitter::{Node, Parser, Tree};

use super::constant::Constant;
use super::strings;

/// A file that was read: its tree and its text.
pub(crate) struct File<'t> {
    tree: Tree,
    text: &'t str,
}

/// What is wrong with a text, and where.
pub(crate) struct Wrong {
    pub(crate) message: String,
    pub(crate) span: Range<usize>,
}

/// An expression and where it stands, in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    pub(crate) span: Range<usize>,
    pub(crate) value: Value,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A plain value.
    Constant(Constant),
    /// `name` or `name.attribute…`, by its parts.
    Dotted(Vec<String>),
    /// A call of something that has a name.
    Call(Box<Call>),
    /// `[…]` or `(…, …)`.
    List(Vec<Expression>),
    /// `{…}`; a `**` in it has no key.
    Dict(Vec<(Option<Expression>, Expression)>),
    /// `a[…]`
    Subscript(Vec<String>, Vec<Expression>),
    /// Anything else.
    Other,
}

/// A call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// What is called, by the parts of its name.
    pub(crate) function: Vec<String>,
    pub(crate) arguments: Vec<Expression>,
    pub(crate) keywords: Vec<Keyword>,
    /// The brackets.
    pub(crate) brackets: Range<usize>,
}

/// A keyword argument; a `**` has no name.
#[derive(Clone, Debug)]
pub(crate) struct Keyword {
    pub(crate) name: Option<String>,
    pub(crate) name_span: Range<usize>,
    pub(crate) value: Expression,
    pub(crate) span: Range<usize>,
}

/// A function with its decorators.
pub(crate) struct Function<'t> {
    pub(crate) name: String,
    pub(crate) name_span: Range<usize>,
    pub(crate) is_async: bool,
    pub(crate) decorators: Vec<Expression>,
    pub(crate) parameters: Vec<Parameter>,
    /// The first line of its documentation.
    pub(crate) documentation: Option<String>,
    /// The function without its decorators, and with them.
    pub(crate) definition: Node<'t>,
    pub(crate) whole: Node<'t>,
}

/// One parameter of a signature.
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) kind: ParameterKind,
    pub(crate) annotation: Option<Expression>,
    pub(crate) default: Option<Expression>,
    pub(crate) span: Range<usize>,
}

/// How a parameter is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParameterKind {
    ByName,
    /// It stands before the `/`.
    ByPosition,
    /// `*args` or `**kwargs`
    Rest,
}

/// One name that an import gives.
pub(crate) struct Import {
    /// The name.
    pub(crate) name: String,
    /// Dots before the module.
    pub(crate) level: usize,
    /// The module.
    pub(crate) module: Vec<String>,
    /// What is taken from the module, in a `from … import`.
    pub(crate) member: Option<String>,
}

impl<'t> File<'t> {
    /// Reads a text.
    ///
    /// # Errors
    /// The parser cannot be set up.
    pub(crate) fn parse(text: &'t str) -> Result<Self> {
        let failed = |reason: String| Error::bug("the parser for Python cannot be set up").caused_by(reason);
        let mut parser = Parser::new();
        let language = tree_sitter_python::LANGUAGE.into();
        parser.set_language(&language).map_err(|error| failed(error.to_string()))?;
        let tree = parser.parse(text, None).ok_or_else(|| failed("it gave no tree".to_owned()))?;
        Ok(Self { tree, text })
    }

    /// The first thing that is no Python.
    pub(crate) fn wrong(&self) -> Option<Wrong> {
        if !self.root().has_error() {
            return None;
        }
        let first = self.everything().into_iter().find(|node| node.is_error() || node.is_missing());
        let node = first.unwrap_or_else(|| self.root());
        if node.is_missing() {
            let at = node.start_byte();
            return Some(Wrong { message: format!("`{}` is missing", node.kind()), span: at..at });
        }
        let text = self.of(node).lines().next().unwrap_or_default().trim();
        let text: String = text.chars().take(40).collect();
        Some(Wrong { message: format!("this cannot stand here: `{text}`"), span: node.byte_range() })
    }

    pub(crate) fn root(&self) -> Node<'_> {
        self.tree.root_node()
    }

    /// The statements of the file.
    pub(crate) fn statements(&self) -> Vec<Node<'_>> {
        children(self.root())
    }

    /// Every node, those above before those below.
    pub(crate) fn everything(&self) -> Vec<Node<'_>> {
        let mut found = Vec::new();
        let mut waiting = vec![self.root()];
        while let Some(node) = waiting.pop() {
            found.push(node);
            let mut cursor = node.walk();
            let below: Vec<_> = node.children(&mut cursor).collect();
            waiting.extend(below.into_iter().rev());
        }
        found
    }

    /// The text of a node.
    pub(crate) fn of(&self, node: Node<'_>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// The text before a node.
    pub(crate) fn before(&self, node: Node<'_>) -> &'t str {
        self.text.get(..node.start_byte()).unwrap_or_default()
    }

    /// The function of a statement, if it is one.
    pub(crate) fn function<'a>(&'a self, statement: Node<'a>) -> Option<Function<'a>> {
        let (definition, decorators) = match statement.kind() {
            "function_definition" => (statement, Vec::new()),
            "decorated_definition" => {
                let decorators = children(statement).into_iter().filter(|child| child.kind() == "decorator");
                let expressions = decorators.filter_map(|it| Some(self.expression(it.named_child(0)?)));
                let expressions = expressions.collect();
                let definition = statement.child_by_field_name("definition")?;
                (Some(definition).filter(|it| it.kind() == "function_definition")?, expressions)
            }
            _ => return None,
        };
        let name = definition.child_by_field_name("name")?;
        let parameters = definition.child_by_field_name("parameters")?;
        let documentation = definition.child_by_field_name("body").and_then(|body| self.documentation(body));
        Some(Function {
            name: self.of(name).to_owned(),
            name_span: name.byte_range(),
            is_async: definition.child(0).is_some_and(|first| first.kind() == "async"),
            decorators,
            parameters: self.parameters(parameters),
            documentation,
            definition,
            whole: statement,
        })
    }

    fn documentation(&self, body: Node<'_>) -> Option<String> {
        let first = children(body).into_iter().next().filter(|it| it.kind() == "expression_statement")?;
        match self.expression(first.named_child(0)?).value {
            Value::Constant(Constant::Text(text)) => {
                text.trim().lines().next().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
            }
            _ => None,
        }
    }

    fn parameters(&self, list: Node<'_>) -> Vec<Parameter> {
        let mut found: Vec<Parameter> = Vec::new();
        for node in children(list) {
            let (name, kind) = match node.kind() {
                "positional_separator" => {
                    found.iter_mut().for_each(|parameter| parameter.kind = ParameterKind::ByPosition);
                    continue;
                }
                "identifier" => (Some(node), ParameterKind::ByName),
                "default_parameter" | "typed_default_parameter" => {
                    (node.child_by_field_name("name"), ParameterKind::ByName)
                }
                "typed_parameter" => match node.named_child(0) {
                    Some(name) if name.kind() == "identifier" => (Some(name), ParameterKind::ByName),
                    other => (other, ParameterKind::Rest),
                },
                "list_splat_pattern" | "dictionary_splat_pattern" => (Some(node), ParameterKind::Rest),
                _ => continue,
            };
            let Some(name) = name else { continue };
            found.push(Parameter {
                name: self.of(name).to_owned(),
                kind,
                annotation: node.child_by_field_name("type").map(|annotation| self.expression(annotation)),
                default: node.child_by_field_name("value").map(|value| self.expression(value)),
                span: node.byte_range(),
            });
        }
        found
    }

    /// The names that a statement imports; none if it is no import.
    pub(crate) fn imports(&self, statement: Node<'_>) -> Vec<Import> {
        let mut cursor = statement.walk();
        let names: Vec<_> = statement.children_by_field_name("name", &mut cursor).collect();
        let named = names.into_iter().map(|node| match node.kind() {
            "aliased_import" => {
                let part = |field| node.child_by_field_name(field).map(|part| self.of(part)).unwrap_or_default();
                (self.parts(part("name")), Some(part("alias").to_owned()))
            }
            _ => (self.parts(self.of(node)), None),
        });
        match statement.kind() {
            "import_statement" => {
                let import = |(module, alias): (Vec<String>, Option<String>)| {
                    // `import a.b` gives the name `a`.
                    let name = alias.or_else(|| module.first().cloned()).unwrap_or_default();
                    Import { name, level: 0, module, member: None }
                };
                named.map(import).collect()
            }
            "import_from_statement" => {
                let from = statement.child_by_field_name("module_name").map(|it| self.of(it)).unwrap_or_default();
                let level = from.chars().take_while(|letter| *letter == '.').count();
                let module = self.parts(from.trim_start_matches('.'));
                let mut found: Vec<Import> = named
                    .map(|(member, alias)| {
                        let member = member.concat();
                        let name = alias.unwrap_or_else(|| member.clone());
                        Import { name, level, module: module.clone(), member: Some(member) }
                    })
                    .collect();
                if found.is_empty() {
                    found.push(Import { name: "*".to_owned(), level, module, member: None });
                }
                found
            }
            _ => Vec::new(),
        }
    }

    fn parts(&self, dotted: &str) -> Vec<String> {
        dotted.split('.').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
    }

    /// The expression that a whole text is, if it is one.
    pub(crate) fn only_expression(&self) -> Option<Expression> {
        match self.statements().as_slice() {
            [only] if only.kind() == "expression_statement" && !self.root().has_error() => {
                Some(self.expression(only.named_child(0)?))
            }
            _ => None,
        }
    }

    pub(crate) fn expression(&self, node: Node<'_>) -> Expression {
        if matches!(node.kind(), "parenthesized_expression" | "type")
            && let Some(inner) = children(node).into_iter().next()
        {
            return self.expression(inner);
        }
        Expression { span: node.byte_range(), value: self.value(node).unwrap_or(Value::Other) }
    }

    fn value(&self, node: Node<'_>) -> Option<Value> {
        let all = |node: Node<'_>| children(node).into_iter().map(|child| self.expression(child)).collect::<Vec<_>>();
        Some(match node.kind() {
            "none" => Value::Constant(Constant::Nothing),
            "true" => Value::Constant(Constant::Truth(true)),
            "false" => Value::Constant(Constant::Truth(false)),
            "integer" => Value::Constant(Constant::Whole(whole(self.of(node))?)),
            "float" => Value::Constant(Constant::Float(self.of(node).replace('_', "").parse().ok()?)),
            "string" => Value::Constant(Constant::Text(strings::value(self, node)?)),
            "concatenated_string" => {
                let parts = children(node).into_iter().map(|part| strings::value(self, part));
                Value::Constant(Constant::Text(parts.collect::<Option<Vec<_>>>()?.concat()))
            }
            "unary_operator" if self.of(node.child(0)?) == "-" => {
                match self.value(node.child_by_field_name("argument")?)? {
                    Value::Constant(Constant::Whole(number)) => Value::Constant(Constant::Whole(-number)),
                    Value::Constant(Constant::Float(number)) => Value::Constant(Constant::Float(-number)),
                    _ => return None,
                }
            }
            "identifier" | "attribute" | "dotted_name" => Value::Dotted(self.dotted(node)?),
            "list" | "tuple" => Value::List(all(node)),
            "dictionary" => Value::Dict(self.entries(node)),
            "call" => Value::Call(Box::new(self.call(node)?)),
            "subscript" => {
                let subscripted = node.child_by_field_name("value")?;
                let mut cursor = node.walk();
                let inside = node.children_by_field_name("subscript", &mut cursor);
                Value::Subscript(self.dotted(subscripted)?, inside.map(|part| self.expression(part)).collect())
            }
            "generic_type" => {
                let below = children(node);
                Value::Subscript(self.dotted(*below.first()?)?, below.get(1).map(|inside| all(*inside))?)
            }
            _ => return None,
        })
    }

    fn dotted(&self, node: Node<'_>) -> Option<Vec<String>> {
        match node.kind() {
            "identifier" => Some(vec![self.of(node).to_owned()]),
            "attribute" => {
                let mut parts = self.dotted(node.child_by_field_name("object")?)?;
                parts.push(self.of(node.child_by_field_name("attribute")?).to_owned());
                Some(parts)
            }
            _ => None,
        }
    }

    fn entries(&self, dict: Node<'_>) -> Vec<(Option<Expression>, Expression)> {
        let entry = |node: Node<'_>| match (node.child_by_field_name("key"), node.child_by_field_name("value")) {
            (Some(key), Some(value)) => (Some(self.expression(key)), self.expression(value)),
            _ => (None, self.expression(node)),
        };
        children(dict).into_iter().map(entry).collect()
    }

    fn call(&self, node: Node<'_>) -> Option<Call> {
        let function = self.dotted(node.child_by_field_name("function")?)?;
        let list = node.child_by_field_name("arguments")?;
        let (mut arguments, mut keywords) = (Vec::new(), Vec::new());
        for child in children(list) {
            match (child.kind(), child.child_by_field_name("name"), child.child_by_field_name("value")) {
                ("keyword_argument", Some(name), Some(value)) => keywords.push(Keyword {
                    name: Some(self.of(name).to_owned()),
                    name_span: name.byte_range(),
                    value: self.expression(value),
                    span: child.byte_range(),
                }),
                ("dictionary_splat", _, _) => keywords.push(Keyword {
                    name: None,
                    name_span: child.byte_range(),
                    value: self.expression(child),
                    span: child.byte_range(),
                }),
                _ => arguments.push(self.expression(child)),
            }
        }
        Some(Call { function, arguments, keywords, brackets: list.byte_range() })
    }
}

/// The named nodes directly below, without comments.
pub(crate) fn children<'a>(node: Node<'a>) -> Vec<Node<'a>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|child| !is_formatting(child.kind())).collect()
}

/// What stands in a text for its readers alone.
pub(crate) fn is_formatting(kind: &str) -> bool {
    matches!(kind, "comment" | "line_continuation")
}

fn whole(text: &str) -> Option<i64> {
    let folded = text.replace('_', "").to_lowercase();
    let radixes = [("0x", 16), ("0o", 8), ("0b", 2)];
    match radixes.iter().find_map(|(sign, radix)| folded.strip_prefix(sign).map(|digits| (digits, *radix))) {
        Some((digits, radix)) => i64::from_str_radix(digits, radix).ok(),
        None => folded.parse().ok(),
    }
}
