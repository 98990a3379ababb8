//! The types that `data_type` names, in our words: what SQL, Arrow and dbt call the same is one.
//!
//! ```text
//! varchar(20) → string      numeric(9,2) → decimal(9, 2)      timestamp with time zone → timestamptz
//! integer[] → list<int>     struct<a: int8, b text> → struct<a: long, b: string>
//! ```

use bywash_engine::type_parts;

/// What SQL, Arrow, dbt and dlt call a type, by our word for it.
const WORDS: [(&str, &[&str]); 12] = [
    ("boolean", &["boolean", "bool", "bit"]),
    ("int", &["int", "integer", "int4", "int32", "smallint", "int2", "int16", "tinyint", "uint8", "uint16"]),
    ("long", &["long", "bigint", "int8", "int64", "uint32"]),
    ("float", &["float", "float4", "float32", "real"]),
    ("double", &["double", "double precision", "float8", "float64"]),
    ("date", &["date", "date32"]),
    ("time", &["time", "time without time zone"]),
    ("timestamp", &["timestamp", "timestamp without time zone", "timestamp_ntz", "datetime"]),
    ("timestamptz", &["timestamptz", "timestamp with time zone", "timestamp_tz"]),
    ("string", &["string", "text", "varchar", "char", "character", "character varying", "utf8", "nvarchar"]),
    ("binary", &["binary", "varbinary", "bytes", "bytea", "blob"]),
    ("uuid", &["uuid"]),
];

/// What `decimal` means without digits.
const DECIMAL: &str = "decimal(38, 9)";

/// A type in our words; nothing if there is no such type.
#[must_use]
pub fn in_our_words(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    if let Some(element) = text.strip_suffix("[]") {
        return Some(format!("list<{}>", in_our_words(element)?));
    }
    if let Some((outer, inside)) = text.strip_suffix('>').and_then(|text| text.split_once('<')) {
        return nested(outer.trim(), &type_parts(inside));
    }
    let (word, digits) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        Some((word, digits)) => (word.trim(), Some(digits)),
        None => (text.as_str(), None),
    };
    let word = word.split_whitespace().collect::<Vec<_>>().join(" ");
    if ["decimal", "numeric", "number"].contains(&word.as_str()) {
        let Some(digits) = digits else { return Some(DECIMAL.to_owned()) };
        let (precision, scale) = digits.split_once(',').unwrap_or((digits, "0"));
        let (precision, scale): (u8, u8) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
        return (precision <= 38 && scale <= precision).then(|| format!("decimal({precision}, {scale})"));
    }
    WORDS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(ours, _)| (*ours).to_owned())
}

fn nested(outer: &str, parts: &[&str]) -> Option<String> {
    match (outer, parts) {
        ("list" | "array", [element]) => Some(format!("list<{}>", in_our_words(element)?)),
        ("map", [key, value]) => Some(format!("map<{}, {}>", in_our_words(key)?, in_our_words(value)?)),
        ("struct" | "row", parts) => {
            let field = |part: &&str| {
                let (name, kind) = part.split_once(':').or_else(|| part.trim().split_once(' '))?;
                Some(format!("{}: {}", name.trim(), in_our_words(kind)?))
            };
            let fields: Option<Vec<_>> = parts.iter().map(field).collect();
            Some(format!("struct<{}>", fields?.join(", ")))
        }
        _ => None,
    }
}
