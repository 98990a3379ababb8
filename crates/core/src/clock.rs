//! Time as the lake writes it: microseconds since 1970, UTC. The only place that asks the system's clock.

use std::sync::OnceLock;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};

use crate::{Code, Error, Result};

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Micros = i64;

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl SystemClock {
    /// Now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one source of the time")]
    pub fn now(self) -> Micros {
        Utc::now().timestamp_micros() + jump()
    }
}

/// How far a test has moved the clock of this process: `BYWASH_FAULT_CLOCK_SECONDS`.
fn jump() -> Micros {
    static JUMP: OnceLock<Micros> = OnceLock::new();
    *JUMP.get_or_init(|| {
        let seconds = std::env::var("BYWASH_FAULT_CLOCK_SECONDS").ok().and_then(|text| text.parse::<i64>().ok());
        seconds.map_or(0, |seconds| seconds.saturating_mul(1_000_000))
    })
}

/// `2026-01-01T00:00:00.000000Z`.
#[must_use]
pub fn format_micros(micros: Micros) -> String {
    DateTime::from_timestamp_micros(micros)
        .map_or_else(|| micros.to_string(), |time| time.to_rfc3339_opts(SecondsFormat::Micros, true))
}

/// Reads `2026-01-01`, `2026-01-01T00:00:00` (UTC) or RFC 3339 with a zone.
///
/// # Errors
/// Anything else.
pub fn parse_time(text: &str) -> Result<Micros> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.timestamp_micros());
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
            return Ok(time.and_utc().timestamp_micros());
        }
    }
    if let Some(time) = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|date| date.and_hms_opt(0, 0, 0)) {
        return Ok(time.and_utc().timestamp_micros());
    }
    Err(Error::new(Code::UnknownRef, format!("`{text}` is not a time"))
        .hint("write it like `2026-01-01` or `2026-01-01T08:30:00Z`"))
}
