//! A higher run of a batch that waits takes its place (D8).

use crate::place::{Place, SERIES};
use fpp::demo::generate::{Series, Spec, generate};
use fpp::ledger::transfer::{FileState, Transfer};
use fpp_codecs::date::Date;

fn drop_run(place: &Place, batch: u16, run: u8) -> String {
    let date = Date { year: 2025, month: 6, day: 20 };
    let spec = Spec { trades: 2, batch, run, ..Spec::new(Series::Ebcdic, date, 1) };
    let (mut bytes, name) = (Vec::new(), format!("CORE_PMTS_PMTRD_20250620_{batch:04}_{run:02}.TXT"));
    generate(&spec, &mut bytes).unwrap();
    place.drop_bytes(&name, &bytes);
    name
}

async fn named(place: &Place, what: &str, name: &str, is: impl Fn(&Transfer) -> bool) -> Transfer {
    let find = || async { place.transfers().await.into_iter().find(|t| t.name == name).filter(|t| is(t)) };
    place.until(what, find).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_higher_run_takes_the_place_of_one_that_waits() {
    let place = Place::start(SERIES, "", "16:10").await;
    let lower = drop_run(&place, 2, 0);
    named(&place, "run 00 waits", &lower, |t| t.waiting_for.starts_with("waiting for batch")).await;
    let higher = drop_run(&place, 2, 1);
    let closed = named(&place, "run 00 is closed", &lower, |t| t.closed).await;
    assert_eq!(closed.publication, None);
    let waits = |t: &Transfer| t.state == FileState::Proven && t.waiting_for.starts_with("waiting for batch");
    named(&place, "run 01 waits", &higher, waits).await;
    drop_run(&place, 1, 0);
    let posted = named(&place, "run 01 is posted", &higher, |t| t.state == FileState::Archived).await;
    assert_eq!((posted.publication, posted.facts.resend), (Some(2), None), "all of it is posted");
    // Run 00 was told of by nobody, and a lower run can never fit any more.
    assert_eq!(place.node().ledger.deliveries(Some(&closed.id), 10).await.unwrap().len(), 0);
    let journal = place.node().ledger.journal(&format!("transfer:{}", closed.id)).await.unwrap();
    assert!(journal.last().unwrap().entry.contains("replaced by a higher run"), "{journal:?}");
    place.end().await;
}
