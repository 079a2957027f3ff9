//! Reads the event stream of fpp and books each event once, from where it stopped.
//!
//! The stream promises at least once. So whoever books an event books its (source, id) with it and passes what is there
//! already, and keeps the position only after the events are safe: killed at any moment, nothing is lost and nothing is
//! twice. Here a file of JSON lines takes the place of your table, `BOOK`, and another one that of the position. In a
//! database both are written in one transaction, and (source, id) is a unique key instead of the map.
//!
//! Run: stream-consumer http://127.0.0.1:8650 BOOK POSITION [TOKEN]

use serde_json::Value;
use std::collections::HashMap;
use std::fs::{File, OpenOptions, read_to_string, rename, write};
use std::io::{Error, Result, Seek, SeekFrom, Write};
use std::time::Duration;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let [_, node, book, kept, token @ ..] = args.as_slice() else {
        return Err(Error::other("usage: stream-consumer NODE BOOK POSITION [TOKEN]"));
    };
    let mut book = Book::open(book)?;
    // The node waits up to 30 seconds for news; whoever says nothing for much longer is gone.
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(90)))
        .http_status_as_error(false)
        .build()
        .into();
    let mut position = read_to_string(kept).unwrap_or_default();
    loop {
        match page(&agent, node, &position, token.first()) {
            Ok((events, next)) => {
                for line in events.lines() {
                    book.take(line)?;
                }
                // First the events, then where to go on: the other way round would lose some.
                book.file.sync_data()?;
                if next != position {
                    position = next;
                    write(format!("{kept}.new"), &position)?;
                    rename(format!("{kept}.new"), kept)?;
                }
            }
            // Nothing that waiting mends. 400, 401, 403: the address or the token is wrong. 409: the node's books are older
            // than the position. 410: the vault no longer has what follows; only a person can say whether to go on at `oldest`.
            Err((Some(400 | 401 | 403 | 404 | 409 | 410), why)) => return Err(Error::other(why)),
            Err((_, why)) => {
                eprintln!("once more in a second: {why}");
                std::thread::sleep(Duration::from_secs(1));
            }
        }
    }
}

/// Events after a position, one JSON object a line, and the position to go on from.
fn page(
    agent: &ureq::Agent,
    node: &str,
    after: &str,
    token: Option<&String>,
) -> std::result::Result<(String, String), (Option<u16>, String)> {
    let mut request = agent.get(format!("{node}/v1/events?after={after}&limit=500&wait=30"));
    request = request.header("accept", "application/x-ndjson");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let mut answer = request.call().map_err(|e| (None, e.to_string()))?;
    let status = answer.status();
    let next = answer.headers().get("fpp-position").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body = answer.body_mut().with_config().limit(64 << 20).read_to_string().map_err(|e| (None, e.to_string()))?;
    match next {
        Some(next) if status.is_success() => Ok((body, next)),
        _ => Err((Some(status.as_u16()), format!("{status}: {body}"))),
    }
}

/// What was booked: (source, id) and the digest of what the event says.
struct Book {
    file: File,
    booked: HashMap<(String, String), String>,
}

impl Book {
    fn open(path: &str) -> Result<Book> {
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        let text = std::io::read_to_string(&mut file)?;
        // A line that was cut off when this program was killed comes again.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::End(0))?;
        let booked = text[..whole].lines().filter_map(key).collect();
        Ok(Book { file, booked })
    }

    fn take(&mut self, line: &str) -> Result<()> {
        let (event, hash) = key(line).ok_or_else(|| Error::other(format!("no event: {line}")))?;
        match self.booked.get(&event) {
            None => {
                self.file.write_all(format!("{line}\n").as_bytes())?;
                self.booked.insert(event, hash);
            }
            Some(before) if *before != hash => eprintln!("the same id with other data, not booked: {event:?}"),
            Some(_) => {}
        }
        Ok(())
    }
}

fn key(line: &str) -> Option<((String, String), String)> {
    let event: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    Some(((text("source"), text("id")), text("datahash")))
}
