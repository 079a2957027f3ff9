//! Servers for the suite, and what only a server can suffer: killed sessions, tables half made, a reply that is lost.

use crate::databases::{Kind, Running, running};
use crate::shapes::*;
use crate::{Books, Held};
use async_trait::async_trait;
use fpp::ledger::Ledger;
use fpp::ledger::mysql::{MysqlLedger, Server, Tls};
use fpp::ledger::transfer::FileEvent as E;
use fpp_codecs::Code;
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, Row};
use tokio::sync::OnceCell;

/// Books in a database of a running server; it is given back with them.
pub(crate) struct MysqlBooks {
    server: &'static Running,
    name: OnceCell<String>,
}

impl MysqlBooks {
    /// Nothing when there is no such server here.
    pub(crate) fn new(kind: Kind) -> Option<MysqlBooks> {
        Some(MysqlBooks { server: running(kind)?, name: OnceCell::new() })
    }

    /// The ledger itself.
    pub(crate) async fn ledger(&self) -> MysqlLedger {
        MysqlLedger::open(self.server.server(self.name().await)).await.unwrap()
    }

    async fn name(&self) -> &String {
        self.name.get_or_init(|| self.server.lend()).await
    }

    async fn session(&self) -> MySqlConnection {
        self.server.root(self.name().await).await
    }
}

impl Drop for MysqlBooks {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            self.server.give_back(name);
        }
    }
}

#[async_trait]
impl Books for MysqlBooks {
    async fn open(&self) -> Box<dyn Ledger> {
        Box::new(MysqlLedger::open(self.server.server(self.name().await)).await.unwrap())
    }

    async fn open_read_only(&self) -> Box<dyn Ledger> {
        Box::new(MysqlLedger::open_read_only(self.server.server(self.name().await)).await.unwrap())
    }

    fn fresh(&self) -> Box<dyn Books> {
        Box::new(MysqlBooks { server: self.server, name: OnceCell::new() })
    }

    async fn tamper(&self, statements: &[&str]) {
        let mut session = self.session().await;
        for statement in statements {
            sqlx::query(AssertSqlSafe((*statement).to_owned())).execute(&mut session).await.unwrap();
        }
    }

    async fn hold(&self, statement: &'static str) -> Box<dyn Held> {
        let mut session = self.session().await;
        for statement in ["START TRANSACTION", statement] {
            sqlx::raw_sql(statement).execute(&mut session).await.unwrap();
        }
        Box::new(HeldRows(session))
    }

    async fn place(&self) -> String {
        let server = self.server.server(self.name().await);
        format!("{MARK}{}{MARK}{}", server.socket.unwrap().display(), server.database)
    }
}

const MARK: &str = "mysql://";

/// The server of a [`Books::place`].
pub(crate) fn server_at(place: &str) -> Option<Server> {
    let (socket, database) = place.strip_prefix(MARK)?.split_once(MARK)?;
    Some(Server {
        host: "localhost".into(),
        port: 3306,
        socket: Some(socket.into()),
        user: "root".into(),
        password: None,
        database: database.into(),
        tls: Tls::Off,
        connections_max: 4,
        call_timeout: std::time::Duration::from_secs(60),
    })
}

struct HeldRows(MySqlConnection);

#[async_trait]
impl Held for HeldRows {
    async fn undo(mut self: Box<Self>) {
        sqlx::raw_sql("ROLLBACK").execute(&mut self.0).await.unwrap();
        self.0.close().await.unwrap();
    }
}

macro_rules! on_servers {
    ($($case:ident),* $(,)?) => {
        mod mariadb { $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { super::on(super::Kind::MariaDb, async |books| super::$case(&books).await).await })* }
        mod seekdb { $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { super::on(super::Kind::SeekDb, async |books| super::$case(&books).await).await })* }
    };
}
on_servers!(
    tables_that_were_left_half_made_are_finished,
    a_session_that_the_server_kills_is_made_anew,
    another_program_s_database_is_not_touched,
    a_newer_ledger_is_used_only_where_it_says_so,
    due_reads_walk_an_index,
);

async fn on(kind: Kind, case: impl AsyncFnOnce(MysqlBooks)) {
    if let Some(books) = MysqlBooks::new(kind) {
        case(books).await;
    }
}

async fn run(books: &MysqlBooks, statement: &'static str) {
    sqlx::raw_sql(statement).execute(&mut books.session().await).await.unwrap();
}

/// A node that died between two tables leaves no version; the next one, or two at once, make the rest.
async fn tables_that_were_left_half_made_are_finished(books: &MysqlBooks) {
    drop(books.open().await);
    for statement in ["DELETE FROM schema_version", "DROP TABLE days", "DROP TABLE seals"] {
        run(books, statement).await;
    }
    let (a, b) = tokio::join!(books.open(), books.open());
    walk(&*a, [1], &[E::Claim]).await;
    assert_eq!(transfer(&*b, 1).await.id, id(1));
    assert_eq!(b.seal(None, T0, b"key").await.unwrap(), 1);
    verified(&*b).await;
}

