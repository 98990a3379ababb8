//! Where a statement ends: at a `;` outside quotes and comments.

/// Complete statements without their `;`, and what follows the last one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Split<'a> {
    pub(super) complete: Vec<&'a str>,
    pub(super) rest: &'a str,
}

/// Splits a text; statements of comments and spaces alone are left out.
pub(super) fn split(text: &str) -> Split<'_> {
    let mut found = Split { complete: Vec::new(), rest: text };
    let mut begin = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with(';') {
            found.complete.push(text[begin..at].trim());
            begin = at + 1;
        }
        at += token_length(rest);
    }
    found.complete.retain(|statement| !is_blank(statement));
    found.rest = &text[begin..];
    found
}

/// Nothing but spaces and comments.
pub(super) fn is_blank(text: &str) -> bool {
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if !rest.starts_with("--") && !rest.starts_with("/*") {
            return false;
        }
        rest = rest[token_length(rest)..].trim_start();
    }
    true
}

/// The length of the quoted text or comment that begins here, or of one character. What is not closed goes to the end.
fn token_length(text: &str) -> usize {
    let until =
        |begin: &str, end: &str| text[begin.len()..].find(end).map_or(text.len(), |at| begin.len() + at + end.len());
    if text.starts_with("--") {
        return until("--", "\n");
    }
    if text.starts_with("/*") {
        return until("/*", "*/");
    }
    for quote in ["'", "\"", "`", "$$"] {
        if text.starts_with(quote) {
            // A doubled quote ends one text and begins the next, which comes to the same.
            return until(quote, quote);
        }
    }
    text.chars().next().map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_ends_a_statement_outside_quotes_and_comments() {
        let text = "select ';' as a; -- no; end\nselect \"x;y\" /* ; */ from t;\n ; select 'it''s; 1";
        let found = split(text);
        assert_eq!(found.complete, ["select ';' as a", "-- no; end\nselect \"x;y\" /* ; */ from t"]);
        assert_eq!(found.rest.trim(), "select 'it''s; 1");
    }

    #[test]
    fn comments_alone_are_no_statement() {
        assert!(is_blank(" -- a\n/* b */ "));
        assert!(!is_blank("-- a\n1"));
        assert_eq!(split("-- only this;\n;").complete, Vec::<&str>::new());
    }
}
