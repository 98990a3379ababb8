//! The keyword arguments of a decorator or of `bw.table`, read one by one; what nobody asked for is an error.

use bywash_core::{Error, suggestion};

use super::Reader;
use super::constant::{Constant, Read};
use super::tree::{Call, Expression, Keyword, Value};

/// The keyword arguments of one call.
pub(super) struct Keywords<'a> {
    reader: &'a Reader<'a>,
    keywords: &'a [Keyword],
    what: &'static str,
    known: Vec<&'static str>,
    problems: &'a mut Vec<Error>,
}

impl<'a> Keywords<'a> {
    /// Those of a call of `what`, as in `bw.model`.
    pub(super) fn new(
        reader: &'a Reader<'a>,
        call: &'a Call,
        what: &'static str,
        problems: &'a mut Vec<Error>,
    ) -> Self {
        Self { reader, keywords: &call.keywords, what, known: Vec::new(), problems }
    }

    /// The value of a keyword; `None` written out counts as absent.
    pub(super) fn take(&mut self, name: &'static str) -> Option<&'a Expression> {
        self.known.push(name);
        let is_named = |keyword: &&Keyword| keyword.name.as_deref() == Some(name);
        let value = &self.keywords.iter().find(is_named)?.value;
        (!matches!(value.value, Value::Constant(Constant::Nothing))).then_some(value)
    }

    /// What a keyword's value is read to; a problem is kept and the value absent.
    pub(super) fn read<T>(&mut self, name: &'static str, read: impl FnOnce(&'a Expression) -> Read<T>) -> Option<T> {
        let value = self.take(name)?;
        self.keep(read(value))
    }

    /// The value, or nothing with its problem kept.
    pub(super) fn keep<T>(&mut self, read: Read<T>) -> Option<T> {
        read.map_err(|error| self.problems.push(*error)).ok()
    }

    /// Reports what nobody asked for.
    pub(super) fn finish(self) {
        for keyword in self.keywords {
            let Some(name) = &keyword.name else {
                let message = format!("`**` in `{}`: a project is read without running Python", self.what);
                self.problems.push(self.reader.source.error(&keyword.span, message).hint("write each setting out"));
                continue;
            };
            if !self.known.contains(&name.as_str()) {
                let message = format!("`{}` knows no `{name}`", self.what);
                let hint = suggestion(name, self.known.iter().copied())
                    .unwrap_or_else(|| format!("it knows `{}`", self.known.join("`, `")));
                self.problems.push(self.reader.source.error(&keyword.name_span, message).hint(hint));
            }
        }
    }
}
