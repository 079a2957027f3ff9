//! Who may correct, and who sees what: tokens, a second person, and masked values.

use crate::support::settled::settled;
use crate::support::site::{Site, overlay, route_with_an_outlet_of_files};
use crate::support::tokens::{let_in, token};
use crate::{drop_batch, find, said, start, stream};
use fpp::api::client;
use fpp::ledger::transfer::Act;
use fpp::node::Node;
use serde_json::Value;

/// Says something to the node with a token.
async fn post(node: &Node, token: &str, path: &str, body: &str) -> client::Answer {
    let stream = tokio::net::TcpStream::connect(node.address).await.unwrap();
    let request = hyper::Request::post(path)
        .header("host", node.address.to_string())
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"))
        .body(http_body_util::Full::from(body.to_owned()))
        .unwrap();
    client::exchange(stream, request).await.unwrap()
}

/// A route may ask for a second person, and a token sees what it may see.
#[tokio::test(flavor = "multi_thread")]
async fn a_correction_over_http_takes_two_persons_and_masks_what_is_hidden() {
    let mut route = route_with_an_outlet_of_files();
    overlay(&mut route, &"second_person = [\"correct\"]\n".parse().unwrap());
    let site = Site::make(&route);
    let of = |name: &str, more: &str| token(name, &format!("routes = [\"pmtrd\"]\n{more}"));
    let tokens = [
        of("reader", ""),
        of("wang", "verbs = [\"correct\"]\nview = \"clear\""),
        of("li", "verbs = [\"correct\", \"void\"]"),
    ];
    let_in(&site, &tokens);
    let node = start(&site).await;
    drop_batch(&site, 1);
    settled(&node, 1).await.unwrap();
    let id = stream(&node, Some("wang")).await[0]["id"].as_str().unwrap().to_owned();
    let body = serde_json::json!({"id": id, "route": "pmtrd", "set": [["CUSTNM", "李四"], ["CHNL", "CNT"]], "reason": "ticket 4711"});
    let body = body.to_string();
    let post = async |token: &str, path: &str, body: &str| post(&node, token, path, body).await;
    assert_eq!(post("reader", "/v1/operate/correct", &body).await.status, 403);
    assert_eq!(post("wang", "/v1/operate/void", &body).await.status, 403);
    let answer = post("wang", "/v1/operate/correct", &body).await;
    assert!(answer.status.is_success(), "{}", String::from_utf8_lossy(&answer.body));
    let ask = node.ledger.asks(false, 10).await.unwrap().remove(0);
    assert!(!ask.body.contains("李四"), "what is hidden is not in the books: {}", ask.body);
    let shown = ask.shown();
    assert!(shown.len() == 2 && shown[0] == "CUSTNM: another value, which is sensitive", "{shown:?}");
    assert!(shown[1].starts_with("CHNL: ") && shown[1].ends_with(" -> CNT"), "{shown:?}");
    let (_, listed) = said(&site, &["requests"]).await;
    assert!(listed.contains(&shown[1]), "{listed}");
    assert_eq!(settled(&node, 1).await.unwrap().len(), 1, "asked is not done");
    let confirm = format!("/v1/requests/{}/confirm", ask.id);
    assert_eq!(post("wang", &confirm, "{\"reason\": \"me too\"}").await.status, 409);
    let answer = post("li", &confirm, "{\"reason\": \"looked at it\"}").await;
    assert!(answer.status.is_success(), "{}", String::from_utf8_lossy(&answer.body));
    settled(&node, 2).await.unwrap();
    let (clear, masked) = (stream(&node, Some("wang")).await, stream(&node, Some("reader")).await);
    let (clear, masked) = (find(&clear, "pm.trade.corrected.v1"), find(&masked, "pm.trade.corrected.v1"));
    let said = &clear["data"]["correction"];
    assert_eq!((&clear["data"]["customerName"], &said["by"]), (&"李四".into(), &"wang".into()));
    assert!(said["reason"].as_str().unwrap().contains("ticket 4711; confirmed by li"), "{said}");
    assert_eq!(
        (&masked["data"]["customerName"], &masked["data"]["correction"]["reason"]),
        (&"李*".into(), &Value::Null)
    );
    assert_ne!(masked["data"]["correction"]["datahash"], said["datahash"]);

    // Neither a record of the vault nor what a second person is shown is the caller's to say.
    let kept = settled(&node, 2).await.unwrap()[0].facts.plan.clone().unwrap();
    let body = serde_json::json!({
        "id": id, "route": "pmtrd", "reason": "booked twice", "content": [kept, ["CHNL"]], "shown": ["nothing to see"],
    });
    let answer = post("li", "/v1/operate/void", &body.to_string()).await;
    assert!(answer.status.is_success(), "{}", String::from_utf8_lossy(&answer.body));
    let voided = settled(&node, 3).await.unwrap().remove(2).facts.correction.unwrap();
    assert_eq!((voided.act, voided.content, voided.fields), (Act::Voided, None, Vec::new()));
    assert_eq!(find(&stream(&node, Some("wang")).await, "pm.trade.voided.v1")["fppcorrects"], id);
    let second = stream(&node, Some("wang")).await[1].clone();
    node.stop().await;
    let asks = route["second_person"].as_array_mut().unwrap();
    asks.push("void".into());
    std::fs::write(site.root.join("conf/routes/route.toml"), route.to_string()).unwrap();
    let node = start(&site).await;
    let post = async |token: &str, path: &str, body: &str| self::post(&node, token, path, body).await;
    let body = serde_json::json!({
        "id": second["fppposition"], "reason": "booked twice", "content": [kept, ["CHNL"]], "shown": ["nothing to see"],
    });
    let answer = post("li", "/v1/operate/void", &body.to_string()).await;
    assert!(answer.status.is_success(), "{}", String::from_utf8_lossy(&answer.body));
    let ask = node.ledger.asks(false, 10).await.unwrap().remove(0);
    assert!(ask.shown().is_empty() && !ask.body.contains(&kept), "{}", ask.body);
    node.stop().await;
}
