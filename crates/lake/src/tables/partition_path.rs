//! The folder of a partition, for people only: nothing is ever read out of a folder's name.

use bywash_iceberg_spec::{Datum, PartitionSpec, Transform};

use super::calendar::date_of;

const LONGEST_VALUE: usize = 40;

/// `time_hour_month=2013-01/carrier=UA`; empty without partitions.
pub(super) fn partition_path(spec: &PartitionSpec, values: &[Option<Datum>]) -> String {
    let parts = spec.fields.iter().zip(values).map(|(field, value)| {
        let shown = value.as_ref().map_or_else(|| "null".to_owned(), |value| shown(field.transform, value));
        format!("{}={}", field.name, safe(&shown))
    });
    parts.collect::<Vec<_>>().join("/")
}

fn shown(transform: Transform, value: &Datum) -> String {
    match (transform, value) {
        (Transform::Year, Datum::Int(years)) => (1970 + i64::from(*years)).to_string(),
        (Transform::Month, Datum::Int(months)) => {
            let months = i64::from(*months);
            format!("{:04}-{:02}", 1970 + months.div_euclid(12), months.rem_euclid(12) + 1)
        }
        (Transform::Hour, Datum::Int(hours)) => {
            let hours = i64::from(*hours);
            format!("{}-{:02}", day(hours.div_euclid(24)), hours.rem_euclid(24))
        }
        (_, Datum::Date(days)) => day(i64::from(*days)),
        _ => value.to_string(),
    }
}

fn day(days: i64) -> String {
    let (year, month, day) = date_of(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Characters that every file system, store and URL takes as they are.
fn safe(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_') { c } else { '_' };
    let text: String = text.chars().take(LONGEST_VALUE).map(plain).collect();
    if text.is_empty() { "_".to_owned() } else { text }
}
