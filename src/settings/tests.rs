//! Loading: the samples are good, and what is wrong is told where it is written.

use super::{DayControl, Outlet, Ready, Settings, SftpAuth, SourceAction, SpoolKind};
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
fn a_partner_is_pinned_and_its_secret_is_a_file() {
    let partner = "[spool.p]\nkind = \"sftp\"\nhost = \"h\"\nuser = \"u\"\npath = \"/x\"\n";
    let found = faults(&format!("{partner}password = \"p\"\n"), |route| route);
    let expected = ["needs a pinned host key", "needs exactly one of: key_file", "a secret never stands here"];
    assert!(expected.iter().all(|e| found.iter().any(|f| f.contains(e))), "{found:#?}");
    let good = format!("{partner}key_file = \"key\"\nhost_keys = [\"SHA256:abc\"]\n");
    let settings = load(&good, |route| route).unwrap();
    let SpoolKind::Sftp(sftp) = &settings.spool("p").unwrap().kind else { panic!("not SFTP") };
    assert!(matches!(&sftp.auth, SftpAuth::KeyFile { path, .. } if path.ends_with("key")));
    assert!(settings.warnings.iter().any(|w| w.message.contains("chmod 600")), "{:?}", settings.warnings);
}

#[test]
fn doors_are_closed_unless_there_are_tokens() {
    let open = "[http]\nlisten = \"0.0.0.0:8650\"\n";
    assert!(faults(open, |route| route)[0].contains("needs a token_file"));
    assert!(load(&format!("{open}token_file = \"tokens.toml\"\n"), |route| route).is_ok());
    assert!(!faults(&format!("{open}token_file = \"key\"\n"), |route| route).is_empty(), "a file without tokens");
}

fn partner(more: &str) -> String {
    format!(
        "[spool.far]\nkind = \"sftp\"\nhost = \"h\"\nuser = \"u\"\nagent = true\nhost_keys = [\"SHA256:x\"]\n\
         path = \"/in\"\n{more}\n"
    )
}

