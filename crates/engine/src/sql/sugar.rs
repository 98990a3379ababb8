//! What people write and the planner does not know.
//!
//! ```text
//! summarize raw.flights            →  from raw.flights            (and the kind says summarize)
//! select a, sum(b) … group by all  →  select a, sum(b) … group by 1
//! ```

use std::collections::HashSet;
use std::sync::LazyLock;

use bywash_core::{Code, Error, Result};
use datafusion::functions_aggregate::all_default_aggregate_functions;
use datafusion::sql::sqlparser::ast::{
    Expr, GroupByExpr, Query, Select, SelectFlavor, SelectItem, SetExpr, Spanned, Statement, Value, Visitor, VisitorMut,
};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::Source;
use super::names::folded;
use super::tokens::is_space;
use super::walk::{GO_ON, STOP, Step, walk, walk_mut};

/// The names of every function that makes one value of many rows.
static AGGREGATES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let functions = all_default_aggregate_functions();
    functions
        .iter()
        .flat_map(|function| std::iter::once(function.name().to_owned()).chain(function.aliases().iter().cloned()))
        .collect()
});

/// Whether an expression is a call that makes one value of many rows.
pub(crate) fn is_aggregate(expression: &Expr) -> bool {
    let Expr::Function(function) = expression else { return false };
    let name = function.name.0.last().and_then(|part| part.as_ident()).map(folded);
    function.over.is_none() && name.is_some_and(|name| AGGREGATES.contains(&name))
}

/// Takes a leading `summarize` away, and says whether it stood there.
pub(super) fn summarize_prefix(mut tokens: Vec<TokenWithSpan>) -> (Vec<TokenWithSpan>, bool) {
    let Some(first) = tokens.iter().position(|token| !is_space(token)) else { return (tokens, false) };
    let is_summarize = matches!(&tokens[first].token, Token::Word(word)
        if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("summarize"));
    if !is_summarize {
        return (tokens, false);
    }
    let next = tokens.iter().skip(first + 1).find(|token| !is_space(token));
    let is_query = next.is_some_and(|token| match &token.token {
        Token::LParen => true,
        Token::Word(word) => {
            matches!(word.keyword, Keyword::SELECT | Keyword::WITH | Keyword::FROM | Keyword::VALUES)
        }
        _ => false,
    });
    if is_query {
        tokens.remove(first);
    } else {
        tokens[first].token = Token::make_keyword("FROM");
    }
    (tokens, true)
}

/// Rewrites every query of a statement.
pub(super) fn rewrite(source: &Source, statement: &mut Statement) -> Result<()> {
    let mut rewriter = Rewriter { source, failed: None };
    walk_mut(statement, &mut rewriter);
    rewriter.failed.map_or(Ok(()), Err)
}

struct Rewriter<'a> {
    source: &'a Source,
    failed: Option<Error>,
}

impl VisitorMut for Rewriter<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> Step {
        self.failed = self.rewrite_body(&mut query.body).err();
        if self.failed.is_some() { STOP } else { GO_ON }
    }
}

impl Rewriter<'_> {
    fn rewrite_body(&self, body: &mut SetExpr) -> Result<()> {
        match body {
            SetExpr::Select(select) => self.rewrite_select(select),
            SetExpr::SetOperation { left, right, .. } => {
                self.rewrite_body(left)?;
                self.rewrite_body(right)
            }
            _ => Ok(()),
        }
    }

    fn rewrite_select(&self, select: &mut Select) -> Result<()> {
        if select.projection.is_empty() {
            return Err(Error::new(Code::InvalidSql, "nothing stands between `select` and `from`")
                .at(self.source.place(select.select_token.0.span()))
                .hint("name columns, or write `*` for all of them"));
        }
        select.flavor = SelectFlavor::Standard;
        if let GroupByExpr::All(modifiers) = &select.group_by {
            let positions = self.positions_to_group(&select.projection)?;
            select.group_by = GroupByExpr::Expressions(positions, modifiers.clone());
        }
        Ok(())
    }

    fn positions_to_group(&self, projection: &[SelectItem]) -> Result<Vec<Expr>> {
        let mut positions = Vec::new();
        for (at, item) in projection.iter().enumerate() {
            match item {
                SelectItem::UnnamedExpr(expression) | SelectItem::ExprWithAlias { expr: expression, .. } => {
                    if !holds_many_rows(expression) {
                        positions.push(Expr::value(Value::Number((at + 1).to_string(), false)));
                    }
                }
                _ => {
                    return Err(Error::new(Code::InvalidSql, "`group by all` cannot stand with `*`")
                        .at(self.source.place(item.span()))
                        .hint("name the columns to group by"));
                }
            }
        }
        Ok(positions)
    }
}

/// Whether an aggregate or a window function stands anywhere in an expression.
fn holds_many_rows(expression: &Expr) -> bool {
    struct Finder(bool);
    impl Visitor for Finder {
        type Break = ();

        fn pre_visit_expr(&mut self, expression: &Expr) -> Step {
            let is_window = matches!(expression, Expr::Function(function) if function.over.is_some());
            self.0 = is_window || is_aggregate(expression);
            if self.0 { STOP } else { GO_ON }
        }
    }
    let mut finder = Finder(false);
    walk(expression, &mut finder);
    finder.0
}
