//! One term of a selection: a method and value, and the signs around it.

use bywash_core::{Code, Error, Result, suggestion};

/// How nodes are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// A name, bare or full, with `*` and `?` as wildcards.
    Name(String),
    /// `tag:x`
    Tag(String),
    /// `path:models/x`
    Path(String),
    /// `source:raw` or `source:raw.flights`
    Source(String),
    /// `state:modified`
    Modified,
}

/// One term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// As it was written.
    pub(super) text: String,
    pub(super) method: Method,
    /// `+m`, `2+m`: how far up.
    pub(super) above: Option<usize>,
    /// `m+`, `m+2`: how far down.
    pub(super) below: Option<usize>,
    /// `@m`: what is below, and all that any of it needs.
    pub(super) with_needs: bool,
}

const METHODS: [&str; 4] = ["tag", "path", "source", "state"];

impl Term {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let wrong = |what: &str| {
            Error::new(Code::WrongUsage, format!("`{text}` is not a selection: {what}"))
                .hint("write it like `marts.delays`, `+marts.delays+`, `tag:nightly`, `path:models/marts`")
        };
        let (with_needs, rest) = match text.strip_prefix('@') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (above, rest) = match rest.split_once('+') {
            Some((digits, rest)) if digits.chars().all(|c| c.is_ascii_digit()) => (Some(depth(digits)), rest),
            _ => (None, rest),
        };
        let (below, rest) = match rest.rsplit_once('+') {
            Some((rest, digits)) if digits.chars().all(|c| c.is_ascii_digit()) => (Some(depth(digits)), rest),
            _ => (None, rest),
        };
        if rest.is_empty() {
            return Err(wrong("it names nothing"));
        }
        if rest.contains(['+', '@']) {
            return Err(wrong("`+` and `@` stand at its ends"));
        }
        if with_needs && (above.is_some() || below.is_some()) {
            return Err(wrong("`@` already means what is above and below"));
        }
        Ok(Self { text: text.to_owned(), method: Method::parse(rest)?, above, below, with_needs })
    }
}

/// No number means without end.
fn depth(digits: &str) -> usize {
    digits.parse().unwrap_or(usize::MAX)
}

impl Method {
    fn parse(text: &str) -> Result<Self> {
        let Some((method, value)) = text.split_once(':') else {
            let is_path = text.contains('/') || [".sql", ".yml", ".yaml", ".csv"].iter().any(|end| text.ends_with(end));
            return Ok(if is_path { Self::Path(text.to_owned()) } else { Self::Name(text.to_owned()) });
        };
        let value_text = value.to_owned();
        match (method, value) {
            (_, "") => Err(Error::new(Code::WrongUsage, format!("`{text}` has nothing after `:`"))),
            ("tag", _) => Ok(Self::Tag(value_text)),
            ("path", _) => Ok(Self::Path(value_text)),
            ("source", _) => Ok(Self::Source(value_text)),
            ("state", "modified") => Ok(Self::Modified),
            ("state", _) => {
                Err(Error::new(Code::WrongUsage, format!("there is no state `{value}`")).hint("write `state:modified`"))
            }
            _ => Err(Error::new(Code::WrongUsage, format!("`{method}:` selects nothing")).hint(
                suggestion(method, METHODS)
                    .unwrap_or_else(|| "there are `tag:`, `path:`, `source:` and `state:`".to_owned()),
            )),
        }
    }
}
