//! Messages to and from a worker: four bytes of length, then JSON; descriptors travel with the length.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd, RawFd};

use nix::sys::socket::{ControlMessage, MsgFlags, UnixAddr, sendmsg};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::UnixStream;

/// No message is longer: a worker that says so is not one of ours any more.
const MOST_BYTES: u32 = 64 << 20;

/// As many descriptors as the system passes at once.
pub(super) const MOST_DESCRIPTORS: usize = 250;

/// Sends a message; the descriptors are copies, and the other side's from then on.
pub(super) async fn send(stream: &mut UnixStream, message: &impl Serialize, descriptors: &[OwnedFd]) -> io::Result<()> {
    let text = serde_json::to_vec(message)?;
    let head = u32::try_from(text.len()).map_err(io::Error::other)?.to_be_bytes();
    let raw: Vec<RawFd> = descriptors.iter().map(OwnedFd::as_raw_fd).collect();
    let sent = stream.async_io(Interest::WRITABLE, || send_head(stream.as_fd(), &head, &raw)).await?;
    stream.write_all(head.get(sent..).unwrap_or_default()).await?;
    stream.write_all(&text).await
}

fn send_head(stream: BorrowedFd<'_>, head: &[u8], descriptors: &[RawFd]) -> io::Result<usize> {
    let rights = [ControlMessage::ScmRights(descriptors)];
    let rights: &[ControlMessage<'_>] = if descriptors.is_empty() { &[] } else { &rights };
    Ok(sendmsg::<UnixAddr>(stream.as_raw_fd(), &[IoSlice::new(head)], rights, MsgFlags::empty(), None)?)
}

/// The next message; none when the other side has closed its end, however it did.
pub(super) async fn receive<T: DeserializeOwned>(stream: &mut UnixStream) -> io::Result<Option<T>> {
    let length = match stream.read_u32().await {
        Ok(length) if length <= MOST_BYTES => length,
        Ok(_) => return Err(io::ErrorKind::InvalidData.into()),
        Err(error) if is_end(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut text = vec![0; length as usize];
    match stream.read_exact(&mut text).await {
        Ok(_) => Ok(Some(serde_json::from_slice(&text)?)),
        Err(error) if is_end(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
}
