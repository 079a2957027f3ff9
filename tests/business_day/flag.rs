//! The core's flag files: they open and close business dates, once each, and only dates that can be meant.

use crate::place::{Place, SERIES};
use fpp::ledger::transfer::{FileState, Transfer};
use fpp_codecs::Code;
use std::path::PathBuf;

const FLAGS: &str = r#"
[[spool.core-out.day_flag]]
files = "DAY_{date}.OPEN"
act = "open"
routes = ["pmtrd"]
source = "move"
move_to = "flags"

[[spool.core-out.day_flag]]
files = "DAY_{date}.CLOSE"
act = "close"
routes = ["pmtrd"]
"#;

async fn place() -> Place {
    Place::start(&format!("day_control = \"ledger\"\n{SERIES}"), FLAGS, "16:10").await
}

fn flag(place: &Place, name: &str) -> PathBuf {
    let path = place.site.root.join("core/out").join(name);
    std::fs::write(&path, "").unwrap();
    path
}

async fn days(place: &Place) -> Vec<(String, bool)> {
    place.node().ledger.days("pmtrd").await.unwrap()
}

async fn until_days(place: &Place, due: &[(&str, bool)]) {
    let due: Vec<_> = due.iter().map(|(date, open)| ((*date).to_owned(), *open)).collect();
    place.until("the days", || async { (days(place).await == due).then_some(()) }).await;
}

fn is_held(transfer: &Transfer) -> bool {
    transfer.state == FileState::Held && transfer.facts.code == Some(Code::DAY_CLOSED.0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flag_opens_the_day_once_and_what_waited_for_it_goes_on() {
    let mut place = place().await;
    place.drop_batch(1);
    place.batch("0001 is held", 1, is_held).await;
    let raised = flag(&place, "DAY_20250620.OPEN");
    until_days(&place, &[("2025-06-20", true)]).await;
    place.batch("0001 goes on", 1, |t| t.state == FileState::Archived).await;
    place.until("the flag is put away", || async { (!raised.exists()).then_some(()) }).await;
    assert!(place.site.root.join("core/out/flags/DAY_20250620.OPEN").exists());
    let journal = place.node().ledger.journal("day:pmtrd").await.unwrap();
    assert!(journal.len() == 1 && journal[0].entry.contains("core: DAY_20250620.OPEN in core-out"), "{journal:?}");
    assert!(place.notices(false).await.is_empty(), "{:?}", place.notices(false).await);

    // Again: it says what is so. Then the day is closed, by a flag that stays, which a restart does not act on again.
    let again = flag(&place, "DAY_20250620.OPEN");
    place.until("it is put away", || async { (!again.exists()).then_some(()) }).await;
    flag(&place, "DAY_20250620.CLOSE");
    until_days(&place, &[("2025-06-20", false)]).await;
    place.fpp(&["day", "open", "pmtrd", "2025-06-20", "--reason", "one more batch"]).await;
    place.restart().await;
    place.drop_batch(2);
    place.batch("0002 is through", 2, |t| t.state == FileState::Archived).await;
    // A later flag that acts shows that the one before it was looked at again.
    flag(&place, "DAY_20250623.CLOSE");
    until_days(&place, &[("2025-06-20", true), ("2025-06-23", false)]).await;
    assert_eq!(place.node().ledger.journal("day:pmtrd").await.unwrap().len(), 4);
    place.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flag_that_cannot_be_meant_opens_nothing_and_a_person_hears_of_it() {
    let place = place().await;
    place.fpp(&["day", "close", "pmtrd", "2025-06-19", "--reason", "day end"]).await;
    let due = [
        ("DAY_20250619.OPEN", Code::DAY_CLOSED, "was closed before"),
        ("DAY_20250631.OPEN", Code::BUSINESS_DATE, "`20250631` is no date"),
        ("DAY_20250622.OPEN", Code::DAY_CLOSED, "is no business day of its calendar"),
        ("DAY_20250520.OPEN", Code::DAY_CLOSED, "more than 7 days from the present business date 2025-06-20"),
        ("DAY_20250701.CLOSE", Code::DAY_CLOSED, "more than 7 days from the present business date 2025-06-20"),
    ];
    for (name, _, _) in due {
        flag(&place, name);
    }
    for (name, code, words) in due {
        let subject = format!("pmtrd/{name}");
        let told = || async { place.notices(false).await.into_iter().find(|n| n.notice.subject == subject) };
        let told = place.until(name, told).await;
        assert!(told.notice.code == code.0 && told.notice.text.contains(words), "{told:?}");
        assert!(told.notice.text.contains("nothing was done") && told.count == 1, "{told:?}");
    }
    assert_eq!(days(&place).await, [("2025-06-19".to_owned(), false)]);
    place.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flags_that_are_seen_together_open_before_they_close() {
    let mut place = place().await;
    place.stop().await;
    flag(&place, "DAY_20250620.CLOSE");
    flag(&place, "DAY_20250620.OPEN");
    place.run().await;
    until_days(&place, &[("2025-06-20", false)]).await;
    assert_eq!(place.node().ledger.journal("day:pmtrd").await.unwrap().len(), 2);
    assert!(place.notices(false).await.iter().all(|n| n.notice.subject == "pmtrd/2025-06-20"), "only what is missing");
    place.end().await;
}
