//! How a table's files are cut and sorted: `partition_by` and `cluster_by`, as they are written in every kind of node.
//!
//! Only the form is checked here; whether the columns exist and the transform fits their type is known once the
//! node's schema is.

use std::fmt;

use super::fields::Fields;
use super::model_options::{Placed, read_list};

/// The transforms of the Iceberg specification that take a column alone.
const PLAIN: [&str; 5] = ["identity", "year", "month", "day", "hour"];
/// Those that take a number before it.
const COUNTED: [&str; 2] = ["bucket", "truncate"];

/// One entry of `partition_by`: `origin`, `month(time_hour)`, `bucket(16, tailnum)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionField {
    /// The column.
    pub column: String,
    /// `identity`, `year`, `month`, `day`, `hour`, `bucket` or `truncate`.
    pub transform: String,
    /// The number of buckets, or the width to truncate to.
    pub argument: Option<u32>,
}

impl fmt::Display for PartitionField {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.transform.as_str(), self.argument) {
            ("identity", _) => formatter.write_str(&self.column),
            (transform, Some(argument)) => write!(formatter, "{transform}({argument}, {})", self.column),
            (transform, None) => write!(formatter, "{transform}({})", self.column),
        }
    }
}

/// Reads `partition_by`.
pub(super) fn read_partition_by(fields: &mut Fields<'_>) -> Option<Placed<Vec<PartitionField>>> {
    read_list(fields, "partition_by", parse_field)
}

/// Reads one entry.
pub(super) fn parse_field(text: &str) -> Result<PartitionField, String> {
    let wrong = || {
        format!(
            "`{text}` is not a column or one of `year(c)`, `month(c)`, `day(c)`, `hour(c)`, `bucket(4, c)`, \
                 `truncate(2, c)`"
        )
    };
    let text = text.trim();
    let Some((name, rest)) = text.split_once('(') else {
        let fits = !text.is_empty() && !text.contains([')', ',']);
        let field = PartitionField { column: text.to_owned(), transform: "identity".to_owned(), argument: None };
        return fits.then_some(field).ok_or_else(wrong);
    };
    let transform = name.trim().to_lowercase();
    let inside = rest.strip_suffix(')').ok_or_else(wrong)?;
    let parts: Vec<&str> = inside.split(',').map(str::trim).collect();
    let (argument, column) = match parts.as_slice() {
        [column] if PLAIN.contains(&transform.as_str()) => (None, *column),
        [count, column] if COUNTED.contains(&transform.as_str()) => match count.parse() {
            Ok(count) if count > 0 => (Some(count), *column),
            _ => return Err(format!("`{count}` in `{text}` is not a number above zero")),
        },
        _ => return Err(wrong()),
    };
    if column.is_empty() {
        return Err(wrong());
    }
    Ok(PartitionField { column: column.to_owned(), transform, argument })
}
