//! `docs/reference/cli.md`, made from the definitions of the command line. A test says when the page is stale.

use std::fmt::Write;

use clap::builder::Command as Definition;
use clap::{Arg, CommandFactory};

use crate::arguments::Arguments;

const HEAD: &str = "# Command line\n\n\
    This page is made from the program: `UPDATE=1 cargo nextest run --release -p bywash reference` writes it.\n";

/// The whole page.
#[must_use]
pub fn command_line() -> String {
    let mut definition = Arguments::command();
    definition.build();
    let mut page = HEAD.to_owned();
    // Writing to a string cannot fail.
    let _ = write_everywhere(&mut page, &definition);
    for command in definition.get_subcommands().filter(|command| command.get_name() != "help") {
        let _ = write_command(&mut page, command);
    }
    page
}

fn write_everywhere(page: &mut String, definition: &Definition) -> std::fmt::Result {
    writeln!(page, "\n## Everywhere\n\nFlags may stand before or behind the verb.\n")?;
    for argument in definition.get_arguments().filter(|argument| argument.is_global_set()) {
        write_argument(page, argument)?;
    }
    writeln!(page, "\nExit codes: 0 for success, 1 for failure, 2 for wrong usage.")
}

fn write_command(page: &mut String, command: &Definition) -> std::fmt::Result {
    let below: Vec<_> = command.get_subcommands().filter(|below| below.get_name() != "help").collect();
    if !below.is_empty() {
        return below.into_iter().try_for_each(|below| write_command(page, below));
    }
    let path = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    writeln!(page, "\n## {path}\n\n{about}.")?;
    let aliases: Vec<_> = command.get_visible_aliases().map(|alias| format!("`bywash {alias}`")).collect();
    if !aliases.is_empty() {
        writeln!(page, "Also: {}.", aliases.join(", "))?;
    }
    writeln!(page, "\n```\n{path}{}\n```\n", usage(command))?;
    for argument in command.get_arguments().filter(|argument| is_own(argument)) {
        write_argument(page, argument)?;
    }
    if let Some(examples) = command.get_after_help().map(ToString::to_string) {
        let lines: Vec<_> = examples.lines().skip(1).map(str::trim_start).collect();
        writeln!(page, "\n```console\n{}\n```", lines.join("\n"))?;
    }
    Ok(())
}

fn is_own(argument: &Arg) -> bool {
    !argument.is_global_set() && !argument.is_hide_set() && argument.get_id() != "help"
}

/// The places of the arguments without flags; flags are listed below the usage.
fn usage(command: &Definition) -> String {
    let mut text = String::new();
    if command.get_arguments().any(|argument| is_own(argument) && !argument.is_positional()) {
        text.push_str(" [FLAGS]");
    }
    for argument in command.get_positionals() {
        let name = value_name(argument);
        let many = if argument.get_num_args().is_some_and(|range| range.max_values() > 1) { "..." } else { "" };
        text.push_str(&if argument.is_required_set() { format!(" {name}{many}") } else { format!(" [{name}]{many}") });
    }
    text
}

fn write_argument(page: &mut String, argument: &Arg) -> std::fmt::Result {
    let mut names: Vec<String> = argument.get_short().map(|short| format!("-{short}")).into_iter().collect();
    names.extend(argument.get_long().map(|long| format!("--{long}")));
    let takes = argument.get_action().takes_values();
    let shown = match (names.is_empty(), takes) {
        (true, _) => value_name(argument),
        (false, true) => format!("{} {}", names.join(", "), value_name(argument)),
        (false, false) => names.join(", "),
    };
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    writeln!(page, "- `{shown}`: {help}")?;
    let values = if takes { argument.get_possible_values() } else { Vec::new() };
    for value in values.iter().filter(|value| !value.is_hide_set()) {
        let help = value.get_help().map(|help| format!(": {help}")).unwrap_or_default();
        writeln!(page, "  - `{}`{help}", value.get_name())?;
    }
    let defaults = argument.get_default_values();
    if takes && !defaults.is_empty() {
        let defaults: Vec<_> = defaults.iter().map(|value| format!("`{}`", value.to_string_lossy())).collect();
        writeln!(page, "  - default: {}", defaults.join(", "))?;
    }
    Ok(())
}

fn value_name(argument: &Arg) -> String {
    let names = argument.get_value_names().unwrap_or_default();
    names.first().map_or_else(|| argument.get_id().as_str().to_uppercase(), ToString::to_string)
}