/// A server that was started anew has forgotten all connections; the books go on without a word.
async fn a_session_that_the_server_kills_is_made_anew(books: &MysqlBooks) {
    let ledger = books.open().await;
    walk(&*ledger, [1], &[E::Claim]).await;
    assert_eq!(transfer(&*ledger, 1).await.id, id(1));
    let mut root = books.session().await;
    let name = books.name().await;
    let list = sqlx::raw_sql("SHOW PROCESSLIST").fetch_all(&mut root).await.unwrap();
    let own: i64 = sqlx::query("SELECT CONNECTION_ID()").fetch_one(&mut root).await.unwrap().get_unchecked(0);
    let mut killed = 0;
    for row in list {
        let (id, database) = (row.get_unchecked::<i64, _>(0), row.get_unchecked::<Option<String>, _>(3));
        if id != own && database.as_deref() == Some(name) {
            sqlx::raw_sql(sqlx::AssertSqlSafe(format!("KILL {id}"))).execute(&mut root).await.unwrap();
            killed += 1;
        }
    }
    assert!(killed >= 2, "a writer and a reader: {killed}");
    apply(&*ledger, 1, &[event(1, E::Stage)]).await;
    assert_eq!(transfer(&*ledger, 1).await.updated_ms, T0 + 1);
    verified(&*ledger).await;
}

async fn another_program_s_database_is_not_touched(books: &MysqlBooks) {
    let mut root = books.server.root("").await;
    sqlx::raw_sql("CREATE DATABASE other").execute(&mut root).await.unwrap();
    let mut other = books.server.root("other").await;
    sqlx::raw_sql("CREATE TABLE t (a BIGINT)").execute(&mut other).await.unwrap();
    let server = books.server.server("other");
    for error in [MysqlLedger::open(server.clone()).await.err(), MysqlLedger::open_read_only(server).await.err()] {
        let error = error.unwrap();
        assert!(error.to_string().contains("not a ledger of fpp"), "{error}");
    }
    let error = MysqlLedger::open_read_only(books.server.server(books.name().await)).await.err();
    if let Some(error) = error {
        assert!(error.to_string().contains("there is no ledger"), "{error}");
    }
    let nowhere = MysqlLedger::open(books.server.server("nowhere")).await.err().unwrap();
    assert!(nowhere.to_string().contains("database is not there"), "{nowhere}");
}

async fn a_newer_ledger_is_used_only_where_it_says_so(books: &MysqlBooks) {
    drop(books.open().await);
    // Beside them, because the database is lent again.
    run(books, "INSERT INTO schema_version SELECT CONCAT('true ', name), value FROM schema_version").await;
    run(books, "UPDATE schema_version SET value = 99 WHERE name = 'ledger'").await;
    let ledger = books.open().await;
    walk(&*ledger, [1], &[]).await;
    assert_eq!(transfer(&*books.open_read_only().await, 1).await.id, id(1));
    run(books, "UPDATE schema_version SET value = 99 WHERE name = 'compatible'").await;
    let server = books.server.server(books.name().await);
    for error in [MysqlLedger::open(server.clone()).await.err(), MysqlLedger::open_read_only(server).await.err()] {
        let error = error.unwrap();
        assert_eq!(error.code, Code::LEDGER);
        assert!(error.to_string().contains("schema version 99"), "{error}");
    }
    run(books, "DELETE FROM schema_version WHERE name NOT LIKE 'true %'").await;
    run(books, "UPDATE schema_version SET name = SUBSTR(name, 6)").await;
}

/// The plan of the read that every node repeats: an index range, nothing sorted.
async fn due_reads_walk_an_index(books: &MysqlBooks) {
    let ledger = books.open().await;
    walk(&*ledger, 1..=50, &[E::Claim, E::Hold]).await;
    let explain = "EXPLAIN SELECT id, next_attempt_ms FROM transfers WHERE queue = 1 AND next_attempt_ms <= 5 \
                   ORDER BY next_attempt_ms, id LIMIT 16";
    let rows = sqlx::raw_sql(explain).fetch_all(&mut books.session().await).await.unwrap();
    let plan: String = rows
        .iter()
        .flat_map(|row| (0..row.len()).map(|at| row.try_get_unchecked::<String, _>(at).unwrap_or_default()))
        .collect::<Vec<_>>()
        .join(" ");
    assert!(plan.contains("transfers_queue"), "{plan}");
    assert!(!plan.contains("filesort") && !plan.contains("SORT"), "{plan}");
}
