//! An encrypted connection to a server that proves who it is.

use crate::databases::{Kind, certify, running};
use crate::shapes::*;
use fpp::error::Class;
use fpp::ledger::mysql::{MysqlLedger, Server, Tls};
use sqlx::AssertSqlSafe;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_must_prove_who_it_is() {
    let Some(running) = running(Kind::MariaDb) else { return };
    let (port, certificate) = running.tls.clone().unwrap();
    let database = running.lend().await;
    let mut root = running.root("").await;
    // The server itself refuses this user without encryption.
    for statement in [
        "CREATE USER IF NOT EXISTS 'tls'@'%' IDENTIFIED BY 'secret' REQUIRE SSL".to_owned(),
        format!("GRANT ALL ON {database}.* TO 'tls'@'%'"),
    ] {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut root).await.unwrap();
    }
    let server = Server {
        port,
        socket: None,
        user: "tls".into(),
        password: Some("secret".into()),
        tls: Tls::Verified(Some(certificate.clone())),
        ..running.server(&database)
    };
    let ledger = MysqlLedger::open(server.clone()).await.unwrap();
    walk(&ledger, [1], &[]).await;
    verified(&ledger).await;

    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.pem");
    certify(&folder.path().join("key.pem"), &other);
    for (server, part) in [
        (Server { tls: Tls::Verified(Some(other)), ..server.clone() }, "no encrypted connection"),
        (Server { tls: Tls::Verified(None), ..server.clone() }, "no encrypted connection"),
        (Server { host: "127.0.0.1".into(), ..server.clone() }, "no encrypted connection"),
        (Server { tls: Tls::Off, ..server.clone() }, "refuses the user"),
        (Server { password: Some("wrong".into()), ..server.clone() }, "refuses the user"),
    ] {
        let error = MysqlLedger::open(server).await.err().unwrap();
        assert!(error.class == Class::Retry && error.to_string().contains(part), "{part}: {error}");
    }
    running.give_back(database);
}
