//! What functions cannot reach.
