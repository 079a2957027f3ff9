//! What `decode` and `encode` read and write: files or `-`, plain or compressed, a progress bar on a terminal, output that appears whole or
//! not at all, and one summary line.

use super::compressed::{is_packed, unpacked};
use super::exit::Failure;
use super::output::{Output, note};
use super::show::grouped;
use fpp_codecs::format::Format;
use fpp_codecs::framing::{Place, beginning};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tempfile::NamedTempFile;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Bytes written at once.
const BUFFER_BYTES: usize = 1 << 18;
/// Exit codes of a program that a signal ended, as shells know them.
const INTERRUPTED: i32 = 130;
const TERMINATED: i32 = 143;

/// What is read: a file, or stdin for `-`.
pub(super) struct Input {
    /// Its bytes.
    pub(super) reader: Box<dyn Read + Send>,
    /// How many, when it is a file that is not compressed.
    pub(super) size: Option<u64>,
    /// For messages.
    pub(super) name: String,
    /// The same file, if one may begin anywhere in it.
    seekable: Option<File>,
}

impl Input {
    /// Opens it.
    pub(super) fn open(path: &Path) -> Result<Input, Failure> {
        if path == Path::new("-") {
            let (reader, _) = unpacked(io::stdin()).map_err(|e| Failure::file("read", "stdin", &e))?;
            return Ok(Input { reader, size: None, name: "stdin".to_owned(), seekable: None });
        }
        let name = path.display().to_string();
        let mut file = File::open(path).map_err(|e| Failure::file("read", &name, &e))?;
        let meta = file.metadata().map_err(|e| Failure::file("read", &name, &e))?;
        if meta.is_dir() {
            return Err(Failure::usage(format!("{name} is a folder; a file is needed, or - for stdin")));
        }
        if meta.is_file() && !is_packed(&mut file).map_err(|e| Failure::file("read", &name, &e))? {
            let seekable = file.try_clone().ok();
            return Ok(Input { reader: Box::new(file), size: Some(meta.len()), name, seekable });
        }
        let (reader, _) = unpacked(file).map_err(|e| Failure::file("read", &name, &e))?;
        Ok(Input { reader, size: None, name, seekable: None })
    }

    /// The bytes from a place on, if one may begin there.
    pub(super) fn from(self, offset: u64) -> Option<Box<dyn Read>> {
        let mut file = self.seekable?;
        file.seek(SeekFrom::Start(offset)).ok()?;
        Some(Box::new(file))
    }

    /// Goes to a record if the file and its framing allow it; gives the place where reading begins.
    pub(super) fn seek(&mut self, format: &Format, record: u64) -> Result<Place, Failure> {
        let mut place = format.framing.place(&[], 1, record);
        if let Some(file) = &mut self.seekable {
            let head = || beginning(&*file).and_then(|head| file.rewind().map(|()| head));
            place = place.behind_mark(format, head).map_err(|e| Failure::file("read", &self.name, &e))?;
        }
        match (&mut self.seekable, self.size) {
            (Some(file), Some(size)) if place.offset < size => {
                // Both handles share one place in the file.
                file.seek(SeekFrom::Start(place.offset)).map_err(|e| Failure::file("read", &self.name, &e))?;
                Ok(place)
            }
            _ => Ok(Place::START),
        }
    }
}

/// What is written: stdout, a device or pipe, or a file that appears under its name only when it is whole.
pub(super) enum Target<'a> {
    /// Stdout.
    Stdout(&'a mut Output),
    /// A temporary file beside the one asked for.
    File {
        /// Where it is written.
        file: Box<BufWriter<NamedTempFile>>,
        /// Where it shall appear.
        path: PathBuf,
    },
    /// A device or a pipe with a name, such as `/dev/null`: written to, never replaced by a file.
    Stream {
        /// Where it is written.
        file: BufWriter<File>,
        /// For messages.
        path: PathBuf,
    },
}

impl<'a> Target<'a> {
    /// Begins it; nothing or `-` is stdout.
    pub(super) fn open(path: Option<&Path>, out: &'a mut Output) -> Result<Target<'a>, Failure> {
        match path {
            None => Ok(Target::Stdout(out)),
            Some(path) if path == Path::new("-") => Ok(Target::Stdout(out)),
            Some(path) => Target::file(path),
        }
    }

    /// Begins a file.
    pub(super) fn file(path: &Path) -> Result<Target<'a>, Failure> {
        use std::os::unix::fs::PermissionsExt;
        let fault = |e: io::Error| Failure::file("write", path.display(), &e);
        match std::fs::metadata(path) {
            Ok(meta) if meta.is_dir() => {
                return Err(Failure::usage(format!("{} is a folder; a name for the file is needed", path.display())));
            }
            Ok(meta) if !meta.is_file() => {
                return Ok(Target::stream(File::options().write(true).open(path).map_err(fault)?, path));
            }
            _ => {}
        }
        // What a link leads to is written, and the link stays.
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let folder = real.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let interrupts = Interrupts::catch();
        let file = tempfile::Builder::new()
            .prefix(".fpp-")
            .suffix(".part")
            .permissions(std::fs::Permissions::from_mode(0o666))
            .tempfile_in(folder)
            .map_err(fault)?;
        if let Some(interrupts) = interrupts {
            interrupts.remove(file.path().to_owned());
        }
        let file = Box::new(BufWriter::with_capacity(BUFFER_BYTES, file));
        Ok(Target::File { file, path: real })
    }

