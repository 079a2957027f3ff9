//! Named consumers of the stream: the books keep their position, an older instance undoes nothing, and each belongs to the
//! token that made it.
#![cfg(feature = "demo")]
// A test that cannot go on says so by panicking, in helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod support;

use fpp::api::client;
use fpp::clock::Clock;
use fpp::inbound::retention::sweep;
use fpp::node::{Node, Options};
use fpp::vault::disk::DiskVault;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use serde_json::Value;
use std::sync::Arc;
use support::core::{Dropped, core_file};
use support::settled::{settled, transfers};
use support::site::{Site, sample_route};
use support::tokens::{let_in, token_of};
use tokio::net::TcpStream;

const NOW_MS: i64 = 1_750_407_000_000;

struct Asker<'n> {
    node: &'n Node,
    token: &'n str,
}

impl Asker<'_> {
    async fn ask(&self, method: &str, path: &str, body: &str) -> (StatusCode, String, Bytes) {
        let stream = TcpStream::connect(self.node.address).await.unwrap();
        let mut request = Request::builder().method(method).uri(path).header("host", "fpp");
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        let request = request
            .header("accept", "application/x-ndjson")
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body.to_owned())))
            .unwrap();
        let answer = client::exchange(stream, request).await.unwrap();
        (answer.status, answer.position, answer.body)
    }

    async fn json(&self, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
        let (status, _, body) = self.ask(method, path, body).await;
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// Ids of a page, and where it ended.
    async fn page(&self, path: &str) -> (Vec<String>, String) {
        let (status, position, body) = self.ask("GET", path, "").await;
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
        let id = |line: &[u8]| serde_json::from_slice::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
        (body.split(|b| *b == b'\n').filter(|line| !line.is_empty()).map(id).collect(), position)
    }

    async fn commit(&self, name: &str, position: &str) -> (StatusCode, Value) {
        let body = format!("{{\"position\": \"{position}\"}}");
        self.json("POST", &format!("/v1/consumers/{name}/commit"), &body).await
    }
}

async fn node_with_two_files(site: &Site) -> Node {
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    for batch in [1, 2] {
        let file = core_file(batch, 10, Dropped::Good);
        site.drop_file(&file.name, &file.bytes, Some(""), NOW_MS);
    }
    settled(&node, 2).await.unwrap();
    node
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_goes_on_where_it_committed_also_in_another_life_of_the_node() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = node_with_two_files(&site).await;
    let risk = Asker { node: &node, token: "" };
    assert_eq!(risk.ask("GET", "/v1/consumers/risk/events", "").await.0, StatusCode::NOT_FOUND, "made on purpose only");
    let (status, made) = risk.json("PUT", "/v1/consumers/risk", "").await;
    assert_eq!((status, made["files"].as_u64()), (StatusCode::OK, Some(2)), "{made}");
    let (first, at) = risk.page("/v1/consumers/risk/events?limit=7").await;
    assert_eq!(first, risk.page("/v1/consumers/risk/events?limit=7").await.0, "not committed, so given again");
    assert_eq!(risk.commit("risk", &at).await.0, StatusCode::OK);
    let (second, end) = risk.page("/v1/consumers/risk/events?limit=100").await;
    assert_eq!((first.len(), second.len()), (7, 15));
    assert!(second.iter().all(|id| !first.contains(id)));
    // It reads on before it commits.
    let (third, _) = risk.page(&format!("/v1/consumers/risk/events?after={at}&limit=2")).await;
    assert_eq!(third, second[..2]);
    assert_eq!(risk.commit("risk", &end).await.1["files"], 0);
    let (late, told) = risk.commit("risk", &at).await;
    assert_eq!((late, told["position"].as_str()), (StatusCode::CONFLICT, Some(end.as_str())), "{told}");
    assert_eq!(risk.commit("risk", "99-end").await.0, StatusCode::CONFLICT, "not given yet");
    assert_eq!(risk.commit("risk", "x").await.0, StatusCode::BAD_REQUEST);
    node.stop().await;
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    let risk = Asker { node: &node, token: "" };
    assert_eq!(risk.page("/v1/consumers/risk/events").await.0, Vec::<String>::new());
    let (status, _) = risk.json("POST", "/v1/consumers/risk/seek", "{\"from\": \"2025-06-20\"}").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(risk.page("/v1/consumers/risk/events").await.0.len(), 22, "all of the day again");
    let (_, listed) = risk.json("GET", "/v1/consumers", "").await;
    assert_eq!((&listed["consumers"][0]["name"], &listed["consumers"][0]["files"]), (&"risk".into(), &2.into()));
    assert_eq!(risk.json("DELETE", "/v1/consumers/risk", "").await.0, StatusCode::OK);
    assert_eq!(risk.json("GET", "/v1/consumers/risk", "").await.0, StatusCode::NOT_FOUND);
    node.stop().await;
}

