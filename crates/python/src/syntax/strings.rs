//! The value of a string in the text: quotes taken off, escapes resolved.

use tree_sitter::Node;

use super::tree::{File, children};

/// The value of a string; nothing for bytes, for what is put together when it runs, and for escapes by a name.
pub(super) fn value(file: &File<'_>, string: Node<'_>) -> Option<String> {
    let prefix = prefix(file, string);
    if prefix.contains(['b', 'f', 't']) {
        return None;
    }
    let contents = children(string).into_iter().filter(|part| part.kind() == "string_content");
    let parts = contents.map(|content| {
        let text = file.of(content);
        if prefix.contains('r') { Some(text.to_owned()) } else { unescaped(text) }
    });
    Some(parts.collect::<Option<Vec<_>>>()?.concat())
}

/// The letters before the quotes, small.
pub(super) fn prefix(file: &File<'_>, string: Node<'_>) -> String {
    let start = children(string).into_iter().find(|part| part.kind() == "string_start");
    let start = start.map(|start| file.of(start)).unwrap_or_default();
    start.chars().take_while(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_lowercase()).collect()
}

fn unescaped(text: &str) -> Option<String> {
    let mut value = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            value.push(letter);
            continue;
        }
        match letters.next()? {
            '\n' => {}
            'n' => value.push('\n'),
            't' => value.push('\t'),
            'r' => value.push('\r'),
            'a' => value.push('\u{7}'),
            'b' => value.push('\u{8}'),
            'f' => value.push('\u{c}'),
            'v' => value.push('\u{b}'),
            same @ ('\\' | '\'' | '"') => value.push(same),
            'x' => value.push(hexadecimal(&mut letters, 2)?),
            'u' => value.push(hexadecimal(&mut letters, 4)?),
            'U' => value.push(hexadecimal(&mut letters, 8)?),
            digit @ '0'..='7' => {
                let mut number = digit.to_digit(8)?;
                for _ in 0..2 {
                    let Some(digit) = letters.peek().and_then(|next| next.to_digit(8)) else { break };
                    number = number * 8 + digit;
                    letters.next();
                }
                value.push(char::from_u32(number)?);
            }
            'N' => return None,
            other => value.extend(['\\', other]),
        }
    }
    Some(value)
}

fn hexadecimal(letters: &mut impl Iterator<Item = char>, digits: usize) -> Option<char> {
    let digits: String = letters.take(digits).collect();
    char::from_u32(u32::from_str_radix(&digits, 16).ok()?)
}
