//! Outlets of the node and of its routes.

use super::super::Settings;
use super::{faults, load, samples};
use std::path::Path;

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

#[cfg(feature = "rocketmq")]
#[test]
fn a_topic_whose_queues_are_not_said_is_warned_of() {
    let warnings = |keys: &str| -> Vec<String> {
        let topic = "kind = \"rocketmq\"\nname_servers = [\"h:9876\"]\ntopic = \"t\"\nkey = \"account\"\n";
        let settings = load(&format!("[outlet.mq]\n{topic}{keys}"), |route| route).unwrap();
        settings.warnings.iter().map(ToString::to_string).filter(|warning| warning.contains("queues")).collect()
    };
    assert_eq!(warnings("queues = 8\n"), [""; 0]);
    let told = warnings("");
    assert!(told.len() == 1 && told[0].contains("fpp.toml:") && told[0].contains("say how many"), "{told:#?}");
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
