//! Nothing to do: a build script makes Cargo unify the features of what proc macros use, too.

fn main() {}
