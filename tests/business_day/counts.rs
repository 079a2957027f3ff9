//! The business day in numbers, as `fpp status` and `fpp day show` tell it.

use crate::place::{Place, SERIES};
use fpp::demo::generate::{Series, Spec, generate};
use fpp::ledger::delivery::DeliveryState;
use fpp::ledger::transfer::{FileState, Transfer};
use fpp_codecs::Code;
use fpp_codecs::date::Date;

/// The cells of the day's row of `fpp status`.
async fn row(place: &Place, series: &str) -> Vec<String> {
    let status = place.fpp(&["status"]).await;
    let is_it = |line: &&str| line.starts_with(&format!("{series} ")) && (line.contains("000") || line.ends_with(" -"));
    // The last one is the present day's; the first table has a line for the route too.
    let line = status.lines().rfind(is_it).unwrap_or_else(|| panic!("{status}"));
    line.split_whitespace().map(str::to_owned).collect()
}

/// Three batches are expected: one is taken, one answered, one held; a fourth was refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_is_counted_batch_by_batch() {
    let place = Place::start(&format!("day_control = \"ledger\"\n{SERIES}"), "", "16:10").await;
    // The day of whoever asks.
    let date = row(&place, "pmtrd").await[1].clone();
    assert_eq!(row(&place, "pmtrd").await[2..11], ["closed", "3", "0", "0", "0", "0", "0", "0", "0"]);
    place.set(&format!("{date} 10:00"));
    place.fpp(&["day", "open", "pmtrd", &date, "--reason", "core opened it"]).await;
    let [year, month, day] = date.split('-').map(|part| part.parse().unwrap()).collect::<Vec<i32>>()[..] else {
        panic!("{date}");
    };
    let date_of =
        Date { year: year.try_into().unwrap(), month: month.try_into().unwrap(), day: day.try_into().unwrap() };
    let drop_batch = |batch: u16| {
        let spec = Spec { trades: 2, batch, ..Spec::new(Series::Ebcdic, date_of, 1) };
        let mut bytes = Vec::new();
        generate(&spec, &mut bytes).unwrap();
        place.drop_bytes(&spec.file_name(), &bytes);
    };
    let is_done = |t: &Transfer| t.state == FileState::Archived;
    for batch in [1, 2] {
        drop_batch(batch);
        place.batch("it is answered", u32::from(batch), is_done).await;
    }
    for name in place.site.names("core/in").into_iter().filter(|name| name.contains("_0001_")) {
        std::fs::remove_file(place.site.root.join("core/in").join(name)).unwrap();
    }
    let taken = || async {
        let all = place.node().ledger.deliveries(None, 10).await.unwrap();
        all.iter().any(|d| d.state == DeliveryState::Taken).then_some(())
    };
    place.until("the first answer is taken", taken).await;
    place.fpp(&["day", "close", "pmtrd", &date, "--reason", "day end"]).await;
    drop_batch(3);
    let held = |t: &Transfer| t.state == FileState::Held && t.facts.code == Some(Code::DAY_CLOSED.0);
    place.batch("0003 is held", 3, held).await;
    let due = ["pmtrd", &date, "closed", "3", "3", "0", "1", "0", "2", "2", "1", "-"];
    assert_eq!(row(&place, "pmtrd").await, due);
    let day = place.day(&date).await;
    let count = |word: &str| day[word].as_u64().unwrap();
    let words = ["expected", "arrived", "waiting", "held", "rejected", "posted", "answered", "taken", "purged"];
    assert_eq!(words.map(count), [3, 3, 0, 1, 0, 2, 2, 1, 0], "{day}");
    let stands: Vec<_> = day["batches"].as_array().unwrap().iter().map(|b| b["stands"].as_str().unwrap()).collect();
    assert_eq!(stands, ["taken", "answered", "held"]);
    place.end().await;
}
