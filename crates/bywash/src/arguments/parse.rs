//! From the words of the shell to [`Arguments`], help, or an error in our own words.
//!
//! `bywash --ref dev run` means `bywash run --ref dev`: flags before the verb are moved behind everything else, so
//! that each verb alone decides which flags it takes.

use std::ffi::OsString;

use clap::builder::{Command as Definition, StyledStr};
use clap::error::ErrorKind;
use clap::{ArgMatches, CommandFactory, FromArgMatches};

use bywash_core::Error;

use super::{Arguments, ColorChoice, wrong_usage};

/// What the words meant.
#[derive(Debug)]
pub enum Parsed {
    /// A verb to run.
    Arguments(Box<Arguments>),
    /// The help or the version was asked for.
    Print(StyledStr),
    /// Nothing was asked for: the help goes to standard error and the exit code is 2.
    Nothing(StyledStr),
}

/// Reads the words of the shell; the first is the name of the program.
///
/// # Errors
/// Code `wrong-usage`: a verb, flag or value that does not exist, or that does not fit the rest.
pub fn parse(words: Vec<OsString>) -> Result<Parsed, Error> {
    let mut definition = Arguments::command().color(help_color(&words));
    definition.build();
    let words = flags_behind_verb(words, &definition);
    let matched: Result<ArgMatches, clap::Error> = definition.try_get_matches_from_mut(&words);
    match matched.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => Ok(Parsed::Arguments(Box::new(arguments))),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(Parsed::Print(error.render())),
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Ok(Parsed::Nothing(error.render())),
            _ => Err(wrong_usage::explain(&error, &words, &definition)),
        },
    }
}

/// The choice of `--color`, seen before anything is parsed, since help and errors of parsing have colours too.
#[must_use]
pub fn color_choice(words: &[OsString]) -> ColorChoice {
    let words: Vec<_> = words.iter().filter_map(|word| word.to_str()).collect();
    let chosen = words.iter().enumerate().find_map(|(index, word)| match word.strip_prefix("--color") {
        Some("") => words.get(index + 1).copied(),
        Some(rest) => rest.strip_prefix('='),
        None => None,
    });
    match chosen {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        _ => ColorChoice::Auto,
    }
}

/// Whether a format that programs read stands among the words: then errors are written for programs too, those of
/// parsing as well.
#[must_use]
pub fn wants_json(words: &[OsString]) -> bool {
    let for_programs = |format: &str| matches!(format, "json" | "jsonl" | "arrow");
    let words: Vec<_> = words.iter().map_while(|word| word.to_str()).take_while(|word| *word != "--").collect();
    words.windows(2).any(|pair| matches!(pair, ["-o" | "--output", format] if for_programs(format)))
        || words.iter().any(|word| {
            let joined = ["--output=", "-o=", "-o"].iter().find_map(|flag| word.strip_prefix(flag));
            joined.is_some_and(for_programs)
        })
}

fn help_color(words: &[OsString]) -> clap::ColorChoice {
    match color_choice(words) {
        ColorChoice::Auto => clap::ColorChoice::Auto,
        ColorChoice::Always => clap::ColorChoice::Always,
        ColorChoice::Never => clap::ColorChoice::Never,
    }
}

/// Moves the flags before the verb, except those of every verb, to the end (or to just before `--`).
fn flags_behind_verb(words: Vec<OsString>, definition: &Definition) -> Vec<OsString> {
    let mut before = Vec::new();
    let mut moved = Vec::new();
    let mut rest = words.into_iter();
    before.extend(rest.next());
    let mut behind = Vec::new();
    while let Some(word) = rest.next() {
        let Some(flag) = word.to_str().filter(|word| word.starts_with('-') && *word != "-" && *word != "--") else {
            behind.push(word);
            behind.extend(rest.by_ref());
            break;
        };
        let stays = find_flag(std::iter::once(definition), flag).is_some();
        let takes_value = value_follows(definition, flag);
        let destination = if stays { &mut before } else { &mut moved };
        destination.push(word);
        if takes_value {
            destination.extend(rest.next());
        }
    }
    let end = behind.iter().position(|word| word == "--").unwrap_or(behind.len());
    behind.splice(end..end, moved);
    before.extend(behind);
    before
}

/// The definition of a flag as it is typed (`-o`, `-ojson`, `--output`, `--output=json`), in these commands.
pub(super) fn find_flag<'a>(
    mut commands: impl Iterator<Item = &'a Definition>,
    typed: &str,
) -> Option<(&'a Definition, &'a clap::Arg)> {
    let long = typed.strip_prefix("--").map(|name| name.split('=').next().unwrap_or(name));
    let short = typed.strip_prefix('-').and_then(|name| name.chars().next());
    commands.find_map(|command| {
        let found = command.get_arguments().find(|argument| match long {
            Some(long) => argument.get_long() == Some(long),
            None => short.is_some() && argument.get_short() == short,
        });
        found.map(|argument| (command, argument))
    })
}

/// This command and all below it, in the order of the help.
pub(super) fn every_command(command: &Definition) -> Vec<&Definition> {
    let below = command.get_subcommands().filter(|below| below.get_name() != "help");
    std::iter::once(command).chain(below.flat_map(every_command)).collect()
}

fn value_follows(definition: &Definition, typed: &str) -> bool {
    let holds_value = if typed.starts_with("--") { typed.contains('=') } else { typed.chars().count() > 2 };
    let found = find_flag(every_command(definition).into_iter(), typed);
    !holds_value && found.is_some_and(|(_, argument)| argument.get_action().takes_values())
}
