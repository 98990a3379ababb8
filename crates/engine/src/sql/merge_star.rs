//! `merge into … update set *` and `insert *`: every column takes the value of the source's column of its name.
//!
//! The parser knows neither. `insert *` becomes `insert row`, which means the same; `update set *` becomes an
//! assignment to [`EVERY_COLUMN`], which no table has.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Span, Token, TokenWithSpan};

use super::tokens::{is_space, keyword, quoted};

/// What `*` assigns to.
pub(super) const EVERY_COLUMN: &str = "bywash.*";

/// Writes the two forms so that the parser knows them.
pub(super) fn complete(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    if tokens.iter().find(|token| !is_space(token)).is_none_or(|first| keyword(&first.token) != Keyword::MERGE) {
        return tokens;
    }
    let mut completed = Vec::with_capacity(tokens.len() + 8);
    let mut before = [Keyword::NoKeyword; 2];
    for token in tokens {
        match (before, &token.token) {
            ([Keyword::THEN, Keyword::INSERT], Token::Mul) => completed.push(word("row", token.span)),
            ([Keyword::UPDATE, Keyword::SET], Token::Mul) => completed.extend([
                quoted(EVERY_COLUMN.to_owned(), token.span),
                TokenWithSpan::new(Token::Eq, token.span),
                word("null", token.span),
            ]),
            _ => completed.push(token.clone()),
        }
        if !is_space(&token) {
            before = [before[1], keyword(&token.token)];
        }
    }
    completed
}

fn word(text: &str, span: Span) -> TokenWithSpan {
    TokenWithSpan::new(Token::make_keyword(text), span)
}
