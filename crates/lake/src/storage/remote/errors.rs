//! What an object store and the way to it say, as an error that a person can act on.
//!
//! The words of server and library are only looked at, never shown: a signed address or a token may be among them.

use std::error::Error as StdError;

use bywash_core::{Code, Error};
use object_store::Error as StoreError;

/// The error of an operation on a file of an object store; `place` is its address. `None`: the file is not there.
pub(in crate::storage) fn remote_error(doing: &str, place: &str, error: &(dyn StdError + 'static)) -> Option<Error> {
    let said = everything(error);
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let new = |code, reason: &str| Error::new(code, format!("cannot {doing} `{place}`: {reason}"));
    let kind = kind(error);
    Some(if has(&["NoSuchBucket", "ContainerNotFound"]) {
        new(Code::InvalidSetting, "there is no such bucket or container")
            .hint("make it, or correct `[lake] warehouse` in bywash.toml")
    } else if has(&["PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraint"]) {
        new(Code::InvalidSetting, "its bucket is in another region")
            .hint("set `AWS_REGION` to the region of the bucket")
    } else if has(&[
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "InvalidToken",
        "AuthenticationFailed",
    ]) || matches!(kind, Some(Kind::Unauthenticated))
    {
        new(Code::Credentials, "the credentials are wrong or have expired")
            .hint("they come from the environment: `AWS_…` or `AZURE_…` variables, or the profile in `~/.aws`")
    } else if matches!(kind, Some(Kind::Forbidden)) || has(&["status code: 401", "status code: 403", "403 Forbidden"]) {
        new(Code::Credentials, "the credentials are wrong, or are not allowed to do that")
            .hint("they need to list, read, write and delete below the address of the warehouse")
    } else if matches!(kind, Some(Kind::Absent)) {
        return None;
    } else if matches!(kind, Some(Kind::Exists)) {
        new(Code::FileSystem, "it exists already")
    } else if has(&[
        "error sending request",
        "dns error",
        "tcp connect error",
        "operation timed out",
        "HTTP error: request",
    ]) {
        new(Code::Unreachable, "the object store cannot be reached")
            .hint("check the network, and the endpoint if the environment names one; nothing was published")
    } else {
        let status =
            said.split("status code: ").nth(1).map(|rest| rest.chars().take_while(char::is_ascii_digit).collect());
        let status = status.map(|digits: String| format!(" (it answered {digits})")).unwrap_or_default();
        new(Code::FileSystem, &format!("the object store failed{status}"))
            .hint("nothing was published: run the command again; if it stays, look at the state of the store")
    })
}

enum Kind {
    Absent,
    Exists,
    Unauthenticated,
    Forbidden,
}

/// The object store's own kind, below whatever wraps it.
fn kind(error: &(dyn StdError + 'static)) -> Option<Kind> {
    let mut wrapper = Some(error);
    while let Some(current) = wrapper {
        match current.downcast_ref::<StoreError>() {
            Some(StoreError::NotFound { .. }) => return Some(Kind::Absent),
            Some(StoreError::AlreadyExists { .. }) => return Some(Kind::Exists),
            Some(StoreError::Unauthenticated { .. }) => return Some(Kind::Unauthenticated),
            Some(StoreError::PermissionDenied { .. }) => return Some(Kind::Forbidden),
            _ => {}
        }
        let inside = current.downcast_ref::<std::io::Error>().and_then(|error| error.get_ref());
        wrapper = inside.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| current.source());
    }
    None
}

/// What each of the errors inside each other says.
fn everything(error: &(dyn StdError + 'static)) -> String {
    let mut said = error.to_string();
    let mut inner = error.source();
    while let Some(error) = inner {
        said.push('\n');
        said.push_str(&error.to_string());
        inner = error.source();
    }
    said
}
