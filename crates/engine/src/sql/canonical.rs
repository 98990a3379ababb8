//! The text that keys are made of.
//!
//! Made of tokens, not of the syntax tree: a newer parser may print a tree differently, and then every key of every
//! lake would change. Two texts with the same tokens are the same program, so nothing is lost either.
//!
//! The parts of a `with` come in an order of ours, so that theirs does not count. What is made of them is a program that
//! means the same:
//!
//! ```text
//! with b as (select 1 as x), a as (select 2 as x), c as (select * from b) …
//! with a as (select 2 as x), b as (select 1 as x), c as (select * from b) …
//! ```

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use super::Source;
use super::tokens::is_space;

/// The tokens with one space between, what is not quoted in lower case, without comments.
pub(super) fn text(source: &Source, tokens: &[TokenWithSpan]) -> String {
    let words = tokens.iter().filter(|token| !is_space(token)).map(|token| word(source, token));
    in_order(words.collect()).join(" ")
}

fn word(source: &Source, token: &TokenWithSpan) -> String {
    match &token.token {
        Token::Word(Word { value, quote_style: None, .. }) => value.to_lowercase(),
        Token::Word(word) => word.to_string(),
        _ => source.slice(token.span).to_owned(),
    }
}

/// A name without its quotes, in one case: rather one too many is taken for a mention than one too few.
fn bare(word: &str) -> String {
    word.trim_matches(['"', '`', '[', ']']).to_lowercase()
}

/// One part of a `with`: its name, and all of its words.
struct Part {
    name: String,
    words: Vec<String>,
}

/// The words with the parts of each `with` in order, the innermost first.
fn in_order(words: Vec<String>) -> Vec<String> {
    let mut ordered = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        match words[at].as_str() {
            "(" => {
                let end = closing(&words, at);
                ordered.push("(".to_owned());
                ordered.extend(in_order(words[at + 1..end].to_vec()));
                ordered.extend(words.get(end).cloned());
                at = end + 1;
            }
            "with" => {
                ordered.push("with".to_owned());
                at += 1;
                if let Some((parts, end)) = parts(&words, at) {
                    let parts = sorted(parts).into_iter().map(|part| part.words);
                    ordered.extend(parts.collect::<Vec<_>>().join(&",".to_owned()));
                    at = end;
                }
            }
            other => {
                ordered.push(other.to_owned());
                at += 1;
            }
        }
    }
    ordered
}

/// The place of the parenthesis that closes the one at `open`; the end if none does.
fn closing(words: &[String], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate().skip(open) {
        match word.as_str() {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    words.len()
}

/// The parts of a `with` and where they end; nothing for a recursive one, or where `with` begins something else.
fn parts(words: &[String], mut at: usize) -> Option<(Vec<Part>, usize)> {
    let mut parts = Vec::new();
    loop {
        let from = at;
        let name = words.get(at).filter(|name| name.as_str() != "recursive")?.clone();
        at += 1;
        if words.get(at)? == "(" {
            at = closing(words, at) + 1;
        }
        if words.get(at)? != "as" {
            return None;
        }
        at += 1;
        at += words[at..].iter().take(2).take_while(|word| ["not", "materialized"].contains(&word.as_str())).count();
        if words.get(at)? != "(" {
            return None;
        }
        let end = closing(words, at);
        let mut whole = words[from..=at].to_vec();
        whole.extend(in_order(words.get(at + 1..end)?.to_vec()));
        whole.extend(words.get(end).cloned());
        parts.push(Part { name, words: whole });
        at = end + 1;
        if words.get(at).is_none_or(|word| word != ",") {
            return Some((parts, at));
        }
        at += 1;
    }
}

/// Each part after those that it mentions, else by name. Where one mentions a later one or itself, that means something
/// else, such as a table of that name: then the order tells, and stays.
fn sorted(mut parts: Vec<Part>) -> Vec<Part> {
    let mentions = |part: &Part, name: &str| part.words[1..].iter().any(|word| bare(word) == bare(name));
    let tells = (0..parts.len()).any(|at| parts[at..].iter().any(|later| mentions(&parts[at], &later.name)));
    if tells {
        return parts;
    }
    let mut ordered: Vec<Part> = Vec::with_capacity(parts.len());
    while !parts.is_empty() {
        let is_ready = |part: &&Part| parts.iter().all(|other| !mentions(part, &other.name));
        let next = parts.iter().filter(is_ready).map(|part| part.name.clone()).min();
        // One is always ready: the first of what is left mentions none of the others.
        let place = parts.iter().position(|part| Some(&part.name) == next.as_ref()).unwrap_or_default();
        ordered.push(parts.remove(place));
    }
    ordered
}
