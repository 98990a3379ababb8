//! `alter table`: what becomes of columns and of the layout.
//!
//! A grammar of its own: columns may be parts of others (`address.zip`), and partitions and order are changed in the
//! words that `create table` makes them with. Forms that other engines have and that cannot be done are refused by name.

use bywash_core::{Code, Error, Place, Result};
use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{AlterTable, Statement};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan};

use super::names::folded;
use super::tokens::is_space;
use super::{DIALECT, Source, syntax_error};

/// One thing that an `alter table` does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alteration {
    /// Adds a column, or a part to one.
    Add {
        /// Its name behind those of the columns that it is a part of.
        path: Vec<String>,
        /// Its type, as SQL.
        kind: String,
        /// Whether a column of that name is no error.
        if_not_exists: bool,
        /// Where it stands; at the end unless told.
        position: Option<Position>,
    },
    /// Drops a column.
    Drop {
        /// Which.
        path: Vec<String>,
        /// Whether a missing one is no error.
        if_exists: bool,
    },
    /// Gives a column another name.
    Rename {
        /// Which.
        path: Vec<String>,
        /// The name.
        to: String,
    },
    /// Gives a column a wider type.
    Retype {
        /// Which.
        path: Vec<String>,
        /// The type, as SQL.
        kind: String,
    },
    /// Lets a column hold nulls.
    DropNotNull {
        /// Which.
        path: Vec<String>,
    },
    /// Puts a column elsewhere.
    Move {
        /// Which.
        path: Vec<String>,
        /// Where to.
        position: Position,
    },
    /// Cuts new files so; not at all, if there is no term.
    PartitionBy(Vec<String>),
    /// Sorts new files so; not at all, if there is no column.
    ClusterBy(Vec<String>),
}

/// Where a column stands among its siblings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// Before all others.
    First,
    /// Behind this one.
    After(String),
}

/// An `alter table`, read.
pub(super) struct Alter {
    /// What the rest of the front asks for its target.
    pub(super) statement: Statement,
    /// What it does, each with its place.
    pub(super) alterations: Vec<(Alteration, Place)>,
}

/// Reads a statement that begins with `alter table`; `None` for any other.
pub(super) fn parse(source: &Source, tokens: &[TokenWithSpan], end: Location) -> Result<Option<Alter>> {
    let mut words = tokens.iter().filter(|token| !is_space(token));
    let is = |token: Option<&TokenWithSpan>, wanted: Keyword| matches!(token.map(|token| &token.token), Some(Token::Word(word)) if word.keyword == wanted);
    if !(is(words.next(), Keyword::ALTER) && is(words.next(), Keyword::TABLE)) {
        return Ok(None);
    }
    let parser = Parser::new(&DIALECT).with_tokens_with_locations(tokens.to_vec());
    Grammar { source, parser, end }.statement().map(Some)
}

struct Grammar<'a> {
    source: &'a Source,
    parser: Parser<'a>,
    end: Location,
}

