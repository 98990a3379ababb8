//! What the binary carries: the pages of error codes and the templates of projects. `build.rs` writes the lists.

use bywash_core::Code;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The page of a code; every code has one, as a test says.
#[must_use]
pub fn error_page(code: Code) -> Option<&'static str> {
    let name = format!("{code}.md");
    let (_, page) = ERROR_PAGES.iter().find(|(file, _)| *file == name)?;
    std::str::from_utf8(page).ok()
}

/// The names of all pages, as files.
#[must_use]
pub fn error_page_names() -> Vec<&'static str> {
    ERROR_PAGES.iter().map(|(file, _)| *file).collect()
}
