//! Loading: the samples are good, and what is wrong is told where it is written.

mod outlets;
mod partners;

use super::{DayControl, Outlet, Ready, Settings, SourceAction};
use crate::trade::plan::rules::{IdentityFrom, Policy};
use std::path::{Path, PathBuf};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config")
}

/// A configuration with the sample's layouts and mappings, and `change` made to its route.
fn load(node: &str, change: impl Fn(String) -> String) -> Result<Settings, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let routes = folder.path().join("routes");
    std::fs::create_dir(&routes).unwrap();
    std::fs::write(folder.path().join("key"), "k").unwrap();
    std::fs::write(folder.path().join("risk.secret"), "0123456789abcdef").unwrap();
    let token = format!("[token.risk]\nsha256 = \"{}\"\nroutes = [\"*\"]\n", "9f".repeat(32));
    std::fs::write(folder.path().join("tokens.toml"), token).unwrap();
    let head = "node = \"a\"\ninstallation = \"t\"\ndata_dir = \"data\"\nroutes = \"routes/*.toml\"\n";
    let spools = "[spool.core-out]\nkind = \"local\"\npath = \".\"\n[spool.core-in]\nkind = \"local\"\npath = \".\"\n";
    std::fs::write(folder.path().join("fpp.toml"), format!("{head}{node}{spools}")).unwrap();
    let route = std::fs::read_to_string(samples().join("routes/pmtrd.toml")).unwrap();
    let route = change(route.replace("\"../", &format!("\"{}/", samples().display())));
    std::fs::write(routes.join("pmtrd.toml"), route).unwrap();
    let place = format!("{}/", folder.path().display());
    Settings::load(&folder.path().join("fpp.toml"))
        .map_err(|faults| faults.iter().map(|f| f.to_string().replace(&place, "")).collect())
}

fn faults(node: &str, change: impl Fn(String) -> String) -> Vec<String> {
    load(node, change).map(|_| ()).unwrap_err()
}

#[test]
fn the_samples_load_and_freeze() {
    let settings = Settings::load(&samples().join("fpp.toml")).unwrap();
    assert_eq!(settings.routes.len(), 2);
    let route = settings.route("pmtrd").unwrap();
    assert_eq!((route.rules.policy, route.day), (Policy::Partial, DayControl::None));
    assert!(matches!(&route.rules.identity, IdentityFrom::Header { date, .. } if date == "BIZDAT"));
    assert_eq!(route.outlets, [Outlet::Stream]);
    assert_eq!(route.source, SourceAction::Move { subfolder: "done".into() });
    assert!(matches!(&route.ready, Ready::Marker { pattern, .. } if pattern == "{name}.OK"));
    let bundle = route.bundle(&settings).unwrap();
    assert_eq!(bundle.digest(), bundle.compile().unwrap().digest);
    assert_eq!(bundle.format.format.file, "layouts/pmtrd.toml");
    assert_eq!(bundle.rules.installation, "sample");
}

#[test]
fn a_mapping_that_does_not_fit_is_told_in_its_own_file() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong.toml");
    let mapping = std::fs::read_to_string(samples().join("events/pmtrd.toml")).unwrap();
    std::fs::write(&wrong, mapping.replacen("field = \"STAT\"", "field = \"STATUS\"", 1)).unwrap();
    let good = format!("{}/events/pmtrd.toml", samples().display());
    let found = faults("", |route| route.replace(&good, &wrong.display().to_string()));
    assert!(found.iter().any(|f| f.starts_with(&wrong.display().to_string()) && f.contains("STATUS")), "{found:#?}");
}

#[test]
fn identity_must_be_there_to_be_found() {
    let found = faults("", |route| route.replace("\"BIZDAT\"", "\"BIZDATE\"").replace("RECLEN = ", "RECLENGTH = "));
    assert!(found.iter().any(|f| f.contains("date: the header PMTRDH has no field `BIZDATE`")), "{found:#?}");
    assert!(found.iter().any(|f| f.contains("RECLENGTH: the header PMTRDH has no field")), "{found:#?}");
    assert_eq!(found.len(), 2, "{found:#?}");
}

