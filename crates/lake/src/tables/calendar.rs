//! Days since 1970 and the proleptic Gregorian calendar, for all days that fit.
//!
//! The arithmetic is that of Howard Hinnant's "chrono-compatible low-level date algorithms": years begin in March, so
//! that the leap day comes last.

/// Microseconds of a day.
pub(super) const DAY: i64 = 86_400_000_000;
/// Microseconds of an hour.
pub(super) const HOUR: i64 = 3_600_000_000;

const DAYS_OF_400_YEARS: i64 = 146_097;
const FROM_MARCH_OF_YEAR_0: i64 = 719_468;

/// Year, month (1 to 12) and day (1 to 31).
pub(super) fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + FROM_MARCH_OF_YEAR_0;
    let era = days.div_euclid(DAYS_OF_400_YEARS);
    let day_of_era = days.rem_euclid(DAYS_OF_400_YEARS);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Days since 1970-01-01 of the first day of a month; `month` is 1 to 12.
pub(super) fn first_of_month(year: i64, month: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_OF_400_YEARS + day_of_era - FROM_MARCH_OF_YEAR_0
}

/// Days since 1970-01-01 of the first day of the month that is `months` after 1970-01.
pub(super) fn first_of_month_since_1970(months: i64) -> i64 {
    first_of_month(1970 + months.div_euclid(12), months.rem_euclid(12) + 1)
}
