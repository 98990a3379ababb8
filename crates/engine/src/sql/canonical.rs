//! The text that keys are made of.
//!
//! Made of tokens, not of the syntax tree: a newer parser may print a tree differently, and then every key of every
//! lake would change. Two texts with the same tokens are the same program, so nothing is lost either.

use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use super::Source;
use super::tokens::is_space;

/// The tokens with one space between, what is not quoted in lower case, without comments.
pub(super) fn text(source: &Source, tokens: &[TokenWithSpan]) -> String {
    let mut text = String::new();
    for token in tokens.iter().filter(|token| !is_space(token)) {
        if !text.is_empty() {
            text.push(' ');
        }
        match &token.token {
            Token::Word(Word { value, quote_style: None, .. }) => text.push_str(&value.to_lowercase()),
            Token::Word(word) => text.push_str(&word.to_string()),
            _ => text.push_str(source.slice(token.span)),
        }
    }
    text
}