#[test]
fn doors_are_closed_unless_there_are_tokens() {
    let open = "[http]\nlisten = \"0.0.0.0:8650\"\n";
    assert!(faults(open, |route| route)[0].contains("needs a token_file"));
    assert!(load(&format!("{open}token_file = \"tokens.toml\"\n"), |route| route).is_ok());
    assert!(!faults(&format!("{open}token_file = \"key\"\n"), |route| route).is_empty(), "a file without tokens");
}

#[test]
fn a_flag_names_a_date_an_act_and_routes_with_day_control() {
    let flag = |keys: &str| format!("[[spool.core-out.day_flag]]\n{keys}\n");
    let controlled = |route: String| route.replace("day_control = \"none\"", "day_control = \"ledger\"");
    let good = flag("files = \"DAY_{date}.OPEN\"\nact = \"open\"\nroutes = [\"pmtrd\"]");
    let settings = load(&good, controlled).unwrap();
    let flags = &settings.spool("core-out").unwrap().day_flags;
    assert_eq!((flags[0].open, &flags[0].source), (true, &crate::settings::SourceAction::Leave));
    for (from, to, words) in [
        ("{date}", "X", "needs {date}"),
        ("act = \"open\"", "", "open or close is needed"),
        ("[\"pmtrd\"]", "[]", "must name the routes"),
        ("[\"pmtrd\"]", "[\"other\"]", "there is no route `other`"),
    ] {
        let found = faults(&good.replace(from, to), controlled);
        assert!(found.iter().any(|f| f.contains(words)), "{to}: {found:?}");
    }
    assert!(faults(&good, |route| route)[0].contains("has no day_control"));
}

#[test]
fn control_files_and_indexes_are_read_and_what_is_unclear_is_told() {
    let ready = |text: &'static str| {
        move |route: String| {
            let (before, rest) = route.split_once("[ready]").unwrap();
            let (_, after) = rest.split_once("[policy]").unwrap();
            format!("{before}[ready]\n{text}\n[policy]{after}")
        }
    };
    let index = "marker = \"INDEX.LST\"\ncontent = \"index\"\ncolumns = [\"name\", \"-\", \"size\"]\nseparator = \"tab\"\nwarn_after_ms = 60000";
    let settings = load("", ready(index)).unwrap();
    let route = settings.route("pmtrd").unwrap();
    let Ready::Marker { control: Some(control), .. } = &route.ready else { panic!("{:?}", route.ready) };
    assert!(control.index && route.warn_after_ms == 60_000 && !route.states_amount());
    let lines = "marker = \"{stem}.CTL\"\ncontent = \"control\"\n[ready.lines]\nsize = \"BYTES\"\namount = \"SUM\"";
    assert!(load("", ready(lines)).unwrap().route("pmtrd").unwrap().states_amount());
    for (text, told) in [
        ("marker = \"INDEX.LST\"\ncontent = \"control\"\ncolumns = [\"size\"]", "does not tell data from marker"),
        ("marker = \"{stem}.CTL\"\ncontent = \"control\"", "needs either [ready.lines]"),
        ("marker = \"{stem}.CTL\"\ncontent = \"index\"\ncolumns = [\"size\"]", "needs a column of names"),
        ("marker = \"{stem}.CTL\"\ncontent = \"control\"\ncolumns = [\"bytes\"]", "`bytes` is not one of: name, size"),
        (
            "marker = \"{stem}.CTL\"\ncontent = \"control\"\ncolumns = [\"size\"]\nseparator = \"ab\"",
            "neither one character",
        ),
        ("marker = \"{stem}.OK\"\ncontent = \"size\"\ncolumns = [\"size\"]", "must be control or index"),
        ("quiet_ms = 1000\ncontent = \"control\"\ncolumns = [\"size\"]", "belongs to a marker"),
    ] {
        let found = faults("", ready(text));
        assert!(found.iter().any(|fault| fault.contains(told)), "{text}: {found:#?}");
    }
    // An amount needs something to be compared with.
    let found = faults("", |route| {
        let route = ready(lines)(route);
        let (before, _) = route.split_once("[answer]").unwrap();
        before.to_owned()
    });
    assert!(found.iter().any(|fault| fault.contains("the answer's `amount`")), "{found:#?}");
}