/// Nothing is kept for a consumer (D12): one that comes too late is told where reading is possible again, and seeks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_that_comes_after_retention_gets_410_and_seeks() {
    let site = Site::make(&sample_route("pmtrd"));
    site.configure("[vault]\nkeep_days = 30");
    let node = node_with_two_files(&site).await;
    let risk = Asker { node: &node, token: "" };
    assert_eq!(risk.ask("PUT", "/v1/consumers/risk", "").await.0, StatusCode::OK);
    let (_, at) = risk.page("/v1/consumers/risk/events?limit=7").await;
    assert_eq!(risk.commit("risk", &at).await.0, StatusCode::OK);
    let vault = Arc::new(DiskVault::open(&site.settings().vault_dir(), "other.A").unwrap());
    let later_ms = Clock::System.now_ms() + 31 * 86_400_000;
    assert!(sweep(&*node.ledger, vault, later_ms, 30).await.unwrap().removed >= 2);
    let file = core_file(3, 10, Dropped::Good);
    site.drop_file(&file.name, &file.bytes, Some(""), NOW_MS);
    settled(&node, 3).await.unwrap();
    let (status, gone) = risk.json("GET", "/v1/consumers/risk/events", "").await;
    assert_eq!((status, &gone["oldest"]), (StatusCode::GONE, &"2-end".into()), "{gone}");
    // It stands where it stood until somebody says otherwise.
    let (_, stands) = risk.json("GET", "/v1/consumers/risk", "").await;
    assert_eq!(stands["position"].as_str(), Some(at.as_str()), "{stands}");
    assert_eq!(risk.ask("GET", "/v1/consumers/risk/events?wait=30", "").await.0, StatusCode::GONE);
    let seek = format!("{{\"position\": {}}}", gone["oldest"]);
    assert_eq!(risk.json("POST", "/v1/consumers/risk/seek", &seek).await.0, StatusCode::OK);
    assert_eq!(risk.page("/v1/consumers/risk/events").await.0.len(), 11);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_belongs_to_its_token_and_sees_what_that_sees() {
    let site = Site::make(&sample_route("pmtrd"));
    let tokens = [
        token_of("risk", "r", "routes = [\"pmtrd\"]\nview = \"masked\""),
        token_of("books", "b", "routes = [\"pmtrd\"]\nview = \"clear\""),
        token_of("far", "f", "routes = [\"other\"]\nview = \"clear\"\nverbs = [\"hold\"]"),
    ];
    let_in(&site, &tokens);
    let node = node_with_two_files(&site).await;
    let ask = |token| Asker { node: &node, token };
    let (risk, books, far) = (ask("r"), ask("b"), ask("f"));
    assert_eq!(ask("x").ask("PUT", "/v1/consumers/risk", "").await.0, StatusCode::UNAUTHORIZED);
    let lower = Request::get("/v1/consumers").header("host", "fpp").header("authorization", "bearer r");
    let stream = TcpStream::connect(node.address).await.unwrap();
    assert_eq!(client::exchange(stream, lower.body(Full::default()).unwrap()).await.unwrap().status, StatusCode::OK);
    for (asker, name) in [(&risk, "risk"), (&books, "books"), (&far, "far")] {
        assert_eq!(asker.json("PUT", &format!("/v1/consumers/{name}"), "").await.0, StatusCode::OK);
    }
    for (method, path) in [
        ("PUT", "/v1/consumers/risk"),
        ("GET", "/v1/consumers/risk/events"),
        ("POST", "/v1/consumers/risk/seek"),
        ("DELETE", "/v1/consumers/risk"),
    ] {
        assert_eq!(books.ask(method, path, "{\"position\": \"1-end\"}").await.0, StatusCode::FORBIDDEN, "{path}");
    }
    let data = async |asker: &Asker<'_>, name: &str| {
        let (_, _, body) = asker.ask("GET", &format!("/v1/consumers/{name}/events?limit=1"), "").await;
        serde_json::from_slice::<Value>(body.split(|b| *b == b'\n').next().unwrap()).unwrap()["data"].clone()
    };
    let (masked, clear) = (data(&risk, "risk").await, data(&books, "books").await);
    assert_ne!(masked, clear, "{masked}");
    assert_eq!(far.page("/v1/consumers/far/events").await.0, Vec::<String>::new(), "a route that it does not see");
    let hidden = risk.ask("GET", "/v1/consumers/risk/events?route=other", "").await;
    assert_eq!(hidden.0, StatusCode::FORBIDDEN);
    assert_eq!(risk.json("GET", "/v1/consumers", "").await.1["consumers"].as_array().unwrap().len(), 1);
    // A token's routes are those of what is asked about, whatever its holder says of it.
    let id = transfers(&*node.ledger).await[0].id.clone();
    let hold = format!("{{\"id\": \"{id}\", \"route\": \"other\", \"reason\": \"mine\"}}");
    assert_eq!(far.ask("POST", "/v1/operate/hold", &hold).await.0, StatusCode::FORBIDDEN);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_told_as_a_problem() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    let risk = Asker { node: &node, token: "" };
    assert_eq!(risk.ask("PUT", "/v1/consumers/risk", "").await.0, StatusCode::OK);
    for (method, path, body, status, words) in [
        ("PUT", "/v1/consumers/r2?form=2025-06-20", "", 400, "unknown field `form`"),
        ("GET", "/v1/events?limit=abc", "", 400, "limit"),
        ("GET", "/v1/events?limit=0", "", 400, "Leave it out"),
        ("GET", "/v1/events?typ=x", "", 400, "unknown field `typ`"),
        ("GET", "/v1/consumers/risk/events?form=2025-06-20", "", 400, "unknown field `form`"),
        ("GET", "/v1/schemas/x?rout=y", "", 400, "unknown field `rout`"),
        ("POST", "/v1/consumers/risk/commit", "{", 400, "content-type: application/json"),
        ("POST", "/v1/consumers/risk/commit", "{\"positon\": \"1-2\"}", 422, "unknown field `positon`"),
        ("POST", "/v1/operate/hold", "{\"id\": \"x\"}", 422, "reason"),
        ("GET", "/v1/nowhere", "", 404, "no such address"),
        ("PATCH", "/v1/events", "", 405, "does not take this method"),
    ] {
        let (told, problem) = risk.json(method, path, body).await;
        assert_eq!(told, status, "{method} {path}: {problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert!(problem.to_string().replace("\\", "").contains(words), "{method} {path}: {problem}");
    }
    assert_eq!(risk.ask("GET", "/v1/consumers/r2", "").await.0, StatusCode::NOT_FOUND, "it was not made");
    node.stop().await;
}
