//! Numbers as they are written, where a double would change them.
//!
//! ```text
//! 1.005::decimal(10, 3)   →  '1.005'::decimal(10, 3)                 a double is 1.00499…
//! 1234567890123456.78     →  cast('1234567890123456.78' as decimal(18, 2))
//! ```
//!
//! Other numbers with a point stay doubles, and up to 15 digits a double gives back what was written.

use datafusion::sql::sqlparser::ast::{
    CastKind, DataType, ExactNumberInfo, Expr, Statement, UnaryOperator, Value, VisitorMut,
};

use super::walk::{GO_ON, Step, walk_mut};

/// Digits that a double keeps.
const EXACT_IN_DOUBLES: usize = 15;
/// Digits that a whole number of 64 bits keeps.
const EXACT_IN_LONGS: usize = 18;
/// Digits that a decimal keeps.
const EXACT_IN_DECIMALS: usize = 38;

/// Rewrites the numbers of a statement.
pub(crate) fn keep_digits(statement: &mut Statement) {
    walk_mut(statement, &mut Keeper);
}

struct Keeper;

impl VisitorMut for Keeper {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> Step {
        match expression {
            Expr::Cast { expr, data_type, .. } if is_decimal(data_type) => {
                if let Some(digits) = written(expr) {
                    **expr = Expr::value(Value::SingleQuotedString(digits));
                }
            }
            Expr::Value(value) => {
                let Value::Number(digits, _) = &value.value else { return GO_ON };
                if let Some(data_type) = decimal_of(digits) {
                    let digits = Box::new(Expr::value(Value::SingleQuotedString(digits.clone())));
                    let kind = CastKind::Cast;
                    *expression = Expr::Cast { kind, expr: digits, data_type, array: false, format: None };
                }
            }
            _ => {}
        }
        GO_ON
    }
}

fn is_decimal(data_type: &DataType) -> bool {
    match data_type {
        DataType::Decimal(_) | DataType::Numeric(_) | DataType::Dec(_) => true,
        DataType::Custom(name, _) => ["number", "decimal128"].contains(&name.to_string().to_lowercase().as_str()),
        _ => false,
    }
}

/// The digits of a number with a point, with its sign.
fn written(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Nested(inside) => written(inside),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => Some(format!("-{}", written(expr)?)),
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) if is_plain(digits) && digits.contains('.') => Some(digits.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn is_plain(digits: &str) -> bool {
    digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// The decimal that keeps all digits, where no number of 64 bits does.
fn decimal_of(digits: &str) -> Option<DataType> {
    if !is_plain(digits) {
        return None;
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    let count = whole.len() + fraction.len();
    let most = if fraction.is_empty() { EXACT_IN_LONGS } else { EXACT_IN_DOUBLES };
    let significant = format!("{whole}{fraction}").trim_start_matches('0').len();
    if significant <= most || count > EXACT_IN_DECIMALS || (fraction.is_empty() && digits.parse::<u64>().is_ok()) {
        return None;
    }
    let scale = i64::try_from(fraction.len()).ok()?;
    Some(DataType::Decimal(ExactNumberInfo::PrecisionAndScale(count as u64, scale)))
}
