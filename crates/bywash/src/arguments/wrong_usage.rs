//! The parser's complaints in the words and the shape of all other errors.

use std::ffi::OsString;

use bywash_core::{Code, Error, suggestion};
use clap::builder::Command as Definition;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::parse::{every_command, find_flag};

/// One `wrong-usage` error out of what the parser found in `words`.
pub(super) fn explain(error: &clap::Error, words: &[OsString], definition: &Definition) -> Error {
    let (verb, command) = verb_of(words, definition);
    let argument = text(error, ContextKind::InvalidArg);
    let value = text(error, ContextKind::InvalidValue);
    let wrong = |message: String| Error::new(Code::WrongUsage, message);
    let found = match error.kind() {
        ErrorKind::UnknownArgument if argument.starts_with('-') => unknown_flag(&argument, &verb, command, definition),
        ErrorKind::UnknownArgument => wrong(format!("`{verb}` does not expect `{argument}`")),
        ErrorKind::InvalidSubcommand => unknown_verb(&text(error, ContextKind::InvalidSubcommand), &verb, command),
        ErrorKind::InvalidValue => invalid_value(error, &argument, &value),
        ErrorKind::ValueValidation => {
            let reason = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
            wrong(format!("`{value}` does not fit `{argument}`{reason}"))
        }
        ErrorKind::MissingRequiredArgument => wrong(format!("`{verb}` needs {}", quoted(&argument))),
        ErrorKind::MissingSubcommand => wrong(format!("`{verb}` needs a verb behind it")),
        ErrorKind::ArgumentConflict => {
            let prior = text(error, ContextKind::PriorArg);
            wrong(format!("`{argument}` does not go together with {}", quoted(&prior)))
        }
        ErrorKind::InvalidUtf8 => wrong("an argument is not valid UTF-8".to_owned()),
        _ => wrong(first_line(error)),
    };
    found.hint(format!("`{verb} --help` shows what it takes"))
}

fn unknown_flag(flag: &str, verb: &str, command: &Definition, definition: &Definition) -> Error {
    let error = Error::new(Code::WrongUsage, format!("`{verb}` has no flag `{flag}`"));
    let own: Vec<String> = command.get_arguments().filter_map(|known| known.get_long()).map(long).collect();
    if let Some(hint) = suggestion(flag, own.iter().map(String::as_str)) {
        return error.hint(hint);
    }
    let everywhere = every_command(definition);
    let owners: Vec<String> = everywhere
        .iter()
        .filter(|command| find_flag(std::iter::once(**command), flag).is_some())
        .map(|command| format!("`{}`", path_of(command)))
        .collect();
    if owners.is_empty() { error } else { error.hint(format!("it is a flag of {}", owners.join(", "))) }
}

fn unknown_verb(typed: &str, verb: &str, command: &Definition) -> Error {
    let known: Vec<&str> = command
        .get_subcommands()
        .flat_map(|known| std::iter::once(known.get_name()).chain(known.get_all_aliases()))
        .collect();
    Error::new(Code::WrongUsage, format!("`{verb}` has no verb `{typed}`")).maybe_hint(suggestion(typed, known))
}

fn invalid_value(error: &clap::Error, argument: &str, value: &str) -> Error {
    let valid: Vec<String> = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(values)) => values.clone(),
        _ => Vec::new(),
    };
    let message = if value.is_empty() {
        format!("`{argument}` needs a value")
    } else {
        format!("`{value}` does not fit `{argument}`")
    };
    let found = Error::new(Code::WrongUsage, message).maybe_hint(suggestion(value, valid.iter().map(String::as_str)));
    if valid.is_empty() { found } else { found.hint(format!("it takes {}", valid.join(", "))) }
}

/// The verb that the words name, as it is typed, and its definition.
fn verb_of<'a>(words: &[OsString], definition: &'a Definition) -> (String, &'a Definition) {
    let mut command = definition;
    for word in words.iter().skip(1).filter_map(|word| word.to_str()) {
        match command.find_subcommand(word) {
            Some(below) => command = below,
            None if command.has_subcommands() => {}
            None => break,
        }
    }
    (path_of(command), command)
}

/// `bywash branch create`: [`Definition::build`] keeps the whole path as the name of the program.
fn path_of(command: &Definition) -> String {
    command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn long(name: &str) -> String {
    format!("--{name}")
}

/// What the parser says in this place of its complaint; several things joined by `, `.
fn text(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn quoted(list: &str) -> String {
    list.split(", ").map(|item| format!("`{item}`")).collect::<Vec<_>>().join(" and ")
}

fn first_line(error: &clap::Error) -> String {
    let rendered = error.render().to_string();
    let line = rendered.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}
