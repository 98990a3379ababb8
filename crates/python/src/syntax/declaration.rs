//! Writing `columns=` into a file, for `bywash infer`: every other character of the file stays as it is.

use std::path::Path;
use std::sync::Arc;

use bywash_core::{Code, Error, Result};

use super::model::DECORATOR;
use super::names::Names;
use super::source::Source;
use super::tree::{File, Value};

/// The columns of one table and their types; the name of a function's only table is absent.
pub type NewColumns = (Option<String>, Vec<(String, String)>);

/// The file's text with these columns declared for a function. What was declared before is replaced.
///
/// # Errors
/// What is no Python, or holds no such function.
pub fn declare_columns(path: &Path, text: &Arc<str>, function: &str, outputs: &[NewColumns]) -> Result<String> {
    let file = File::parse(text)?;
    if let Some(wrong) = file.wrong() {
        return Err(Source::new(path, text).syntax_error(&wrong));
    }
    let names = Names::of(&file);
    let functions = file.statements().into_iter().filter_map(|statement| file.function(statement));
    let decorator = functions
        .filter(|found| found.name == function)
        .flat_map(|found| found.decorators)
        .find(|decorator| names.decorator(decorator).as_deref() == Some(DECORATOR));
    let Some(decorator) = decorator else {
        let message = format!("`{}` holds no model `{function}`", path.display());
        return Err(Error::new(Code::InvalidPython, message));
    };
    let columns = written(outputs, &indentation(text, decorator.span.start));
    let (replaced, inserted) = match &decorator.value {
        Value::Call(call) => {
            let opening = call.brackets.start + 1;
            match call.keywords.iter().find(|keyword| keyword.name.as_deref() == Some("columns")) {
                Some(known) => (known.span.clone(), format!("columns={columns}")),
                None if call.keywords.is_empty() => (opening..opening, format!("columns={columns}")),
                None => {
                    let gap = if text[opening..].starts_with(char::is_whitespace) { "" } else { " " };
                    (opening..opening, format!("columns={columns},{gap}"))
                }
            }
        }
        _ => (decorator.span.end..decorator.span.end, format!("(columns={columns})")),
    };
    Ok(format!("{}{inserted}{}", &text[..replaced.start], &text[replaced.end..]))
}

/// The white space before the line of a place.
fn indentation(text: &str, at: usize) -> String {
    let line = text[..at].rsplit('\n').next().unwrap_or_default();
    line.chars().take_while(|letter| letter.is_whitespace()).collect()
}

fn written(outputs: &[NewColumns], indent: &str) -> String {
    let dict = |columns: &[(String, String)], indent: &str| {
        let lines: String =
            columns.iter().map(|(name, kind)| format!("{indent}    {}: {},\n", quoted(name), quoted(kind))).collect();
        format!("{{\n{lines}{indent}}}")
    };
    match outputs {
        [(None, columns)] => dict(columns, indent),
        several => {
            let inner = format!("{indent}    ");
            let tables = several.iter().map(|(name, columns)| {
                format!("{inner}{}: {},\n", quoted(name.as_deref().unwrap_or_default()), dict(columns, &inner))
            });
            format!("{{\n{}{indent}}}", tables.collect::<String>())
        }
    }
}

/// A text as Python reads it back.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
