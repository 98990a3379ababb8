//! From a file on the disk to the plain bytes of its parts.
//!
//! A file has one part, or, if it is a zip archive, one for each member that fits. A part is read from its start
//! to its end; whatever goes wrong below (truncation, damage, an expansion without end, a byte that is no letter)
//! comes out as an error that names the part.

mod packed;
mod parts;
mod transcode;
mod zip_members;

pub(crate) use packed::Unpacked;
pub(crate) use parts::{Parts, format_of};
pub(crate) use transcode::{Decoded, encoding_of};