#[test]
fn a_series_is_read_and_what_is_unclear_is_told() {
    let calendars = format!("calendars = \"{}/calendars.toml\"\n", samples().display());
    let with = |text: &'static str| move |route: String| format!("{route}\n[series]\n{text}\n");
    let good = "calendar = \"sge\"\nordered = true\nanswer_within_ms = 60000\n[[series.expect]]\nbatch = 1\nto = 3\n\
                by = \"25:30\"\nwarn_at = \"25:10\"";
    let settings = load(&calendars, with(good)).unwrap();
    let series = &settings.route("pmtrd").unwrap().series;
    assert_eq!((series.ordered, series.first_batch, series.answer_within_ms), (true, 1, Some(60_000)));
    assert_eq!((series.expected[0].name(), series.expected[0].by.to_string()), ("0001-0003".into(), "25:30".into()));
    for (text, told) in [
        ("calendar = \"nyse\"", "there is no calendar `nyse`; known: bank, sge"),
        ("[[series.expect]]\nbatch = 1\nby = \"18:30\"", "needs a calendar"),
        ("calendar = \"bank\"\n[[series.expect]]\nbatch = 1", "by: is missing"),
        (
            "calendar = \"bank\"\n[[series.expect]]\nbatch = 1\nby = \"18:30\"\nwarn_at = \"18:30\"",
            "must be before 18:30",
        ),
        ("calendar = \"bank\"\n[[series.expect]]\nbatch = 3\nto = 2\nby = \"18:30\"", "is before the first batch"),
        (
            "calendar = \"bank\"\n[[series.expect]]\nbatch = 1\nto = 3\nby = \"18:30\"\n[[series.expect]]\nbatch = 3\nby = \"19:30\"",
            "expected twice",
        ),
        (
            "calendar = \"bank\"\ncut_off = \"18:00\"\n[[series.expect]]\nbatch = 1\nby = \"18:30\"",
            "18:00 is before 18:30",
        ),
        ("cut_off = \"6pm\"", "no time of a business date"),
        ("taken_within_ms = 5", "taken_within_ms"),
    ] {
        let found = faults(&calendars, with(text));
        assert!(found.iter().any(|fault| fault.contains(told)), "{text}: {found:#?}");
    }
    let counted = |route: String| {
        let (before, rest) = route.split_once("[identity]").unwrap();
        let (_, after) = rest.split_once("[header]").unwrap();
        format!("{before}[header]{after}\n[series]\nordered = true\n")
    };
    assert!(faults(&calendars, counted)[0].contains("needs an identity"));
    let open = |route: String| route.replace("day_control = \"none\"", "day_control = \"calendar\"");
    assert!(faults(&calendars, open)[0].contains("calendar needs `calendar` in [series]"));
    assert!(faults("", with("calendar = \"bank\""))[0].contains("fpp.toml names their file"));
}

#[test]
fn a_command_is_a_program_and_no_words_for_a_shell() {
    let good = "[notify]\ncommand = [\"/bin/sh\", \"-c\", \"true\"]\nenvironment = [\"PATH\"]\nseverity = \"error\"\n";
    let notify = load(good, |route| route).unwrap().notify.unwrap();
    assert_eq!((notify.arguments.len(), notify.errors_only, notify.timeout_ms, notify.at_once), (2, true, 10_000, 2));
    for (text, told) in [
        ("severity = \"warn\"", "command: is missing"),
        ("command = [\"page --to ops\"]", "names the program by its path"),
        ("command = [\"/no/such/program\"]", "is no file that can be run"),
        ("command = [\"/bin/sh\"]\nenvironment = [\"TOKEN=secret\"]", "`TOKEN`: only the name of a variable"),
        ("command = [\"/bin/sh\"]\ntimeout_ms = 0", "timeout_ms"),
    ] {
        let found = faults(&format!("[notify]\n{text}\n"), |route| route);
        assert!(found.iter().any(|fault| fault.contains(told)), "{text}: {found:#?}");
    }
}
