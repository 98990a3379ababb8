//! No code: depending on this crate gives every package of the workspace the same third-party features.
//!
//! `scripts/unify_features.py` writes its dependencies and says why they are needed.
