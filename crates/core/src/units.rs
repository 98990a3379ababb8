//! Sizes, counts and times as people read and write them.

use std::time::Duration;

use crate::{Code, Error, Result};

const BYTE_UNITS: [(&str, u64); 9] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("b", 1),
];

/// Reads `512MB`, `2 GiB`, `1048576`.
///
/// # Errors
/// No number, or a unit that is none.
pub fn parse_bytes(text: &str) -> Result<u64> {
    let folded = text.trim().to_lowercase();
    let (number, factor) = BYTE_UNITS
        .iter()
        .find_map(|(unit, factor)| folded.strip_suffix(unit).map(|number| (number, *factor)))
        .unwrap_or((&folded, 1));
    match number.trim().parse::<f64>() {
        Ok(number) if number >= 0.0 && number.is_finite() => Ok((number * factor as f64) as u64),
        _ => {
            Err(Error::new(Code::InvalidSetting, format!("`{text}` is not a size"))
                .hint("write it like `512MB` or `2GiB`"))
        }
    }
}

/// Reads `90s`, `15m`, `2h`, `7d`, `250ms`.
///
/// # Errors
/// No number, or a unit that is none.
pub fn parse_duration(text: &str) -> Result<Duration> {
    let wrong = || {
        Error::new(Code::InvalidSetting, format!("`{text}` is not a duration"))
            .hint("write it like `90s`, `15m` or `2h`")
    };
    let text = text.trim();
    let split = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(wrong)?;
    let number: f64 = text[..split].trim().parse().map_err(|_| wrong())?;
    let seconds = match &text[split..] {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return Err(wrong()),
    };
    Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())
}

/// `1.2 MB`: decimal units, two or three digits.
#[must_use]
pub fn format_bytes(bytes: u64) -> String {
    let mut size = bytes as f64;
    for unit in ["B", "kB", "MB", "GB", "TB"] {
        if size < 1_000.0 || unit == "TB" {
            return if unit == "B" { format!("{bytes} B") } else { format!("{size:.1} {unit}") };
        }
        size /= 1_000.0;
    }
    bytes.to_string()
}

/// `336,776`.
#[must_use]
pub fn format_count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 row`, `336,776 rows`: a count with its noun.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{} {noun}s", format_count(count)) }
}

/// `340 ms`, `2.1 s`, `3 m 20 s`.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        _ if seconds < 1.0 => format!("{} ms", duration.as_millis()),
        _ if seconds < 60.0 => format!("{seconds:.1} s"),
        _ => format!("{} m {} s", duration.as_secs() / 60, duration.as_secs() % 60),
    }
}
