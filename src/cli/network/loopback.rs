//! The way back from a browser: a server on this machine that waits for one redirect (RFC 8252 §7.3).

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// The path that identity providers send browsers to.
const PATH: &str = "/auth/callback";
/// A request line and its headers are not longer.
const LONGEST: usize = 16 << 10;
/// Between two looks for a connection.
const LOOK: Duration = Duration::from_millis(50);

/// Waits on a port of this machine that is open to nobody else.
#[derive(Debug)]
pub struct Loopback(TcpListener);

impl Loopback {
    /// Takes a free port.
    ///
    /// # Errors
    /// The system gave none.
    pub fn new() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        Ok(Self(listener))
    }

    /// The address that the browser must be sent back to.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<String> {
        Ok(format!("http://localhost:{}{PATH}", self.0.local_addr()?.port()))
    }

    /// The query that the browser comes back with. Other requests, such as for an icon, are answered and passed over.
    ///
    /// # Errors
    /// Nobody came in time.
    pub fn wait(&self, time: Duration) -> io::Result<String> {
        let end = Instant::now() + time;
        loop {
            match self.0.accept() {
                Ok((stream, _)) => {
                    if let Ok(Some(query)) = answer(stream) {
                        return Ok(query);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(LOOK),
                Err(error) => return Err(error),
            }
            if Instant::now() > end {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "nobody came back from the browser"));
            }
        }
    }
}

fn answer(mut stream: TcpStream) -> io::Result<Option<String>> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.set_write_timeout(Some(Duration::from_secs(5)))?;
    let mut head = Vec::new();
    let mut buffer = [0_u8; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < LONGEST {
        let read = stream.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        head.extend(bytes);
    }
    let head = String::from_utf8_lossy(&head);
    let target = head.split(' ').nth(1).filter(|_| head.starts_with("GET ")).unwrap_or_default();
    let query = target.strip_prefix(PATH).and_then(|rest| rest.strip_prefix('?')).map(str::to_owned);
    let (status, text) = match query {
        Some(_) => ("200 OK", "Back to the terminal: this page can be closed.\n"),
        None => ("404 Not Found", "Nothing is here.\n"),
    };
    let length = text.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n");
    stream.write_all(format!("{head}Connection: close\r\n\r\n{text}").as_bytes())?;
    Ok(query)
}
