//! `from t where …` without `select`: the tokens `select *` are put before a `from` that begins a query.
//!
//! The parser knows `from t` alone but nothing after it. A query begins at the start of a statement or parenthesis,
//! after `union` and its like, after the definitions of a `with`, after `insert into t` and after `create … as`; so
//! `extract(year from x)` and `delete from t` are left as they are, and so is `from t select …`.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Span, Token, TokenWithSpan};

use super::tokens::{is_space, keyword};

/// How far a statement or parenthesis has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reached {
    /// A query may begin.
    Start,
    /// `with`: definitions, then a query.
    With,
    /// `insert into t`, then a query.
    Insert,
    /// `create table t … as`, then a query.
    Create,
    /// A query has begun, or this is none.
    Inside,
}

/// Puts `select *` where it was left out.
pub(super) fn complete(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut completed = Vec::with_capacity(tokens.len() + 8);
    let mut levels = vec![Reached::Start];
    let mut before = Token::EOF;
    for (at, token) in tokens.iter().enumerate() {
        if is_space(token) {
            completed.push(token.clone());
            continue;
        }
        match &token.token {
            Token::LParen => levels.push(Reached::Start),
            Token::RParen if levels.len() > 1 => {
                levels.pop();
            }
            _ => {
                if let Some(level) = levels.last_mut() {
                    let was = *level;
                    *level = next(was, &token.token);
                    if begins_query(was, &before, &token.token) && !has_select(&tokens[at + 1..]) {
                        completed.extend(select_all(token.span));
                    }
                }
            }
        }
        before = token.token.clone();
        completed.push(token.clone());
    }
    completed
}

fn begins_query(reached: Reached, before: &Token, token: &Token) -> bool {
    keyword(token) == Keyword::FROM
        && match reached {
            Reached::Start | Reached::Insert => true,
            Reached::With => *before == Token::RParen,
            Reached::Create => keyword(before) == Keyword::AS,
            Reached::Inside => false,
        }
}

fn next(reached: Reached, token: &Token) -> Reached {
    match (reached, keyword(token)) {
        (_, Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::MINUS) => Reached::Start,
        (Reached::Start, Keyword::WITH) => Reached::With,
        (Reached::Start | Reached::With, Keyword::INSERT) => Reached::Insert,
        (Reached::Start, Keyword::CREATE) => Reached::Create,
        (
            Reached::Start,
            Keyword::EXPLAIN
            | Keyword::ANALYZE
            | Keyword::VERBOSE
            | Keyword::ALL
            | Keyword::DISTINCT
            | Keyword::BY
            | Keyword::NAME,
        ) => Reached::Start,
        (Reached::With | Reached::Insert, Keyword::FROM | Keyword::SELECT | Keyword::VALUES | Keyword::DELETE) => {
            Reached::Inside
        }
        (Reached::Create, Keyword::FROM | Keyword::SELECT) => Reached::Inside,
        (Reached::Start, _) => Reached::Inside,
        (reached, _) => reached,
    }
}

/// Whether a `select` follows in the same query.
fn has_select(rest: &[TokenWithSpan]) -> bool {
    let mut depth = 0_usize;
    for token in rest {
        match &token.token {
            Token::LParen => depth += 1,
            Token::RParen if depth == 0 => return false,
            Token::RParen => depth -= 1,
            token if depth == 0 => match keyword(token) {
                Keyword::SELECT => return true,
                Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::MINUS => return false,
                _ => {}
            },
            _ => {}
        }
    }
    false
}

fn select_all(span: Span) -> [TokenWithSpan; 2] {
    let here = Span::new(span.start, span.start);
    [TokenWithSpan::new(Token::make_keyword("SELECT"), here), TokenWithSpan::new(Token::Mul, here)]
}