#[test]
fn partners_have_standbys_and_no_database_members() {
    let standby =
        "case = \"fold\"\nname_max = 10\n[[spool.far.standby]]\nhost = \"dr\"\nport = 2022\nhost_keys = [\"SHA256:y\"]";
    let settings = load(&partner(standby), |route| route).unwrap();
    let spool = settings.spool("far").unwrap();
    assert_eq!((spool.fold, spool.name_max), (true, Some(10)));
    let SpoolKind::Sftp(sftp) = &spool.kind else { panic!("{spool:?}") };
    assert_eq!((sftp.standbys[0].host.as_str(), sftp.standbys[0].port), ("dr", 2022));
    let unpinned = faults(&partner("[[spool.far.standby]]\nhost = \"dr\""), |route| route);
    assert!(unpinned[0].contains("needs a pinned host key"), "{unpinned:?}");
    for path in ["/QSYS.LIB/APP.LIB/PMACK.FILE", "/iasp1/qsys.lib/APP.LIB"] {
        let found = faults(&partner("").replace("/in", path), |route| route);
        assert!(found[0].contains("CPYFRMSTMF"), "{found:?}");
    }
    assert!(load(&partner("").replace("/in", "/home/QSYS.LIBRARY"), |route| route).is_ok());
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
fn a_route_runs_only_what_the_allow_list_of_its_partner_has() {
    let run = |route: String| route.replace("[answer]\n", "[answer]\nrun_after = \"load\"\n");
    let to_far = move |route: String| {
        let (head, answer) = route.split_once("[answer]").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        run(format!("{head}[answer]{}", answer.replace("\"core-in\"", "\"far\"")))
    };
    let command = |keys: &str| partner(&format!("[spool.far.command.load]\n{keys}"));
    let good = "run = \"load {name}\"\nexpect = \"CPC1221\"";
    let settings = load(&command(good), to_far).unwrap();
    assert_eq!(settings.routes[0].followed_by("far", "load").len(), 1);
    assert!(faults("", run)[0].contains("spool core-in has no command `load`; it has: none"));
    assert!(faults(&command(good).replace("load]", "other]"), to_far)[0].contains("it has: other"));
    for (keys, words) in [
        ("run = \"load {path}\"\nexpect = \"x\"", "begins neither {name} nor {object}"),
        ("run = \"a\\nb\"\nexpect = \"x\"", "one line"),
        ("run = \"a\"\nexpect = \" \"", "an exit code of 0 alone is no proof"),
        ("run = \"a\"", "expect: is missing"),
    ] {
        let found = faults(&command(keys), to_far);
        assert!(found.iter().any(|f| f.contains(words)), "{keys}: {found:?}");
    }
    let here = "[spool.here]\nkind = \"local\"\npath = \".\"\n[spool.here.command.load]\nrun = \"a\"\nexpect = \"b\"\n";
    assert!(faults(here, |route| route)[0].contains("is for spools of kind sftp"));
}

#[test]
fn names_that_a_partner_cannot_have_are_told_before_anything_is_sent() {
    let far = partner("name_max = 10");
    let sent = |name: &'static str, checksums: &'static str| {
        move |route: String| {
            let answer = route.split_once("[answer]").unwrap().1.to_owned();
            let changed = answer
                .replace("\"core-in\"", "\"far\"")
                .replace("PMACK_{date}_{batch:4}_{run:2}_{answer}.TXT", name)
                .replace("checksums = [\"sha256\"]", checksums)
                .replace("marker = \"{name}.OK\"\nmarker_content = \"empty\"", "");
            route.replace(&answer, &changed)
        }
    };
    let found = faults(&far, sent("A{date}{batch:2}{answer:2}", ""));
    assert!(found[0].contains("A202506200101 has more than the 10 characters"), "{found:?}");
    let found = faults(&far, sent("A{mmdd}{batch:2}{run:1}{answer:2}", "checksums = [\"sm3\"]"));
    assert!(found[0].contains("A062001001.sm3 has more"), "{found:?}");
    load(&far, sent("A{mmdd}{batch:2}{run:1}{answer:2}", "")).unwrap();
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

#[test]
fn a_route_names_an_outlet_of_the_node_once_and_by_its_kind() {
    let named = |keys: &str| {
        let outlet = format!("\n[[outlet]]\n{keys}\n");
        move |route: String| route + &outlet
    };
    let node = "[outlet.shipper]\nkind = \"append\"\npath = \"events\"\nbatch_events = 50\n";
    let good = "kind = \"append\"\nname = \"shipper\"\nrequired = false\ntypes = [\"pm.trade.*\"]\n";
    let settings = load(node, named(good)).unwrap();
    let place = &settings.outlets[0];
    assert_eq!((place.name.as_str(), place.kind, place.batch_events, place.probe_ms), ("shipper", "append", 50, 1_000));
    let (required, masked, filter) = settings.route("pmtrd").unwrap().pushes_to("shipper").unwrap();
    assert_eq!((required, masked, filter.types.as_slice()), (false, true, &["pm.trade.*".to_owned()][..]));
    for (node, keys, told) in [
        ("", good, "the node has no outlet `shipper`; it has: none"),
        (node, "kind = \"append\"\nname = \"other\"\n", "it has: shipper"),
        (node, "kind = \"database\"\nname = \"shipper\"\n", "is of kind append, not database"),
        (
            node,
            "kind = \"append\"\nname = \"shipper\"\n[[outlet]]\nkind = \"append\"\nname = \"shipper\"\n",
            "stands there twice",
        ),
        (node, "kind = \"append\"\n", "name: is missing"),
        (node, "kind = \"appendix\"\nname = \"shipper\"\n", "is not one of: stream, file, append"),
        ("[outlet.core-in]\nkind = \"append\"\npath = \"x\"\n", "kind = \"stream\"\n", "is the name of a spool"),
        ("[outlet.o]\nkind = \"append\"\n", "kind = \"stream\"\n", "path: is missing"),
        ("[outlet.o]\npath = \"x\"\n", "kind = \"stream\"\n", "kind: is missing; known: append"),
        ("[outlet.o]\nkind = \"append\"\npath = \"x\"\nbatch_events = 0\n", "kind = \"stream\"\n", "batch_events"),
        (
            "[outlet.o]\nkind = \"append\"\npath = \"x\"\n[outlet.p]\nkind = \"append\"\npath = \"./x\"\n",
            "kind = \"stream\"\n",
            "fpp.toml:10:8: path: is that of outlet `o` as well",
        ),
        (
            "[outlet.o]\nkind = \"append\"\npath = \"x\"\nmode = \"0666\"\n",
            "kind = \"stream\"\n",
            "`0666` is no mode from 0600",
        ),
        ("[outlet.\"a b\"]\nkind = \"append\"\npath = \"x\"\n", "kind = \"stream\"\n", "letters, digits"),
    ] {
        let found = faults(node, named(keys));
        assert!(found.iter().any(|fault| fault.contains(told)), "{node} {keys}: {found:#?}");
    }
}

#[test]
fn a_fault_of_an_outlet_is_told_once_and_where_it_is() {
    let route = |keys: &'static str| move |route: String| route + keys;
    let two = "\n[[outlet]]\nkind = \"stream\"\n[[outlet]]\nkind = \"append\"\nname = \"risk\"\n";
    let at = load("", route(two)).unwrap_err();
    let lines = std::fs::read_to_string(samples().join("routes/pmtrd.toml")).unwrap().lines().count();
    assert_eq!(at.len(), 1, "{at:#?}");
    assert!(at[0].contains(&format!("pmtrd.toml:{}:8: name: the node has no outlet", lines + 6)), "{at:#?}");
    let risk = "[outlet.risk]\nkind = \"append\"\npath = \"x\"\n";
    for keys in ["batch_events = 0\n", "mode = \"0777\"\n"] {
        let found = faults(&format!("{risk}{keys}"), route(two));
        assert_eq!(found.len(), 1, "its own fault alone: {found:#?}");
    }
    let found = faults("[outlet.risk]\nkind = \"append\"\n", route(two));
    assert!(found.len() == 1 && found[0].contains("path: is missing"), "{found:#?}");
}

#[test]
fn a_filter_that_takes_nothing_is_warned_of() {
    let node = "[outlet.risk]\nkind = \"append\"\npath = \"x\"\n";
    let with = |keys: &str| {
        let outlet = format!("\n[[outlet]]\nkind = \"append\"\nname = \"risk\"\n{keys}\n");
        let settings = load(node, move |route| route + &outlet).unwrap();
        settings
            .warnings
            .iter()
            .map(ToString::to_string)
            .filter(|w| w.contains("outlet") || w.contains("route"))
            .collect::<Vec<_>>()
    };
    for good in
        ["types = [\"pm.trade.*\", \"pm.trade.voided.v1\", \"pm.file.posted.v1\"]", "instruments = [\"Au99.99\"]"]
    {
        assert_eq!(with(good), [""; 0]);
    }
    let told = with("types = [\"pm.trade.executed.v1\", \"pm.trde.*\"]\ninstruments = [\"Au99.98\"]");
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(
        told.iter().any(|w| w.contains("types: no event of the route is of type `pm.trde.*`; it has: pm.")),
        "{told:#?}"
    );
    assert!(told.iter().any(|w| w.contains("no instrument `Au99.98`")), "{told:#?}");
}

#[test]
fn one_database_has_one_view_of_a_route() {
    let place = |name: &str| format!("[outlet.{name}]\nkind = \"database\"\nurl = \"mysql://a@h/books\"\n");
    let node = place("a") + &place("b");
    let named = |views: [&str; 2]| {
        let one = |name: &str, view: &str| {
            format!("\n[[outlet]]\nkind = \"database\"\nname = \"{name}\"\nsensitive = \"{view}\"\n")
        };
        let both = one("a", views[0]) + &one("b", views[1]);
        move |route: String| route + &both
    };
    let found = faults(&node, named(["clear", "masked"]));
    assert!(found.len() == 1 && found[0].contains("`b` and `a` are one database"), "{found:#?}");
    load(&node, named(["masked", "masked"])).unwrap();
}

#[test]
fn the_outlets_of_the_docs_and_the_tokens_of_the_sample_are_good() {
    let docs = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/outlets.md")).unwrap();
    let part = |file: &str| {
        let block = docs.split("```toml\n").find(|block| block.starts_with(&format!("# {file}"))).unwrap();
        block.split("```").next().unwrap().to_owned()
    };
    let more = part("routes/pmtrd.toml");
    let settings = load(&part("fpp.toml"), move |route| format!("{route}\n{more}")).unwrap();
    let uses = |name| settings.route("pmtrd").unwrap().pushes_to(name).map(|(required, masked, _)| (required, masked));
    assert_eq!((uses("books"), uses("risk")), (Some((true, false)), Some((false, true))));
    assert!(settings.http.token_file.is_some());
    let tokens = std::fs::read_to_string(samples().join("tokens.toml")).unwrap();
    crate::api::tokens::Tokens::parse("tokens.toml", &tokens).unwrap();
}

/// Who looks at the books needs no partner's key, and a spool with a fault is there all the same.
#[test]
fn a_secret_that_is_away_is_a_fault_of_its_own_and_none_for_who_only_looks() {
    let sftp = "[spool.far]\nkind = \"sftp\"\nhost = \"h\"\nuser = \"u\"\npath = \"/x\"\nkey_file = \"away\"\n\
                host_keys = [\"SHA256:abc\"]\n";
    let found = faults(sftp, |route| route.replace("spool = \"core-out\"", "spool = \"far\""));
    assert!(found.len() == 1 && found[0].contains("key_file: cannot read"), "{found:#?}");
    let wrong = faults(&sftp.replace("user", "usr"), |route| route.replace("spool = \"core-out\"", "spool = \"far\""));
    assert!(wrong.iter().all(|fault| !fault.contains("there is no spool")), "{wrong:#?}");

    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("routes")).unwrap();
    let head = "node = \"a\"\ninstallation = \"t\"\ndata_dir = \"data\"\nroutes = \"routes/*.toml\"\n";
    let inn = "[spool.core-out]\nkind = \"local\"\npath = \".\"\n[spool.core-in]\nkind = \"local\"\npath = \".\"\n";
    std::fs::write(folder.path().join("fpp.toml"), format!("{head}{sftp}{inn}")).unwrap();
    let route = std::fs::read_to_string(samples().join("routes/pmtrd.toml")).unwrap();
    let route = route.replace("\"../", &format!("\"{}/", samples().display()));
    std::fs::write(folder.path().join("routes/pmtrd.toml"), route).unwrap();
    let file = folder.path().join("fpp.toml");
    assert!(Settings::load(&file).is_err());
    Settings::load_to_look(&file).unwrap();
}
