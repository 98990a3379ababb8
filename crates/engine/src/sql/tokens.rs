//! From text to tokens: statements are separated at `;`, and `t@ref` becomes one quoted name.
//!
//! The tokenizer ends a name at `-`, `/`, `:` and `.`, which branches and times are full of; so whatever follows a
//! name with `@` without a space, up to a comma or parenthesis, is joined to it.

use bywash_core::Result;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer, Word};

use super::{DIALECT, Source, syntax_error};

/// The tokens of one statement, without its `;`.
pub(super) struct Piece {
    pub(super) tokens: Vec<TokenWithSpan>,
}

impl Piece {
    /// The first token that is not space.
    pub(super) fn span(&self) -> Span {
        self.tokens.iter().find(|token| !is_space(token)).map_or_else(Span::empty, |token| token.span)
    }

    /// Where the last token ends: the place of what is missing there.
    pub(super) fn end(&self) -> Location {
        self.tokens.iter().rev().find(|token| !is_space(token)).map_or_else(Location::empty, |token| token.span.end)
    }
}

/// Splits a text into statements; empty ones are left out.
pub(super) fn split(source: &Source) -> Result<Vec<Piece>> {
    let tokens = Tokenizer::new(&DIALECT, source.text())
        .tokenize_with_location()
        .map_err(|error| syntax_error::explain_token(source, &error))?;
    let mut pieces = vec![Vec::new()];
    for token in join_refs(source, tokens) {
        match (&token.token, pieces.last_mut()) {
            (Token::EOF, _) => {}
            (Token::SemiColon, _) | (_, None) => pieces.push(Vec::new()),
            (_, Some(piece)) => piece.push(token),
        }
    }
    Ok(pieces.into_iter().filter(|tokens| !tokens.iter().all(is_space)).map(|tokens| Piece { tokens }).collect())
}

/// The strings of a statement and where they stand: the parser keeps no span for a file's name.
pub(super) fn strings(tokens: &[TokenWithSpan]) -> Vec<(String, Span)> {
    tokens
        .iter()
        .filter_map(|token| match &token.token {
            Token::SingleQuotedString(text) => Some((text.clone(), token.span)),
            _ => None,
        })
        .collect()
}

pub(super) fn is_space(token: &TokenWithSpan) -> bool {
    matches!(token.token, Token::Whitespace(_))
}

/// The keyword that a token can be.
pub(super) fn keyword(token: &Token) -> Keyword {
    match token {
        Token::Word(word) => word.keyword,
        _ => Keyword::NoKeyword,
    }
}

/// A name in double quotes, as a token.
pub(super) fn quoted(value: String, span: Span) -> TokenWithSpan {
    TokenWithSpan::new(Token::Word(Word { value, quote_style: Some('"'), keyword: Keyword::NoKeyword }), span)
}

fn join_refs(source: &Source, tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut joined = Vec::with_capacity(tokens.len());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        if !begins_ref(&token) {
            joined.push(token);
            continue;
        }
        let mut span = token.span;
        while let Some(next) = tokens.next_if(|next| next.span.start == span.end && continues_ref(next)) {
            span.end = next.span.end;
        }
        let (table, at) = source.slice(span).split_once('@').unwrap_or_default();
        joined.push(quoted(format!("{}@{at}", table.to_lowercase()), span));
    }
    joined
}

fn begins_ref(token: &TokenWithSpan) -> bool {
    match &token.token {
        Token::Word(Word { value, quote_style: None, .. }) => value.find('@').is_some_and(|at| at > 0),
        _ => false,
    }
}

fn continues_ref(token: &TokenWithSpan) -> bool {
    !matches!(
        token.token,
        Token::Whitespace(_) | Token::Comma | Token::LParen | Token::RParen | Token::SemiColon | Token::EOF
    )
}
