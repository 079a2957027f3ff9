//! The night belongs to the next business day, where a calendar says so.

use crate::place::Place;
use fpp::ledger::transfer::{FileState, Transfer};
use fpp_codecs::Code;

fn date(transfer: &Transfer) -> Option<String> {
    transfer.facts.identity.as_ref().map(|identity| identity.business_date.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_friday_night_is_mondays() {
    let route = "[identity]\nfrom = \"none\"\ndate = \"-\"\nbatch = \"-\"\nrun = \"-\"\n[series]\ncalendar = \"sge\"";
    let place = Place::start(route, "", "19:59").await;
    for (at, name, due) in [
        ("19:59", "CORE_PMTS_PMTRD_20250620_0001_00.TXT", "2025-06-20"),
        ("20:00", "CORE_PMTS_PMTRD_20250620_0002_00.TXT", "2025-06-23"),
        ("2025-06-21 02:10", "CORE_PMTS_PMTRD_20250620_0003_00.TXT", "2025-06-23"),
    ] {
        place.set(at);
        let golden = if due == "2025-06-20" { "happy-1388/1.dat" } else { "batch-gap/2.dat" };
        place.drop_as(golden, name);
        let find =
            || async { place.transfers().await.into_iter().find(|t| t.name == name && t.state == FileState::Archived) };
        let found = place.until(&format!("{name} is done"), find).await;
        assert_eq!(date(&found).as_deref(), Some(due), "{at}");
    }
    let shown = place.fpp(&["day", "show", "pmtrd", "2025-06-23"]).await;
    assert!(shown.contains("night 06-20 20:00 to 02:30, 09:00 to 11:30"), "{shown}");
    place.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_date_is_open_by_its_calendar_once_it_has_begun() {
    let route = "day_control = \"calendar\"\n[series]\ncalendar = \"sge\"";
    let place = Place::start(route, "", "19:59").await;
    let monday = "CORE_PMTS_PMTRD_20250623_0001_00.TXT";
    place.drop_as("night-session/1.dat", monday);
    let future = place.batch("Monday has not begun", 1, |t| t.state == FileState::Held).await;
    assert_eq!(future.facts.code, Some(Code::DAY_CLOSED.0));
    place.set("20:00");
    place.batch("Monday has begun: its batch goes on by itself", 1, |t| t.state == FileState::Archived).await;
    assert!(place.notices(false).await.iter().all(|n| n.notice.topic != "held"), "nobody has to look at it any more");
    place.end().await;
}