    /// Begins stdout once more, beside what else is written; `-` for rejects.
    pub(super) fn stdout_too() -> Result<Target<'a>, Failure> {
        let stdout = io::stdout().as_fd().try_clone_to_owned().map_err(|e| Failure::file("write", "stdout", &e))?;
        Ok(Target::stream(File::from(stdout), Path::new("stdout")))
    }

    fn stream(file: File, path: &Path) -> Target<'a> {
        Target::Stream { file: BufWriter::with_capacity(BUFFER_BYTES, file), path: path.to_owned() }
    }

    /// Writes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Target::Stdout(out) => Ok(out.write_all(bytes)?),
            Target::File { file, path } => {
                file.write_all(bytes).map_err(|e| Failure::file("write", path.display(), &e))
            }
            Target::Stream { file, path } => {
                file.write_all(bytes).map_err(|e| Failure::file("write", path.display(), &e))
            }
        }
    }

    /// Lets it appear under its name, its bytes on disk. Dropped without this, nothing appears.
    pub(super) fn finish(self) -> Result<(), Failure> {
        match self {
            Target::Stdout(out) => Ok(out.flush()?),
            Target::File { file, path } => {
                let fault = |e: io::Error| Failure::file("write", path.display(), &e);
                let file = file.into_inner().map_err(|e| fault(e.into_error()))?;
                file.as_file().sync_all().map_err(fault)?;
                file.persist(&path).map_err(|e| fault(e.error))?;
                Ok(())
            }
            Target::Stream { mut file, path } => file.flush().map_err(|e| Failure::file("write", path.display(), &e)),
        }
    }
}

/// Refuses to write a file that is read, or two outputs of one name: whoever came last would win, and the other is gone.
pub(super) fn distinct<'p>(
    read: impl IntoIterator<Item = &'p Path>,
    written: impl IntoIterator<Item = &'p Path>,
) -> Result<(), Failure> {
    let mut taken: Vec<PathBuf> = read.into_iter().filter_map(place).collect();
    let sources = taken.len();
    for path in written {
        let Some(place) = place(path) else { continue };
        let name = path.display();
        match taken.iter().position(|other| *other == place) {
            Some(at) if at < sources => {
                return Err(Failure::usage(format!("{name} is read and would be written over: name another output")));
            }
            Some(_) => return Err(Failure::usage(format!("{name} is named for two outputs: each needs its own file"))),
            None => taken.push(place),
        }
    }
    Ok(())
}

/// Where a file lies, or would lie; nothing for devices, pipes and `-`.
fn place(path: &Path) -> Option<PathBuf> {
    match std::fs::metadata(path) {
        _ if path == Path::new("-") => None,
        Ok(meta) => meta.is_file().then(|| path.canonicalize().ok())?,
        Err(_) => {
            let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            Some(folder.canonicalize().ok()?.join(path.file_name()?))
        }
    }
}

/// Ctrl-C and SIGTERM end a verb at once, but its half-written file goes with it. Once the file has its name, there is
/// nothing left to remove.
struct Interrupts {
    runtime: Runtime,
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    /// From now on signals are caught. Where they cannot be, a half-written file stays under its temporary name.
    fn catch() -> Option<Interrupts> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        let entered = runtime.enter();
        let (interrupt, terminate) = (signal(SignalKind::interrupt()).ok()?, signal(SignalKind::terminate()).ok()?);
        drop(entered);
        Some(Interrupts { runtime, interrupt, terminate })
    }

    /// Removes the file and ends the program when one comes.
    fn remove(mut self, path: PathBuf) {
        std::thread::spawn(move || {
            let code = self.runtime.block_on(async {
                tokio::select! {
                    _ = self.interrupt.recv() => INTERRUPTED,
                    _ = self.terminate.recv() => TERMINATED,
                }
            });
            let _ = std::fs::remove_file(&path);
            std::process::exit(code);
        });
    }
}

/// How far a verb has come.
pub(super) struct Progress {
    bar: ProgressBar,
    started: Instant,
}

impl Progress {
    /// A bar over the input's bytes, on a terminal only.
    pub(super) fn new(size: Option<u64>) -> Progress {
        let bar = match size {
            Some(size) if io::stderr().is_terminal() => {
                let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}");
                let bar = ProgressBar::with_draw_target(Some(size), ProgressDrawTarget::stderr_with_hz(8));
                bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
            }
            _ => ProgressBar::hidden(),
        };
        Progress { bar, started: Instant::now() }
    }

    /// So many bytes are done.
    pub(super) fn at(&self, bytes: u64) {
        self.bar.set_position(bytes);
    }

    /// The last word: `decoded 1,000 records, 2 refused, 480,000 bytes in 0.01 s, 45.8 MiB/s`; `also` stands behind the
    /// refused.
    pub(super) fn finish(&self, done: &str, records: u64, refused: u64, also: &[String], bytes: u64) {
        self.bar.finish_and_clear();
        let seconds = self.started.elapsed().as_secs_f64();
        #[allow(clippy::cast_precision_loss)] // a rate for people
        let rate = bytes as f64 / seconds.max(1e-6) / f64::from(1 << 20);
        let also: String = also.iter().map(|also| format!(" {also},")).collect();
        note(format_args!(
            "{done} {} records, {} refused,{also} {} bytes in {seconds:.2} s, {rate:.1} MiB/s",
            grouped(records),
            grouped(refused),
            grouped(bytes)
        ));
    }
}
