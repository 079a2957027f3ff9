//! A reply that is lost: the connection breaks before the server hears of a commit, or before the node hears that it was
//! made. The caller is told to look at the books, and what stands there is all or nothing.

use crate::Books;
use crate::commit_line::{Cut, Line};
use crate::databases::Kind;
use crate::mysql::MysqlBooks;
use crate::shapes::*;
use fpp::error::Class;
use fpp::ledger::Ledger;
use fpp::ledger::mysql::{MysqlLedger, Server};
use fpp::ledger::transfer::{FileEvent as E, FileState as S, Verdict as V};
use fpp_codecs::Code;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_reply_on_mariadb_is_looked_up() {
    a_lost_reply_is_looked_up(Kind::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_reply_on_seekdb_is_looked_up() {
    a_lost_reply_is_looked_up(Kind::SeekDb).await;
}

async fn a_lost_reply_is_looked_up(kind: Kind) {
    let Some(books) = MysqlBooks::new(kind) else { return };
    let ledger = books.open().await;
    for (n, cut) in [(1, Cut::Before), (2, Cut::After), (3, Cut::Before), (4, Cut::After)] {
        walk(&*ledger, [n], &[E::Claim, E::Stage, E::Judge(V::Accepted)]).await;
        let server = crate::mysql::server_at(&books.place().await).unwrap();
        let line = Line::lay(&server.socket.clone().unwrap(), cut);
        let node = MysqlLedger::open(Server { socket: Some(line.socket()), ..server }).await.unwrap();
        node.apply(None, T0, &[fpp::ledger::change::Change::Raise(notice("x", "the line holds"))]).await.unwrap();
        line.arm();
        let error = node.apply(None, T0, &[event(n, E::Post)]).await.unwrap_err();
        assert_eq!((error.code, error.class), (Code::LEDGER, Class::Retry), "{cut:?}: {error}");
        assert!(error.to_string().contains("did not say whether it committed"), "{cut:?}: {error}");
        let again = node.apply(None, T0, &[event(n, E::Post)]).await;
        match cut {
            Cut::Before => assert!(again.is_ok(), "nothing was committed: {again:?}"),
            Cut::After => assert_eq!(again.unwrap_err().code, Code::INTERNAL, "it stands, and is not made again"),
        }
        let stands = node.transfer(&id(n)).await.unwrap().unwrap();
        assert_eq!((stands.state, stands.publication), (S::Posted, Some(u64::from(n))));
    }
    assert_eq!(ledger.last_publication().await.unwrap(), 4);
    verified(&*ledger).await;
}
