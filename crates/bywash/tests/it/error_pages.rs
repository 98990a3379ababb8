//! The pages of error codes: one for each code, of one shape, and naming only verbs and flags that exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use bywash_cli::arguments::Arguments;
use bywash_cli::embedded::{error_page, error_page_names};
use bywash_core::Code;
use clap::{Command, CommandFactory};

#[test]
fn codes_and_pages_are_the_same_set() {
    let codes: BTreeSet<String> = Code::ALL.iter().map(|code| format!("{code}.md")).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    let pages: BTreeSet<String> = fs::read_dir(folder)
        .expect("the pages")
        .map(|entry| entry.expect("a page").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(codes, pages);
    assert_eq!(error_page_names().into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), pages);
}

#[test]
fn every_page_says_what_why_and_what_to_do() {
    for code in Code::ALL {
        let page = error_page(*code).unwrap_or_default();
        assert!(page.starts_with(&format!("# {code}\n\n")), "{code}: the title");
        for part in ["\n```\n", &format!("error[{code}]: "), "\n## Why\n", "\n## What to do\n"] {
            assert!(page.contains(part), "{code} lacks {part:?}");
        }
        let summary = page.lines().nth(2).unwrap_or_default();
        assert!(summary.ends_with('.') && summary.len() < 110, "{code}: the summary is one short line: {summary}");
        let longest = page.lines().filter(|line| !line.starts_with("hint:")).map(|line| line.chars().count()).max();
        assert!(longest <= Some(120), "{code}: a line has {longest:?} letters");
    }
}

#[test]
fn commands_on_pages_exist() {
    let mut definition = Arguments::command();
    definition.build();
    let mut seen = 0;
    for code in Code::ALL {
        for command in commands(error_page(*code).unwrap_or_default()) {
            seen += 1;
            if let Err(problem) = exists(&command, &definition) {
                panic!("docs/errors/{code}.md: `{command}`: {problem}");
            }
        }
    }
    assert!(seen > 100, "only {seen} commands were found: the search is broken");
}

#[test]
fn the_search_for_commands_finds_what_is_wrong() {
    let mut definition = Arguments::command();
    definition.build();
    for wrong in
        ["bywash rum", "bywash run --nope", "bywash branch make x", "bywash query -z", "bywash explain --ref x"]
    {
        assert!(exists(wrong, &definition).is_err(), "{wrong}");
    }
    let found = commands("`a` then `bywash run -s x`, or `X=1 bywash ls`\n```\nhint: see them: bywash log\n```\n");
    assert_eq!(found, ["bywash run -s x", "bywash ls", "bywash log"]);
}

/// Everything that begins with `bywash ` inside backticks, or in a block and to the end of its line.
fn commands(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_block = false;
    for line in page.lines() {
        if line.starts_with("```") {
            in_block = !in_block;
        }
        let pieces: Vec<&str> = line.split('`').collect();
        for (index, piece) in pieces.iter().enumerate() {
            let quoted = index % 2 == 1;
            if (quoted || in_block)
                && let Some(at) = piece.find("bywash ")
            {
                found.push(piece.split_at(at).1.trim().to_owned());
            }
        }
    }
    found
}

/// Walks the words through the definitions; words of SQL and values are skipped.
fn exists(text: &str, definition: &Command) -> Result<(), String> {
    let mut command = definition;
    let mut words = words(text).into_iter().skip(1);
    while let Some(word) = words.next() {
        if word == "&&" {
            return Ok(());
        }
        if let Some(flag) = word.strip_prefix("--").filter(|flag| !flag.is_empty()) {
            let known = command.get_arguments().find(|argument| argument.get_long() == Some(flag));
            let known = known.ok_or(format!("no flag --{flag}"))?;
            if known.get_action().takes_values() {
                words.next();
            }
        } else if let Some(flag) = word.strip_prefix('-').filter(|flag| !flag.is_empty()) {
            let known = command
                .get_arguments()
                .find(|argument| argument.get_short().map(String::from).as_deref() == Some(flag));
            let known = known.ok_or(format!("no flag -{flag}"))?;
            if known.get_action().takes_values() {
                words.next();
            }
        } else if command.has_subcommands() {
            command = command.find_subcommand(&word).ok_or(format!("no verb {word}"))?;
        } else if command.get_positionals().next().is_none() {
            return Err(format!("no argument {word}"));
        }
    }
    Ok(())
}

/// The words as a shell divides them.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for letter in text.chars() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, ' ') => words.push(String::new()),
            (_, letter) => words.last_mut().expect("one word").push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
