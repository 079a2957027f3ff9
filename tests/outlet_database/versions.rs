//! Tables of other versions, and tables of others.

use crate::databases::Kind;
use crate::events::{posting, trades};
use crate::shop::{Shop, closed};
use fpp::error::Class;
use fpp::outlets::push::{Engine, Outcome};

/// An empty database of each engine.
async fn each() -> Vec<Shop> {
    let mut shops = vec![Shop::file()];
    shops.extend(Shop::server(Kind::MariaDb).await);
    shops.extend(Shop::server(Kind::SeekDb).await);
    shops
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_a_newer_version_are_written_where_it_says_so() {
    for shop in each().await {
        what_fpp_did_not_make_is_left_alone(&shop).await;
        a_newer_version_that_says_so_is_written(&shop).await;
    }
}

async fn a_newer_version_that_says_so_is_written(shop: &Shop) {
    let outlet = shop.open();
    outlet.push(&posting("01A", 1), &trades(1, 5)).await.unwrap();
    closed(outlet).await;
    shop.tamper("DELETE FROM trades WHERE record > 5").await;
    // The next version added a column, and lets this one go on.
    shop.tamper("ALTER TABLE trades ADD COLUMN venue TEXT").await;
    shop.tamper("UPDATE outlet_schema SET value = 2 WHERE name = 'tables'").await;
    let outlet = shop.open();
    let outcome = outlet.push(&posting("01A", 2), &trades(3, 5)).await.unwrap();
    assert_eq!((outcome, shop.count("trades").await), (Outcome::default(), 7));
    assert!(outlet.look().await.unwrap().contains("tables of version 2"));
    assert_eq!(shop.cell("SELECT value FROM outlet_schema WHERE name = 'tables'").await, "2");
    closed(outlet).await;
    // The one after it does not.
    shop.tamper("UPDATE outlet_schema SET value = 3").await;
    let outlet = shop.open();
    for refused in [
        outlet.push(&posting("01A", 3), &trades(8, 5)).await.unwrap_err().error,
        outlet.cursor(&posting("01A", 3)).await.map(drop).unwrap_err(),
        outlet.look().await.map(drop).unwrap_err(),
    ] {
        assert_eq!(refused.class, Class::Halt, "{refused}");
        assert!(refused.to_string().contains("tables of version 3"), "{refused}");
    }
    assert_eq!(shop.count("trades").await, 7);
    closed(outlet).await;
}

async fn what_fpp_did_not_make_is_left_alone(shop: &Shop) {
    // A look at an empty database makes nothing.
    let outlet = shop.open();
    assert!(outlet.look().await.unwrap().ends_with("no tables yet"));
    shop.tamper("CREATE TABLE products (id INT)").await;
    let refused = outlet.push(&posting("01A", 1), &trades(1, 5)).await.unwrap_err().error;
    assert!(refused.to_string().contains("a table products that fpp did not make"), "{refused}");
    assert_eq!(refused.class, Class::Halt);
    shop.tamper("DROP TABLE products").await;
    // A node that died while it made the tables left some, and no version.
    outlet.push(&posting("01A", 1), &trades(1, 5)).await.unwrap();
    shop.tamper("DELETE FROM outlet_schema").await;
    shop.tamper("DROP TABLE postings").await;
    closed(outlet).await;
    let outlet = shop.open();
    outlet.push(&posting("01A", 1), &trades(1, 8)).await.unwrap();
    assert_eq!(shop.count("trades").await, 8);
    closed(outlet).await;
}
