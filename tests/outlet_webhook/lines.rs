//! Endpoints that are gone, moved or broken in what they answer, and whom TLS believes.

use crate::server::{Server, certify, rough};
use crate::{endpoint, fault, posting, records, webhook};
use fpp::clock::Clock;
use fpp::error::Class;
use fpp::outlets::push::Engine;
use fpp::outlets::webhook::{Endpoint, Webhook};
use fpp_codecs::Code;
use std::time::Duration;

#[tokio::test]
async fn an_endpoint_that_is_gone_waits_for_a_person_and_one_that_moved_is_not_followed() {
    let gone = Server::start(|_| (410, Vec::new()));
    let error = fault(&webhook(gone.address), &records(1..3)).await;
    assert_eq!((error.class, error.code), (Class::Halt, Code::OUTLET));
    let elsewhere = Server::start(|_| (200, Vec::new()));
    let there = format!("http://{}/", elsewhere.address);
    let moved = Server::start(move |_| (307, vec![("location", there.clone())]));
    let error = fault(&webhook(moved.address), &records(1..3)).await;
    assert_eq!(error.class, Class::Retry);
    assert!(error.hint.contains("Redirects"), "{error}");
    assert!(elsewhere.calls().is_empty());
}

#[tokio::test]
async fn a_broken_answer_confirms_nothing_and_never_holds_a_worker_beyond_its_time() {
    for (says, closes) in [
        // Nothing at all, and a line that stays.
        ("", false),
        ("", true),
        // Half a head, and half a body.
        ("HTTP/1.1 200 OK\r\nContent-Le", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", true),
        // Not HTTP, and no end of going on.
        ("SSH-2.0-OpenSSH_9.2\r\n", true),
        ("HTTP/1.1 100 Continue\r\n\r\n", false),
    ] {
        let hook = webhook(rough(says, closes).await);
        let error = fault(&hook, &records(1..3)).await;
        assert_eq!(error.class, Class::Retry, "{says:?}: {error}");
        assert!([Code::UNREACHABLE, Code::OUTLET].contains(&error.code), "{says:?}: {error}");
    }
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = fault(&webhook(nobody), &records(1..3)).await;
    assert_eq!((error.class, error.code), (Class::Retry, Code::UNREACHABLE));
}

#[tokio::test]
async fn a_line_that_was_closed_meanwhile_is_no_fault() {
    // It says nothing of closing, and closes.
    let address = rough("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true).await;
    let hook = webhook(address);
    for n in 1..20 {
        hook.push(&posting(), &records(n..n + 2)).await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_without_end_confirms_by_its_status_and_is_not_read_on() {
    let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n{}", "x".repeat(100_000));
    let hook = webhook(rough(Box::leak(long.into_boxed_str()), false).await);
    hook.push(&posting(), &records(1..3)).await.unwrap();
}

#[tokio::test]
async fn tls_believes_the_authorities_it_was_given_and_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = certify(folder.path());
    let server = Server::start_tls(&certificate, &key).await;
    let port = server.address.port();
    let at = |host: &str, ca_file| Endpoint {
        url: format!("https://{host}:{port}/x").parse().unwrap(),
        ca_file,
        timeout: Duration::from_secs(5),
        ..endpoint(server.address)
    };
    let hook = Webhook::new(at("localhost", Some(certificate.clone())), Clock::System).unwrap();
    hook.push(&posting(), &records(1..3)).await.unwrap();
    assert_eq!(hook.look().await.unwrap(), format!("https://localhost:{port}/x takes connections"));
    assert_eq!(server.calls().len(), 1);
    let other_name = Webhook::new(at("127.0.0.1", Some(certificate)), Clock::System).unwrap();
    let error = fault(&other_name, &records(1..3)).await;
    assert!(error.code == Code::UNREACHABLE && error.hint.contains("certificate"), "{error}");
    // The authorities of this system, if it has any, did not sign it.
    if let Ok(stranger) = Webhook::new(at("localhost", None), Clock::System) {
        let error = fault(&stranger, &records(1..3)).await;
        assert!(error.code == Code::UNREACHABLE && error.hint.contains("certificate"), "{error}");
    }
    assert_eq!(server.calls().len(), 1);
}
