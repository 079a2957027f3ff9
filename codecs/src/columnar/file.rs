//! Chunks to the bytes of a file.
//!
//! A row group ends after a number of rows or bytes, so that memory is bounded whatever the file's size: one row group,
//! encoded, and one chunk.

use super::column::Chunk;
use super::schema::Table;
use arrow_ipc::writer::{FileWriter, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use std::fmt::Display;

/// Rows of a row group, at most.
const GROUP_ROWS: usize = 1 << 18;
/// Encoded bytes of a row group after which it ends.
const GROUP_BYTES: usize = 8 << 20;

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnForm {
    /// Apache Parquet.
    Parquet,
    /// Arrow IPC, a file that can be read from its middle.
    ArrowFile,
    /// Arrow IPC, a stream.
    ArrowStream,
}

/// Writes one file.
pub struct ColumnFile(Inner);

enum Inner {
    Parquet(Box<ArrowWriter<Vec<u8>>>),
    File(Box<FileWriter<Vec<u8>>>),
    Stream(Box<StreamWriter<Vec<u8>>>),
}

fn told(error: impl Display) -> String {
    error.to_string()
}

impl ColumnFile {
    /// Begins a file of a table.
    pub fn new(table: &Table, form: ColumnForm) -> Result<ColumnFile, String> {
        let schema = &table.schema;
        let inner = match form {
            ColumnForm::Parquet => {
                let about = schema.metadata().iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
                let properties = WriterProperties::builder()
                    .set_compression(Compression::SNAPPY)
                    .set_max_row_group_row_count(Some(GROUP_ROWS))
                    .set_key_value_metadata(Some(about.collect()))
                    .set_created_by(concat!("fpp ", env!("CARGO_PKG_VERSION")).to_owned())
                    .build();
                let writer = ArrowWriter::try_new(Vec::new(), schema.clone(), Some(properties));
                Inner::Parquet(Box::new(writer.map_err(told)?))
            }
            ColumnForm::ArrowFile => {
                let mut writer = FileWriter::try_new(Vec::new(), schema).map_err(told)?;
                schema.metadata().iter().for_each(|(key, value)| writer.write_metadata(key, value));
                Inner::File(Box::new(writer))
            }
            ColumnForm::ArrowStream => {
                Inner::Stream(Box::new(StreamWriter::try_new(Vec::new(), schema).map_err(told)?))
            }
        };
        Ok(ColumnFile(inner))
    }

    /// Appends the bytes that a chunk makes ready.
    pub fn write(&mut self, chunk: &Chunk, out: &mut Vec<u8>) -> Result<(), String> {
        match &mut self.0 {
            Inner::Parquet(writer) => {
                writer.write(&chunk.0).map_err(told)?;
                if writer.in_progress_size() >= GROUP_BYTES {
                    writer.flush().map_err(told)?;
                }
                out.append(writer.inner_mut());
            }
            Inner::File(writer) => {
                writer.write(&chunk.0).map_err(told)?;
                out.append(writer.get_mut());
            }
            Inner::Stream(writer) => {
                writer.write(&chunk.0).map_err(told)?;
                out.append(writer.get_mut());
            }
        }
        Ok(())
    }

    /// Appends the rest.
    pub fn finish(self, out: &mut Vec<u8>) -> Result<(), String> {
        let mut rest = match self.0 {
            Inner::Parquet(writer) => writer.into_inner().map_err(told)?,
            Inner::File(writer) => writer.into_inner().map_err(told)?,
            Inner::Stream(writer) => writer.into_inner().map_err(told)?,
        };
        out.append(&mut rest);
        Ok(())
    }
}

impl std::fmt::Debug for ColumnFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ColumnFile")
    }
}
