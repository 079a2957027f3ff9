//! Golden cases: each folder of `tests/golden/` is walked through a real node, and events, answers and books must be
//! exactly what stands in the folder.
//!
//! - `GOLDEN=part` runs the cases whose name has this part.
//! - `UPDATE_GOLDEN=1` writes down what came out; read every change before it is kept.
//! - `MAKE_GOLDEN=1` makes the inputs (`1.dat`, ...) as `golden_support/make` describes them, and ends; this needs the
//!   feature `demo`, whose generator it uses.

// A test that cannot go on says so by panicking, in helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod golden_support;
mod support;

use golden_support::case::{self, Case};
#[cfg(feature = "demo")]
use golden_support::make;
use golden_support::{compare, walk};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Nodes at once.
const AT_ONCE: usize = 6;

#[test]
fn every_case_comes_out_as_written() {
    #[cfg(feature = "demo")]
    if std::env::var_os("MAKE_GOLDEN").is_some() {
        return make::make_all();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let told = runtime.block_on(async {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let mut running = JoinSet::new();
        for name in case::names() {
            let places = places.clone();
            running.spawn(async move {
                let _place = places.acquire_owned().await.unwrap();
                let run = tokio::spawn(check(name.clone())).await;
                run.unwrap_or_else(|panic| vec![format!("{name}: {panic}")])
            });
        }
        running.join_all().await
    });
    let mut told: Vec<_> = told.into_iter().flatten().collect();
    told.sort();
    assert!(told.is_empty(), "\n\n{}\n", told.join("\n"));
}

async fn check(name: String) -> Vec<String> {
    let case = Case::read(&name);
    let found = walk::walk(&case).await;
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        compare::update(&case, &found);
        return Vec::new();
    }
    compare::compare(&case, &found).into_iter().map(|difference| format!("{name}/{difference}")).collect()
}

#[cfg(feature = "demo")]
#[test]
fn every_case_has_its_inputs_and_is_made_by_the_maker() {
    for name in case::names() {
        let case = Case::read(&name);
        for file in case.steps.iter().filter_map(|step| step.drop.as_ref()) {
            assert!(case.folder.join(file).exists(), "{name}/{file} is missing");
            assert!(make::makes(&name, file), "nobody can see how {name}/{file} came to be");
        }
    }
}