impl Grammar<'_> {
    fn statement(mut self) -> Result<Alter> {
        self.parser.next_token();
        self.parser.next_token();
        let if_exists = self.words(&[Keyword::IF, Keyword::EXISTS]);
        let name = self.parser.parse_object_name(false).map_err(|error| self.wrong(&error))?;
        let mut alterations = Vec::new();
        loop {
            let place = self.place();
            alterations.extend(self.alteration()?.into_iter().map(|alteration| (alteration, place.clone())));
            if !self.parser.consume_token(&Token::Comma) {
                break;
            }
        }
        if self.parser.peek_token().token != Token::EOF {
            return Err(self.expected("`,` and another change, or the end of the statement"));
        }
        let statement = Statement::AlterTable(AlterTable {
            name,
            if_exists,
            only: false,
            operations: Vec::new(),
            location: None,
            on_cluster: None,
            table_type: None,
            end_token: AttachedToken::empty(),
        });
        Ok(Alter { statement, alterations })
    }

    fn alteration(&mut self) -> Result<Vec<Alteration>> {
        if self.word(Keyword::ADD) {
            return self.add();
        }
        if self.word(Keyword::DROP) {
            return self.drop();
        }
        let one = if self.word(Keyword::RENAME) {
            self.rename()
        } else if self.word(Keyword::ALTER) || self.word(Keyword::MODIFY) || self.word(Keyword::CHANGE) {
            self.alter_column()
        } else if self.word(Keyword::RESET) {
            let terms = |_: &mut Self| Ok(Vec::new());
            self.layout(terms)
        } else {
            self.word(Keyword::SET);
            self.layout(Self::terms)
        };
        one.map(|one| vec![one])
    }

    fn add(&mut self) -> Result<Vec<Alteration>> {
        if let Some(word) = self.any(&[Keyword::CONSTRAINT, Keyword::PRIMARY, Keyword::FOREIGN, Keyword::UNIQUE]) {
            return Err(
                self.refuse(&format!("add {word}"), "test it: `data_tests` of a column know `unique` and `not_null`")
            );
        }
        let listed = self.word(Keyword::COLUMNS);
        if !listed {
            self.word(Keyword::COLUMN);
        }
        if listed || self.parser.peek_token().token == Token::LParen {
            return self.listed(|grammar| grammar.new_column(false));
        }
        let if_not_exists = self.words(&[Keyword::IF, Keyword::NOT, Keyword::EXISTS]);
        self.new_column(if_not_exists).map(|column| vec![column])
    }

    fn new_column(&mut self, if_not_exists: bool) -> Result<Alteration> {
        let place = self.place();
        let (path, kind) = (self.path()?, self.kind()?);
        if self.words(&[Keyword::NOT, Keyword::NULL]) {
            let message = "a column that is added cannot be `not null`: the rows that are there have no value for it";
            return Err(Error::new(Code::InvalidSql, message)
                .at(place)
                .hint("add the column, fill it with `update`, and test it with `not_null`"));
        }
        self.word(Keyword::NULL);
        if self.word(Keyword::DEFAULT) {
            let hint =
                format!("add the column, then `update … set {} = …` for the rows that are there", path.join("."));
            return Err(self.refuse("default", &hint));
        }
        Ok(Alteration::Add { path, kind, if_not_exists, position: self.position()? })
    }

    fn drop(&mut self) -> Result<Vec<Alteration>> {
        if self.any(&[Keyword::CONSTRAINT, Keyword::PRIMARY]).is_some() {
            return Err(self.refuse(
                "drop constraint",
                "tables have no constraints but `not null`: `alter column c drop not null`",
            ));
        }
        let listed = self.word(Keyword::COLUMNS);
        if !listed {
            self.word(Keyword::COLUMN);
        }
        if listed || self.parser.peek_token().token == Token::LParen {
            return self.listed(|grammar| Ok(Alteration::Drop { path: grammar.path()?, if_exists: false }));
        }
        let if_exists = self.words(&[Keyword::IF, Keyword::EXISTS]);
        let path = self.path()?;
        let _ = self.any(&[Keyword::CASCADE, Keyword::RESTRICT]);
        Ok(vec![Alteration::Drop { path, if_exists }])
    }

    fn rename(&mut self) -> Result<Alteration> {
        if self.word(Keyword::TO) {
            return Err(self.refuse(
                "rename to",
                "copy it under the new name, `create table ns.new as select * from ns.old`, then `drop table ns.old`",
            ));
        }
        self.word(Keyword::COLUMN);
        let path = self.path()?;
        if !self.word(Keyword::TO) {
            return Err(self.expected("`to` and the new name"));
        }
        Ok(Alteration::Rename { path, to: self.name()? })
    }

    fn alter_column(&mut self) -> Result<Alteration> {
        self.word(Keyword::COLUMN);
        let path = self.path()?;
        if let Some(position) = self.position()? {
            return Ok(Alteration::Move { path, position });
        }
        if self.words(&[Keyword::DROP, Keyword::NOT, Keyword::NULL]) {
            return Ok(Alteration::DropNotNull { path });
        }
        if self.words(&[Keyword::SET, Keyword::NOT, Keyword::NULL]) {
            return Err(self.refuse("set not null", "test it: `data_tests` of a column know `not_null`"));
        }
        if self.words(&[Keyword::SET, Keyword::DEFAULT]) || self.words(&[Keyword::DROP, Keyword::DEFAULT]) {
            return Err(self.refuse("default", "write the value with each `insert`"));
        }
        let _ = self.words(&[Keyword::SET, Keyword::DATA]);
        self.word(Keyword::TYPE);
        let kind = self.kind()?;
        if self.word(Keyword::USING) {
            return Err(self.refuse(
                "using",
                "add a column of the new type, fill it with `update`, drop the old one and rename the new one",
            ));
        }
        Ok(Alteration::Retype { path, kind })
    }

    /// `partitioned by` and `clustered by`, and the words that others have for them.
    fn layout(&mut self, terms: impl Fn(&mut Self) -> Result<Vec<String>>) -> Result<Alteration> {
        let partitions = [Keyword::PARTITIONED, Keyword::PARTITION];
        let clusters = [Keyword::CLUSTERED, Keyword::CLUSTER, Keyword::SORTED, Keyword::SORT, Keyword::ORDER];
        if self.any(&partitions).is_some() && self.word(Keyword::BY) {
            return Ok(Alteration::PartitionBy(terms(self)?));
        }
        if self.any(&clusters).is_some() && self.word(Keyword::BY) {
            return Ok(Alteration::ClusterBy(terms(self)?));
        }
        Err(self.expected("`add`, `drop`, `rename`, `alter column`, `set partitioned by` or `set clustered by`"))
    }

    fn terms(&mut self) -> Result<Vec<String>> {
        let bare = !self.parser.consume_token(&Token::LParen);
        if !bare && self.parser.consume_token(&Token::RParen) {
            return Ok(Vec::new());
        }
        let mut terms = Vec::new();
        loop {
            let term = self.parser.parse_expr().map_err(|error| self.wrong(&error))?;
            terms.push(term.to_string());
            if bare || !self.parser.consume_token(&Token::Comma) {
                break;
            }
        }
        if !bare && !self.parser.consume_token(&Token::RParen) {
            return Err(self.expected("`)`"));
        }
        Ok(terms)
    }

    fn listed(&mut self, item: impl Fn(&mut Self) -> Result<Alteration>) -> Result<Vec<Alteration>> {
        if !self.parser.consume_token(&Token::LParen) {
            return Err(self.expected("`(`"));
        }
        let mut items = vec![item(self)?];
        while self.parser.consume_token(&Token::Comma) {
            items.push(item(self)?);
        }
        if self.parser.consume_token(&Token::RParen) { Ok(items) } else { Err(self.expected("`,` or `)`")) }
    }

    fn position(&mut self) -> Result<Option<Position>> {
        if self.word(Keyword::FIRST) {
            return Ok(Some(Position::First));
        }
        if self.word(Keyword::AFTER) {
            return self.name().map(|name| Some(Position::After(name)));
        }
        Ok(None)
    }

    fn path(&mut self) -> Result<Vec<String>> {
        let mut path = vec![self.name()?];
        while self.parser.consume_token(&Token::Period) {
            path.push(self.name()?);
        }
        Ok(path)
    }

    fn name(&mut self) -> Result<String> {
        match self.parser.peek_token().token {
            Token::Word(_) => {
                self.parser.parse_identifier().map(|name| folded(&name)).map_err(|error| self.wrong(&error))
            }
            _ => Err(self.expected("the name of a column")),
        }
    }

    fn kind(&mut self) -> Result<String> {
        self.parser.parse_data_type().map(|kind| kind.to_string()).map_err(|error| self.wrong(&error))
    }

    fn word(&mut self, word: Keyword) -> bool {
        self.parser.parse_keyword(word)
    }

    fn words(&mut self, words: &[Keyword]) -> bool {
        self.parser.parse_keywords(words)
    }

    /// The one of these words that comes next, in lower case.
    fn any(&mut self, words: &[Keyword]) -> Option<String> {
        self.parser.parse_one_of_keywords(words).map(|word| format!("{word:?}").to_lowercase())
    }

    fn place(&self) -> Place {
        let token = self.parser.peek_token();
        self.source.place(if token.token == Token::EOF { Span::new(self.end, self.end) } else { token.span })
    }

    fn wrong(&self, error: &ParserError) -> Error {
        syntax_error::explain(self.source, error, self.end)
    }

    fn expected(&self, what: &str) -> Error {
        let found = self.parser.peek_token();
        let found = if found.token == Token::EOF {
            "the statement ends".to_owned()
        } else {
            format!("`{}` stands", found.token)
        };
        Error::new(Code::InvalidSql, format!("{what} should follow here, but {found} there")).at(self.place())
    }

    fn refuse(&self, what: &str, hint: &str) -> Error {
        Error::new(Code::NotYetSupported, format!("`alter table … {what}` is not supported"))
            .at(self.place())
            .hint(hint)
    }
}
