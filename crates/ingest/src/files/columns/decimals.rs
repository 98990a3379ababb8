//! Exact numbers in text: never rounded, so a digit that does not fit is an error.

/// Why a text is no decimal of the wanted kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoDecimal {
    /// It is no number.
    NotANumber,
    /// It has more digits behind the point than the type.
    Fraction,
    /// It has more digits before the point than the type.
    Large,
}

/// The unscaled value of `text` as `decimal(precision, scale)`; `plain` refuses leading zeros and a plus sign.
pub(super) fn decimal(text: &[u8], precision: u8, scale: i8, plain: bool) -> Result<i128, NoDecimal> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] if !plain => (false, rest),
        _ => (false, text),
    };
    if plain && matches!(digits, [b'0', b'0'..=b'9', ..]) {
        return Err(NoDecimal::NotANumber);
    }
    let (mantissa, power) = split_exponent(digits)?;
    let point = mantissa.iter().position(|byte| *byte == b'.').unwrap_or(mantissa.len());
    let behind = mantissa.len().saturating_sub(point + 1) as i64;
    // How far the digits as written must be moved to stand at the scale.
    let mut shift = i64::from(scale) + power - behind;
    let mut all: Vec<u8> = mantissa.iter().filter(|byte| **byte != b'.').copied().collect();
    if all.is_empty() || !all.iter().all(u8::is_ascii_digit) || mantissa.len() - all.len() > 1 {
        return Err(NoDecimal::NotANumber);
    }
    while shift < 0 && all.last() == Some(&b'0') {
        all.pop();
        shift += 1;
    }
    let significant = all.iter().position(|byte| *byte != b'0').map_or(0, |first| all.len() - first);
    if significant == 0 {
        return Ok(0);
    }
    if shift < 0 {
        return Err(NoDecimal::Fraction);
    }
    if significant as i64 + shift > i64::from(precision) {
        return Err(NoDecimal::Large);
    }
    let value = all.iter().fold(0_i128, |value, digit| value * 10 + i128::from(digit - b'0'));
    let value = value * 10_i128.pow(shift as u32);
    Ok(if negative { -value } else { value })
}

fn split_exponent(digits: &[u8]) -> Result<(&[u8], i64), NoDecimal> {
    match digits.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        None => Ok((digits, 0)),
        Some(at) => {
            let power = std::str::from_utf8(&digits[at + 1..]).ok().and_then(|power| power.parse::<i32>().ok());
            Ok((&digits[..at], i64::from(power.ok_or(NoDecimal::NotANumber)?)))
        }
    }
}
