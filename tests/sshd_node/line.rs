//! A line to the partner that counts what the partner sends, and stands still after so many bytes.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

/// Bytes that are passed on at once: of what is sent ahead, little is on its way when the line stands still.
const PIECE: usize = 16 * 1024;

/// A line to a port of this machine. It ends with the test's process.
pub(crate) struct Line {
    pub(crate) port: u16,
    passed: Arc<AtomicU64>,
    most: Arc<AtomicU64>,
}

impl Line {
    /// One that passes so many bytes from the partner on, on all connections together, and then none.
    pub(crate) fn to(target: u16, most: u64) -> Line {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let line = Line { port, passed: Arc::default(), most: Arc::new(AtomicU64::new(most)) };
        let (passed, most) = (line.passed.clone(), line.most.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", target)) else { continue };
                let (ask, asked) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || pass(ask, asked, |_| ()));
                let (passed, most) = (passed.clone(), most.clone());
                thread::spawn(move || {
                    pass(server, client, |length| {
                        while passed.load(SeqCst) >= most.load(SeqCst) {
                            thread::sleep(Duration::from_millis(2));
                        }
                        passed.fetch_add(length, SeqCst);
                    });
                });
            }
        });
        line
    }

    /// What the partner has sent so far.
    pub(crate) fn passed(&self) -> u64 {
        self.passed.load(SeqCst)
    }

    /// From now on everything is passed on.
    pub(crate) fn open(&self) {
        self.most.store(u64::MAX, SeqCst);
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, before: impl Fn(u64)) {
    let mut piece = [0; PIECE];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        before(length as u64);
        if to.write_all(&piece[..length]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
