//! Small repairs of sentences that were written for developers.

/// Prefixes that say in which part of DataFusion something was noticed.
const PREFIXES: [&str; 17] = [
    "Error during planning: ",
    "Schema error: ",
    "Execution error: ",
    "This feature is not implemented: ",
    "Invalid or Unsupported Configuration: ",
    "Resources exhausted: ",
    "Arrow error: ",
    "Parquet error: ",
    "SQL error: ",
    "External error: ",
    "Compute error: ",
    "Cast error: ",
    "Divide by zero error",
    "Optimizer rule ",
    "Invalid argument error: ",
    "Parser error: ",
    "type_coercion\ncaused by\n",
];

/// The first sentence, without prefixes, in lower case and without a full stop.
pub(super) fn sentence(text: &str) -> String {
    let mut text = text.trim();
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix)) {
        if rest.is_empty() {
            break;
        }
        text = rest.trim_start();
    }
    let text = PREFIXES.iter().fold(text.to_owned(), |text, prefix| match prefix.ends_with(": ") {
        true => text.replace(prefix, ""),
        false => text,
    });
    let line = text.lines().next().unwrap_or(&text).trim().trim_end_matches(['.', '!']);
    let mut letters = line.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => line.to_owned(),
    }
}
