//! Partners over SFTP: keys, standbys, names and commands.

use super::super::{SftpAuth, SpoolKind};
use super::{faults, load};

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
fn a_receipt_is_a_file_of_the_partner_s_own() {
    let marker = "marker = \"{name}.OK\"\nmarker_content";
    let with = |receipt: &'static str| {
        move |route: String| route.replace(marker, &format!("receipt = \"{receipt}\"\n{marker}"))
    };
    let settings = load("", with("{stem}.RCV")).unwrap();
    assert_eq!(settings.routes[0].answer.as_ref().unwrap().receipt.as_deref(), Some("{stem}.RCV"));
    for (receipt, words) in [
        ("{name}.OK", "is written by fpp itself"),
        ("{name}.sha256", "is written by fpp itself"),
        ("{stem}.TXT", "is written by fpp itself"),
        ("{name}", "receipt: "),
        ("RECEIPT", "receipt: "),
    ] {
        let found = faults("", with(receipt));
        assert!(found.len() == 1 && found[0].contains(words), "{receipt}: {found:?}");
    }
    // A route takes it in: here the answers go where the files come from.
    let both = |route: String| {
        with("CORE_{stem}.RCV")(route)
            .replace("spool = \"core-in\"", "spool = \"core-out\"")
            .replace("CORE_PMTS_PMTRD_{date}_{batch:4}_{run:2}.TXT", "CORE_*")
    };
    let found = faults("", both);
    assert!(found.iter().any(|f| f.contains("would be taken in as a file of route")), "{found:?}");
    // Or has it for a marker or an index of its own files, or for a flag of the core: in any case where that does not count.
    let here = |receipt: &'static str| {
        move |route: String| with(receipt)(route).replace("spool = \"core-in\"", "spool = \"core-out\"")
    };
    let found = faults("", here("{stem}.OK"));
    assert!(found.len() == 1 && found[0].contains("would be taken for a marker of route"), "{found:?}");
    load("", here("{stem}.RCV")).unwrap();
    load("", here("{stem}.ok")).unwrap();
    // The spool where the files come from, with more keys.
    let with_spool = |keys: &str, receipt: &'static str| {
        let core = "[spool.both]\nkind = \"local\"\npath = \"both\"\n";
        faults(&format!("{core}{keys}"), |route| {
            with(receipt)(route)
                .replace("spool = \"core-in\"", "spool = \"both\"")
                .replace("spool = \"core-out\"", "spool = \"both\"")
        })
    };
    let found = with_spool("case = \"fold\"\n", "{stem}.ok");
    assert!(found.iter().any(|f| f.contains(".ok would be taken for a marker of route")), "{found:?}");
    let flag = "[[spool.both.day_flag]]\nfiles = \"PMACK_{date}_*.RCV\"\nact = \"open\"\nroutes = [\"pmtrd\"]\n";
    let found = with_spool(flag, "{stem}.RCV");
    let words = "would be taken for a flag of the business date (PMACK_{date}_*.RCV of spool both)";
    assert!(found.iter().any(|f| f.contains(words)), "{found:?}");
    // And it has to fit the partner's names, as a marker has.
    let far = partner("name_max = 10");
    let long = |route: String| {
        let answer = route.split_once("[answer]").unwrap().1.to_owned();
        let changed = answer
            .replace("\"core-in\"", "\"far\"")
            .replace("PMACK_{date}_{batch:4}_{run:2}_{answer}.TXT", "A{mmdd}{batch:2}{run:1}{answer:2}")
            .replace("checksums = [\"sha256\"]", "receipt = \"{name}.R\"")
            .replace(&format!("{marker} = \"empty\""), "");
        route.replace(&answer, &changed)
    };
    let found = faults(&far, long);
    assert!(found[0].contains("A062001001.R has more than the 10 characters"), "{found:?}");
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
