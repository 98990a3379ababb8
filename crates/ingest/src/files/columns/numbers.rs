//! Numbers in text.
//!
//! Plain means written the way a number is printed: no leading zeros, no plus sign, no digit that the type cannot
//! hold. Only plain text is taken for a number without being told, because `007` and `+1` mean more than 7 and 1.

/// Whole numbers up to this size are exact as a double.
const DOUBLE_EXACT_MAX: u64 = 1 << 53;

/// The most significant digits that a double prints.
const DOUBLE_DIGITS_MAX: usize = 17;

/// The powers of ten that a double holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// A plain whole number of 64 bits. `-0` is none: an integer has no such value.
#[inline]
pub(crate) fn plain_whole(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    match digits {
        [b'0'] if digits.len() == text.len() => Some(0),
        [b'1'..=b'9', ..] if digits.len() < 19 => {
            let mut value = 0_i64;
            for digit in digits {
                let digit = digit.wrapping_sub(b'0');
                if digit > 9 {
                    return None;
                }
                value = value * 10 + i64::from(digit);
            }
            Some(if digits.len() < text.len() { -value } else { value })
        }
        [b'1'..=b'9', ..] if digits.len() == 19 => std::str::from_utf8(text).ok()?.parse().ok(),
        _ => None,
    }
}

/// A whole number with a sign or leading zeros.
pub(crate) fn loose_whole(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    text.parse().ok()
}

/// Whether a double holds this number exactly.
#[inline]
pub(crate) fn is_exact(value: i64) -> bool {
    value.unsigned_abs() <= DOUBLE_EXACT_MAX || (value as f64) as i128 == i128::from(value)
}

/// What a text is as a floating-point number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Real {
    /// A number that a double holds.
    Number(f64),
    /// `NaN` or an infinity.
    Special(f64),
    /// A number with more digits, or a larger or smaller one, than a double holds.
    Lossy,
    /// No number.
    None,
}

/// How a number is built, before its value is computed.
struct Anatomy {
    negative: bool,
    /// The first 19 significant digits.
    mantissa: u64,
    /// Significant digits, without zeros at either end.
    digits: usize,
    /// The power of ten of the mantissa's last digit.
    exponent: i64,
    /// Whether a point or an exponent is written.
    fraction: bool,
    plain: bool,
}

fn anatomy(text: &[u8]) -> Option<Anatomy> {
    let (negative, signed) = match text.first()? {
        b'-' => (true, 1),
        b'+' => (false, 1),
        _ => (false, 0),
    };
    let mut found = Anatomy { negative, mantissa: 0, digits: 0, exponent: 0, fraction: false, plain: text[0] != b'+' };
    let (mut at, mut written, mut zeros, mut behind) = (signed, 0, 0, 0_i64);
    let mut point = false;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'0'..=b'9' => {
                written += 1;
                behind += i64::from(point);
                if byte == b'0' {
                    zeros += usize::from(found.digits > 0);
                } else {
                    found.digits += zeros + 1;
                    zeros = 0;
                }
                if found.digits + zeros <= 19 {
                    found.mantissa = found.mantissa * 10 + u64::from(byte - b'0');
                } else {
                    found.exponent += 1;
                }
            }
            b'.' if !point => point = true,
            b'e' | b'E' if written > 0 => break,
            _ => return None,
        }
        at += 1;
    }
    if written == 0 {
        return None;
    }
    found.fraction = point || at < text.len();
    found.plain &= !leading_zero(&text[signed..]);
    found.exponent -= behind;
    if at < text.len() {
        let power: i64 = std::str::from_utf8(&text[at + 1..]).ok()?.parse().ok()?;
        found.exponent = found.exponent.saturating_add(power);
    }
    Some(found)
}

fn leading_zero(digits: &[u8]) -> bool {
    matches!(digits, [b'0', b'0'..=b'9', ..])
}

/// What `text` is as a double; `plain` refuses leading zeros and a plus sign.
pub(crate) fn real(text: &[u8], plain: bool) -> Real {
    let Some(found) = anatomy(text) else { return special(text) };
    if plain && !found.plain {
        return Real::None;
    }
    if found.digits == 0 {
        return Real::Number(if found.negative { -0.0 } else { 0.0 });
    }
    if !found.fraction && found.mantissa > DOUBLE_EXACT_MAX {
        return long_whole(text);
    }
    if found.digits > DOUBLE_DIGITS_MAX {
        return Real::Lossy;
    }
    let quick = found.mantissa <= DOUBLE_EXACT_MAX && (-22..=22).contains(&found.exponent);
    let value = if quick {
        let (mantissa, power) = (found.mantissa as f64, POWERS[found.exponent.unsigned_abs() as usize]);
        let value = if found.exponent < 0 { mantissa / power } else { mantissa * power };
        if found.negative { -value } else { value }
    } else {
        std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(f64::INFINITY)
    };
    if value.is_finite() && value != 0.0 { Real::Number(value) } else { Real::Lossy }
}

/// A whole number beyond 2^53 is held if no digit changes. One beyond 64 bits counts as a code, whatever its digits.
fn long_whole(text: &[u8]) -> Real {
    match loose_whole(text) {
        Some(value) if is_exact(value) => Real::Number(value as f64),
        _ => Real::Lossy,
    }
}

fn special(text: &[u8]) -> Real {
    let (sign, bare) = match text {
        [b'-', rest @ ..] => (-1.0, rest),
        [b'+', rest @ ..] => (1.0, rest),
        _ => (1.0, text),
    };
    if bare.eq_ignore_ascii_case(b"nan") && bare.len() == text.len() {
        Real::Special(f64::NAN)
    } else if bare.eq_ignore_ascii_case(b"inf") || bare.eq_ignore_ascii_case(b"infinity") {
        Real::Special(sign * f64::INFINITY)
    } else {
        Real::None
    }
}
