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

use datafusion::sql::sqlparser::tokenizer::{Span, Token, TokenWithSpan, Word};

use super::Source;
use super::tokens::is_space;

/// The tokens with one space between, what is not quoted in lower case, without comments.
pub(super) fn text(source: &Source, tokens: &[TokenWithSpan]) -> String {
    words(source, tokens).into_iter().map(|word| word.text).collect::<Vec<_>>().join(" ")
}

/// The first token that another canonical text has otherwise, or lacks; the last one, if that text goes on behind it.
/// Nothing if they are equal.
pub(super) fn first_change(source: &Source, tokens: &[TokenWithSpan], before: &str) -> Option<Span> {
    let mut rest = before;
    let mut last = None;
    for word in words(source, tokens) {
        let same = rest.strip_prefix(word.text.as_str()).filter(|rest| rest.is_empty() || rest.starts_with(' '));
        let Some(behind) = same else { return Some(word.span) };
        rest = behind.strip_prefix(' ').unwrap_or(behind);
        last = Some(word.span);
    }
    last.filter(|_| !rest.is_empty())
}

/// A token as it counts, and where it stands.
#[derive(Clone)]
struct CanonicalWord {
    text: String,
    span: Span,
}

fn words(source: &Source, tokens: &[TokenWithSpan]) -> Vec<CanonicalWord> {
    let words = tokens.iter().filter(|token| !is_space(token)).map(|token| {
        let text = match &token.token {
            Token::Word(Word { value, quote_style: None, .. }) => value.to_lowercase(),
            Token::Word(word) => word.to_string(),
            _ => source.slice(token.span).to_owned(),
        };
        CanonicalWord { text, span: token.span }
    });
    in_order(words.collect())
}

/// A name without its quotes, in one case: rather one too many is taken for a mention than one too few.
fn bare(word: &str) -> String {
    word.trim_matches(['"', '`', '[', ']']).to_lowercase()
}

/// One part of a `with`: its name, and all of its words.
struct Part {
    name: String,
    words: Vec<CanonicalWord>,
}

/// The words with the parts of each `with` in order, the innermost first.
fn in_order(words: Vec<CanonicalWord>) -> Vec<CanonicalWord> {
    if words.iter().all(|word| word.text != "with") {
        return words;
    }
    let mut ordered = Vec::with_capacity(words.len());
    let mut at = 0;
    while let Some(word) = words.get(at) {
        ordered.push(word.clone());
        at += 1;
        match word.text.as_str() {
            "(" => {
                let end = closing(&words, at - 1);
                ordered.extend(in_order(words[at..end].to_vec()));
                ordered.extend(words.get(end).cloned());
                at = end + 1;
            }
            "with" => {
                if let Some((parts, commas, end)) = parts(&words, at) {
                    let mut commas = commas.into_iter();
                    for part in sorted(parts) {
                        ordered.extend(part.words);
                        ordered.extend(commas.next());
                    }
                    at = end;
                }
            }
            _ => {}
        }
    }
    ordered
}

/// The place of the parenthesis that closes the one at `open`; the end if none does.
fn closing(words: &[CanonicalWord], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate().skip(open) {
        match word.text.as_str() {
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

/// The parts of a `with`, the commas between them and where they end; nothing for a recursive one, or where `with` begins
/// something else.
fn parts(words: &[CanonicalWord], mut at: usize) -> Option<(Vec<Part>, Vec<CanonicalWord>, usize)> {
    let is = |at: usize, wanted: &str| words.get(at).is_some_and(|word| word.text == wanted);
    let (mut parts, mut commas) = (Vec::new(), Vec::new());
    loop {
        let from = at;
        let name = words.get(at).filter(|name| name.text != "recursive")?.text.clone();
        at += 1;
        if is(at, "(") {
            at = closing(words, at) + 1;
        }
        if !is(at, "as") {
            return None;
        }
        at += 1;
        while is(at, "not") || is(at, "materialized") {
            at += 1;
        }
        if !is(at, "(") {
            return None;
        }
        let end = closing(words, at);
        let mut whole = words[from..=at].to_vec();
        whole.extend(in_order(words[at + 1..end].to_vec()));
        whole.extend(words.get(end).cloned());
        parts.push(Part { name, words: whole });
        at = end + 1;
        if !is(at, ",") {
            return Some((parts, commas, at));
        }
        commas.extend(words.get(at).cloned());
        at += 1;
    }
}

/// Each part after those that it mentions, else by name. Where one mentions a later one or itself, that means something
/// else, such as a table of that name: then the order tells, and stays.
fn sorted(mut parts: Vec<Part>) -> Vec<Part> {
    let mentions = |part: &Part, name: &str| part.words[1..].iter().any(|word| bare(&word.text) == bare(name));
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
