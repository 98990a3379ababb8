//! A way to a server on which requests and answers get lost, requests arrive twice, and lists are old.
//!
//! It speaks just enough HTTP/1.1 for that: one request a connection, bodies with a length.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use crate::Dice;

/// The way to one server; it works for as long as the process lives.
pub(crate) struct Unreliable {
    /// The port of this machine at which the way begins.
    pub(crate) port: u16,
}

/// What happens to a request.
enum Fault {
    None,
    /// It never arrives, and the server is said to be busy.
    Refused,
    /// It arrives, and its answer does not come back.
    AnswerLost,
    /// It arrives twice; the second answer comes back.
    Twice,
    /// A list as it was when it was asked for last.
    OldList,
}

/// What the way remembers.
struct State {
    dice: Dice,
    lists: HashMap<String, Vec<u8>>,
}

impl Unreliable {
    /// Opens a way to the server at this port; about one request in ten meets a fault, the same ones for the same seed.
    pub(crate) fn way_to(server: u16, seed: u64) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let state = Arc::new(Mutex::new(State { dice: Dice::new(seed), lists: HashMap::new() }));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = state.clone();
                // What breaks here is a fault like the others.
                std::thread::spawn(move || drop(serve(client, server, &state)));
            }
        });
        Self { port }
    }
}

fn serve(mut client: TcpStream, server: u16, state: &Mutex<State>) -> io::Result<()> {
    let (path, request) = read_request(&client)?;
    let answer = match fault(&path, state) {
        Fault::Refused => b"HTTP/1.1 503 Slow Down\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".to_vec(),
        Fault::AnswerLost => {
            ask(server, &request)?;
            return Ok(());
        }
        Fault::Twice => {
            ask(server, &request)?;
            ask(server, &request)?
        }
        Fault::OldList => match lock(state).lists.get(&path) {
            Some(old) => old.clone(),
            None => ask(server, &request)?,
        },
        Fault::None => ask(server, &request)?,
    };
    if is_list(&path) {
        lock(state).lists.insert(path, answer.clone());
    }
    client.write_all(&answer)
}

fn fault(path: &str, state: &Mutex<State>) -> Fault {
    let dice = &mut lock(state).dice;
    match dice.roll(30) {
        0 => Fault::Refused,
        1 => Fault::AnswerLost,
        2 => Fault::Twice,
        3..=12 if is_list(path) => Fault::OldList,
        _ => Fault::None,
    }
}

fn is_list(path: &str) -> bool {
    path.contains("list-type=2")
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The path, and the whole request; it asks for an end of the connection.
fn read_request(client: &TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut reader = BufReader::new(client);
    let (mut request, mut path, mut length) = (Vec::new(), String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if path.is_empty() {
            path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        if line == "\r\n" {
            request.extend_from_slice(b"connection: close\r\n\r\n");
            break;
        }
        request.extend_from_slice(line.as_bytes());
    }
    let head = request.len();
    request.resize(head + length, 0);
    reader.read_exact(&mut request[head..])?;
    Ok((path, request))
}

/// The server's answer, which says that the connection ends with it.
fn ask(server: u16, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut connection = TcpStream::connect(("127.0.0.1", server))?;
    connection.write_all(request)?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    Ok(answer)
}
