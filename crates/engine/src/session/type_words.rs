//! Types in SQL by every word that declarations know ([`TypeName`]): what the planner has no type for is asked here, so
//! that `cast(x as long)` means what `data_type: long` does.

use arrow::datatypes::{DataType, TimeUnit};
use bywash_core::Error;
use datafusion::common::{DataFusionError, Diagnostic, Result, Span};
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::sql::sqlparser::ast::{DataType as Written, Spanned as _};

use crate::TypeName;

/// Knows the words that the planner does not.
#[derive(Debug)]
pub(super) struct TypeWords;

impl TypePlanner for TypeWords {
    fn plan_type(&self, written: &Written) -> Result<Option<DataType>> {
        if is_known(written) {
            return Ok(None);
        }
        let text = written.to_string();
        match text.parse::<TypeName>() {
            Ok(name) => Ok(Some(as_planned(name, &text))),
            Err(unknown) => Err(located(written, unknown)),
        }
    }
}

/// The type that the planner has for the plainer word: it keeps times in nanoseconds, and ten digits behind the point.
fn as_planned(name: TypeName, text: &str) -> DataType {
    match name.arrow() {
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Nanosecond, zone),
        DataType::Time64(_) => DataType::Time64(TimeUnit::Nanosecond),
        DataType::Decimal128(38, 9) if !text.contains('(') => DataType::Decimal128(38, 10),
        other => other,
    }
}

/// Whether the planner has a type for it.
const fn is_known(written: &Written) -> bool {
    matches!(
        written,
        Written::Boolean
            | Written::Bool
            | Written::TinyInt(_)
            | Written::SmallInt(_)
            | Written::Int2(_)
            | Written::Int(_)
            | Written::Integer(_)
            | Written::Int4(_)
            | Written::BigInt(_)
            | Written::Int8(_)
            | Written::TinyIntUnsigned(_)
            | Written::SmallIntUnsigned(_)
            | Written::Int2Unsigned(_)
            | Written::IntUnsigned(_)
            | Written::IntegerUnsigned(_)
            | Written::Int4Unsigned(_)
            | Written::BigIntUnsigned(_)
            | Written::Int8Unsigned(_)
            | Written::Float(_)
            | Written::Real
            | Written::Float4
            | Written::Double(_)
            | Written::DoublePrecision
            | Written::Float8
            | Written::Char(_)
            | Written::Varchar(_)
            | Written::Text
            | Written::String(_)
            | Written::Timestamp(_, _)
            | Written::Date
            | Written::Time(_, _)
            | Written::Numeric(_)
            | Written::Decimal(_)
            | Written::Bytea
            | Written::Interval { .. }
            | Written::Struct(_, _)
            | Written::Array(_)
    )
}

/// The error at the place of the word, where the parser has kept it.
fn located(written: &Written, error: Error) -> DataFusionError {
    let span = match written {
        Written::Custom(name, _) => Span::try_from_sqlparser_span(name.span()),
        _ => None,
    };
    let diagnostic = Diagnostic::new_error(error.message(), span);
    DataFusionError::External(Box::new(error)).with_diagnostic(diagnostic)
}
