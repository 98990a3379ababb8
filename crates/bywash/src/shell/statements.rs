//! Where a statement ends: at a `;` outside quotes and comments.

/// Complete statements without their `;`, and what follows the last one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Split<'a> {
    pub(super) complete: Vec<&'a str>,
    pub(super) rest: &'a str,
}

/// Splits a text; statements of comments and spaces alone are left out.
pub(super) fn split(text: &str) -> Split<'_> {
    let mut complete = Vec::new();
    // `from` begins at the statement, `rest` at the next token; `length` of the statement lies between them.
    let (mut from, mut rest, mut length) = (text, text, 0);
    while !rest.is_empty() {
        let (token, behind) = rest.split_at(token_length(rest));
        if token == ";" {
            complete.push(from.split_at(length).0.trim());
            (from, length) = (behind, 0);
        } else {
            length += token.len();
        }
        rest = behind;
    }
    complete.retain(|statement| !is_blank(statement));
    Split { complete, rest: from }
}

/// Nothing but spaces and comments.
pub(super) fn is_blank(text: &str) -> bool {
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if !rest.starts_with("--") && !rest.starts_with("/*") {
            return false;
        }
        rest = rest.split_at(token_length(rest)).1.trim_start();
    }
    true
}

/// The length of the quoted text or comment that begins here, or of one character. What is not closed goes to the end.
fn token_length(text: &str) -> usize {
    // A doubled quote ends one text and begins the next, which comes to the same.
    for (begin, end) in [("--", "\n"), ("/*", "*/"), ("'", "'"), ("\"", "\""), ("`", "`"), ("$$", "$$")] {
        if let Some(inside) = text.strip_prefix(begin) {
            return inside.find(end).map_or(text.len(), |at| begin.len() + at + end.len());
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
