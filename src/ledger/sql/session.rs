//! What the books ask of a database: statements with values, rows with cells, and transactions. Everything else that
//! differs between engines stays behind these traits.
//!
//! Invariants: a value is a whole number, a text, bytes or nothing, so no engine rounds or guesses; a cell that holds
//! another kind than it should is an error that names its column. Statements use `?` and what SQLite, MariaDB, MySQL and
//! OceanBase have in common. It knows no table.

use crate::error::{Error, Result};
use crate::ledger::change::DaysAhead;
use async_trait::async_trait;
use fpp_codecs::Code;
use std::borrow::Cow;
use std::sync::Arc;

/// A value, in a statement or in a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// A statement and its values.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The SQL.
    pub sql: Cow<'static, str>,
    /// One for each `?`.
    pub values: Vec<Value>,
    /// The rows that it reads are to be kept from other writers until the transaction ends.
    pub locking: bool,
}

/// A statement that is written in the source.
pub fn sql(text: &'static str) -> Statement {
    Statement { sql: Cow::Borrowed(text), values: Vec::new(), locking: false }
}

impl Statement {
    /// A statement put together at run time, of pieces written in the source; values are bound like anywhere else.
    pub fn built(text: String) -> Statement {
        Statement { sql: Cow::Owned(text), values: Vec::new(), locking: false }
    }

    /// Binds the next value.
    pub fn bind(mut self, value: impl Into<Value>) -> Statement {
        self.values.push(value.into());
        self
    }

    /// Keeps other writers from the rows that are read, on engines that do not keep them away altogether.
    pub fn locking(mut self) -> Statement {
        self.locking = true;
        self
    }
}

macro_rules! int_values {
    ($($type:ty),*) => { $(impl From<$type> for Value {
        fn from(value: $type) -> Value {
            Value::Int(i64::from(value))
        }
    })* };
}
int_values!(i64, u32, u16, bool);

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::Text(value.to_owned())
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Value {
        Value::Text(value.clone())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::Text(value)
    }
}

impl From<&Vec<u8>> for Value {
    fn from(value: &Vec<u8>) -> Value {
        Value::Blob(value.clone())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// A row that was read.
#[derive(Clone, Debug)]
pub struct Row {
    /// Names of its columns; rows of one result share them.
    pub names: Arc<[String]>,
    /// Its cells.
    pub values: Vec<Value>,
}

impl Row {
    /// The cell of a column.
    pub fn get<T: Cell>(&self, column: impl Column) -> Result<T> {
        self.cell(column).map_err(|what| {
            Error::halt(Code::LEDGER, format!("a row of the ledger cannot be read: {what}"))
                .hint("Run `fpp ledger verify`; it names the row.")
        })
    }

    /// The same; says what is wrong, for who knows the row.
    pub fn cell<T: Cell>(&self, column: impl Column) -> Result<T, String> {
        let at = column.find(&self.names);
        match at.and_then(|at| self.values.get(at)) {
            Some(value) => T::of(value).ok_or_else(|| format!("{column} holds another kind of value")),
            None => Err(format!("there is no column {column}")),
        }
    }
}

/// How a column is named: by its place or by its name.
pub trait Column: std::fmt::Display {
    /// Its place.
    fn find(&self, names: &[String]) -> Option<usize>;
}

impl Column for usize {
    fn find(&self, _: &[String]) -> Option<usize> {
        Some(*self)
    }
}

impl Column for &str {
    fn find(&self, names: &[String]) -> Option<usize> {
        names.iter().position(|name| name == self)
    }
}

/// What a cell can be read as.
pub trait Cell: Sized {
    /// Nothing when the cell holds another kind of value, or a number out of range.
    fn of(value: &Value) -> Option<Self>;
}

macro_rules! int_cells {
    ($($type:ty),*) => { $(impl Cell for $type {
        fn of(value: &Value) -> Option<$type> {
            match value {
                Value::Int(number) => <$type>::try_from(*number).ok(),
                _ => None,
            }
        }
    })* };
}
int_cells!(i64, u64, u32, u16);

impl Cell for bool {
    fn of(value: &Value) -> Option<bool> {
        match value {
            Value::Int(0) => Some(false),
            Value::Int(1) => Some(true),
            _ => None,
        }
    }
}

impl Cell for String {
    fn of(value: &Value) -> Option<String> {
        match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

impl Cell for Vec<u8> {
    fn of(value: &Value) -> Option<Vec<u8>> {
        match value {
            Value::Blob(bytes) => Some(bytes.clone()),
            _ => None,
        }
    }
}

impl<T: Cell> Cell for Option<T> {
    fn of(value: &Value) -> Option<Option<T>> {
        match value {
            Value::Null => Some(None),
            value => T::of(value).map(Some),
        }
    }
}

/// Where statements are run.
#[async_trait]
pub trait Session: Send {
    /// All rows of a query.
    async fn rows(&mut self, statement: Statement) -> Result<Vec<Row>>;

    /// Runs a statement; the number of rows that it found to change.
    async fn execute(&mut self, statement: Statement) -> Result<u64>;

    /// Whether several sessions write at once, so that rows must be locked in an agreed order.
    fn is_shared(&self) -> bool;

    /// The last date that there is a partition for (`book_date.rs`), for who writes; nothing where there are none.
    fn last_book_date(&self) -> Option<i64> {
        None
    }

    /// The first row of a query.
    async fn row(&mut self, statement: Statement) -> Result<Option<Row>> {
        Ok(self.rows(statement).await?.into_iter().next())
    }

    /// The only row of a query that always has one.
    async fn one(&mut self, statement: Statement) -> Result<Row> {
        let row = self.row(statement).await?;
        row.ok_or_else(|| Error::internal("the ledger gave no row where there always is one"))
    }
}

/// A transaction. Dropped without its end, it is undone.
#[async_trait]
pub trait Transaction: Session {
    /// Commits, or undoes what was written.
    async fn end(self: Box<Self>, keep: bool) -> End;
}

/// How a transaction ended.
#[derive(Debug, Default)]
pub struct End {
    /// It was undone because another transaction stood in its way: the same work may succeed when it is done again.
    pub clashed: bool,
    /// What went wrong at the end itself. Whether a commit stands is then unknown.
    pub fault: Option<Error>,
}

/// One kind of database.
#[async_trait]
pub trait Engine: Send + Sync + 'static {
    /// For reads, each of which sees the newest commit.
    async fn read(&self) -> Result<Box<dyn Session>>;

    /// For reads that all see one and the same moment, until it is dropped.
    async fn snapshot(&self) -> Result<Box<dyn Session>>;

    /// Begins a transaction. What it reads with a lock is still true when it commits.
    async fn write(&self) -> Result<Box<dyn Transaction + '_>>;

    /// Whether journal and rejects are partitioned by business date.
    fn is_partitioned(&self) -> bool {
        false
    }

    /// Makes partitions for the days ahead of a time; for how many days there are some then.
    async fn make_days(&self, _now_ms: i64) -> Result<Option<DaysAhead>> {
        Ok(None)
    }

    /// Drops the partitions of dates before one that have no head; how many.
    async fn drop_days(&self, _before: i64) -> Result<u64> {
        Ok(0)
    }

    /// The engine's own look at the whole database: what is wrong, if something is.
    async fn whole(&self, session: &mut dyn Session) -> Result<Option<String>>;

    /// Closes all connections; what was committed stays.
    async fn close(&self);
}
