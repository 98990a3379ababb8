//! What SQLite says, as an error that a person can act on.

use std::path::Path;

use bywash_core::{Code, Error};

/// SQLite's `SQLITE_IOERR_SHMSIZE`: the file beside the catalog that its readers share could not grow.
const NO_SPACE_FOR_SHARED_MEMORY: i32 = 4874;

/// What SQLite says, in the words of a person who has a lake. Primary result codes: <https://sqlite.org/rescode.html>.
pub(super) fn explain(path: &Path, error: &sqlx::Error) -> Error {
    let shown = path.display();
    let extended = match error {
        sqlx::Error::Database(database) => database.code().and_then(|code| code.parse::<i32>().ok()),
        _ => None,
    };
    // The low byte is the kind; of the failures of input and output one more says that the disk is full.
    let code = extended.map(|code| if code == NO_SPACE_FOR_SHARED_MEMORY { 13 } else { code & 0xff });
    match code {
        Some(5 | 6) => Error::new(Code::CatalogLocked, format!("the catalog `{shown}` is locked by another process"))
            .hint("wait for it to finish, or find it with `fuser` and end it; nothing was changed"),
        Some(11 | 26) => Error::new(Code::CatalogCorrupt, format!("the catalog `{shown}` is damaged or is no catalog"))
            .hint("restore it from a backup; the tables' files in `warehouse/` are untouched and readable with any Iceberg reader"),
        Some(13) => Error::new(Code::DiskFull, format!("cannot write the catalog `{shown}`: no space left on the device"))
            .hint("nothing was published; free some space and run the command again"),
        Some(14) if is_unreadable(path) => {
            Error::io("read", path, &std::io::Error::from(std::io::ErrorKind::PermissionDenied))
        }
        Some(3 | 8 | 14 | 23) => Error::new(Code::PermissionDenied, format!("cannot open the catalog `{shown}` for writing"))
            .hint("check that the folder exists and that this user may write in it"),
        Some(10) => Error::new(Code::FileSystem, format!("cannot read or write the catalog `{shown}`"))
            .hint("the device or its file system refused it: see the system's log")
            .caused_by(error),
        _ => Error::new(Code::CatalogCorrupt, format!("the catalog `{shown}` does not answer")).caused_by(error),
    }
}

/// Whether it is there, and not for this user.
fn is_unreadable(path: &Path) -> bool {
    std::fs::File::open(path).is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
}
