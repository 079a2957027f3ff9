//! `[notify]`: the command that is run for each new notice, so that a person hears of it who reads no screen.

use super::reading::Reader;
use fpp_codecs::source::Section;
use std::path::PathBuf;

/// The command and its bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notify {
    /// The program; it is started itself, by no shell.
    pub program: PathBuf,
    /// Its arguments, as they are.
    pub arguments: Vec<String>,
    /// Variables of the node's own environment that it gets; none but these, and those that tell of the notice.
    pub environment: Vec<String>,
    /// Only notices of severity `error`.
    pub errors_only: bool,
    /// It is killed after this time.
    pub timeout_ms: u64,
    /// Most that run at once.
    pub at_once: usize,
}

/// Reads `[notify]`.
pub(super) fn read(root: &Section<'_>, reader: &Reader) -> Option<Notify> {
    let section = root.section("notify")?;
    let mut command = section.texts("command").into_iter();
    let program = command.next().unwrap_or_default();
    if program.is_empty() {
        section.fault("command", "is missing: [\"PROGRAM\", \"ARGUMENT\", ...]");
    }
    // A name without a folder would depend on whose PATH the node happens to have.
    let program = if program.contains('/') { reader.path(&program) } else { PathBuf::from(program) };
    if program.parent().is_some_and(|folder| folder.as_os_str().is_empty()) && section.has("command") {
        section.fault("command", "names the program by its path, such as /usr/local/bin/page");
    } else if section.has("command") && !is_executable(&program) {
        section.fault("command", format_args!("{} is no file that can be run", program.display()));
    }
    let environment = section.texts("environment");
    if let Some(name) = environment.iter().find(|name| name.is_empty() || name.contains(['=', '\0'])) {
        // What stands behind `=` may be secret.
        let name = name.split('=').next().unwrap_or_default();
        section
            .fault("environment", format_args!("`{name}`: only the name of a variable, its value never stands here"));
    }
    let errors_only = section.choice("severity", &[("warn", false), ("error", true)]).unwrap_or(false);
    let timeout_ms = section.number_in("timeout_ms", 100..=600_000).map_or(10_000, i64::unsigned_abs);
    let at_once = section.number_in("at_once", 1..=64).and_then(|n| usize::try_from(n).ok()).unwrap_or(2);
    section.no_more();
    Some(Notify { program, arguments: command.collect(), environment, errors_only, timeout_ms, at_once })
}

fn is_executable(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}
