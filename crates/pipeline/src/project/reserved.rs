//! Namespaces that belong to Bywash: nobody's tables may lie in them.

use bywash_core::{Code, Error, TableName};

use super::data_tests;
use super::document::Spanned;
use super::fields::Source;

/// The system tables.
const SYSTEM: &str = "bywash";

/// Whether a namespace is one of ours.
#[must_use]
pub fn is_reserved(namespace: &str) -> bool {
    [SYSTEM, data_tests::NAMESPACE].iter().any(|reserved| namespace.eq_ignore_ascii_case(reserved))
}

/// The error that says so.
#[must_use]
pub fn refuse(namespace: &str) -> Error {
    Error::new(Code::InvalidName, format!("the namespace `{namespace}` belongs to Bywash"))
        .hint("choose another name for it")
}

/// Whether a namespace can be used; reports why not.
pub fn check_namespace(source: Source<'_>, name: &Spanned<String>) -> bool {
    let checked = match TableName::new(&name.value, "x") {
        Ok(_) if is_reserved(&name.value) => Err(refuse(&name.value)),
        other => other.map(|_| ()),
    };
    checked.map_err(|error| source.problems.push(error.at(source.document.place(name.span)))).is_ok()
}
