//! A node that says everything it can of how it reaches its stores, well and in vain, says none of their secrets: the
//! ledger's password, the key and the token of a vault in a bucket, the secret of a topic.

use crate::databases::{Kind, running};
use crate::fleet_support::Fleet;
#[cfg(any(feature = "s3", feature = "rocketmq"))]
use crate::support::settled::PATIENCE;
use std::fs;
use std::os::unix::fs::PermissionsExt;
#[cfg(any(feature = "s3", feature = "rocketmq"))]
use std::time::{Duration, Instant};

const PASSWORD: &str = "canary-4715-password-of-the-ledger";
const WRONG: &str = "canary-4716-wrong-password";
#[cfg(feature = "s3")]
const KEY: &str = "canary-4717-key-of-the-bucket";
#[cfg(feature = "s3")]
const TOKEN: &str = "canary-4718-token-of-the-bucket";
#[cfg(feature = "rocketmq")]
const TOPIC: &str = "canary-4719-secret-of-the-topic";

fn secret(fleet: &Fleet, name: &str, text: &str) {
    let path = fleet.site.root.join("conf").join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// No secret is said, and everything else is.
fn says_none(fleet: &Fleet, secrets: &[&str]) {
    let all = fleet.log(0);
    assert!(all.contains("\"level\":\"TRACE\""), "{all}");
    for canary in secrets {
        let line = all.lines().find(|line| line.contains(canary));
        assert!(line.is_none(), "{canary}: {line:?}");
    }
}

#[cfg(any(feature = "s3", feature = "rocketmq"))]
async fn until_said(fleet: &Fleet, words: &str) {
    let until = Instant::now() + PATIENCE;
    while !fleet.log(0).contains(words) {
        assert!(Instant::now() < until, "{words} is not said: {}", fleet.log(0));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A node with a password for its ledger.
async fn fleet(more: &str) -> Option<Fleet> {
    let server = running(Kind::MariaDb)?;
    let mut fleet = Fleet::of(server, 1, more).await;
    fleet.loud = true;
    let mut root = server.root("").await;
    // Of its own, for the tests share the server.
    let user = format!("canary_{}", fleet.database);
    for statement in [
        format!("CREATE OR REPLACE USER '{user}'@'%' IDENTIFIED BY '{PASSWORD}'"),
        format!("GRANT ALL ON {}.* TO '{user}'@'%'", fleet.database),
    ] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut root).await.unwrap();
    }
    secret(&fleet, "password", PASSWORD);
    fleet.rewrite(0, "url = \"mysql://root@", &format!("password_file = \"password\"\nurl = \"mysql://{user}@"));
    Some(fleet)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_of_the_ledger_is_not_said() {
    let Some(mut fleet) = fleet("").await else { return };
    fleet.start(0);
    fleet.drop_batch(1);
    fleet.all_rest().await;
    assert_eq!(fleet.stop(0), Some(0));
    says_none(&fleet, &[PASSWORD]);
    secret(&fleet, "password", WRONG);
    fleet.start(0);
    assert_ne!(fleet.wait(0), Some(0), "it is not let in");
    says_none(&fleet, &[PASSWORD, WRONG]);
}

#[cfg(feature = "s3")]
#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_the_vault_are_not_said() {
    use crate::bucket_room::{Room, running, vault_there};
    let Some(server) = running() else { return };
    let Some(mut fleet) = fleet("").await else { return };
    let room = Room::new(server);
    vault_there(&fleet, 0, &room, None);
    let right = fs::read_to_string(fleet.site.root.join("conf/secret")).unwrap();
    fleet.start(0);
    fleet.drop_batch(1);
    fleet.all_rest().await;
    assert_eq!(fleet.stop(0), Some(0));
    says_none(&fleet, &[PASSWORD, &right]);
    // A key and a token of nobody.
    secret(&fleet, "secret", KEY);
    secret(&fleet, "token", TOKEN);
    fleet.rewrite(0, "secret_key_file = \"secret\"", "secret_key_file = \"secret\"\nsession_token_file = \"token\"");
    fleet.start(0);
    until_said(&fleet, "FPP9002").await;
    fleet.kill(0);
    says_none(&fleet, &[PASSWORD, &right, KEY, TOKEN]);
}

#[cfg(feature = "rocketmq")]
#[tokio::test(flavor = "multi_thread")]
async fn the_secret_of_a_topic_is_not_said() {
    // A name server that hangs up.
    let names = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = names.local_addr().unwrap();
    std::thread::spawn(move || names.incoming().for_each(drop));
    let outlet = format!(
        "[outlet.books]\nkind = \"rocketmq\"\nname_servers = [\"{at}\"]\ntopic = \"trades\"\nkey = \"account\"\n\
         user = \"fpp\"\nsecret_file = \"topic\"\n"
    );
    let Some(mut fleet) = fleet(&outlet).await else { return };
    secret(&fleet, "topic", TOPIC);
    let route = fleet.site.root.join("conf/routes/route.toml");
    let text = fs::read_to_string(&route).unwrap();
    fs::write(&route, text + "\n[[outlet]]\nkind = \"rocketmq\"\nname = \"books\"\n").unwrap();
    fleet.start(0);
    fleet.drop_batch(1);
    until_said(&fleet, "FPP4012").await;
    assert_eq!(fleet.stop(0), Some(0));
    says_none(&fleet, &[PASSWORD, TOPIC]);
}
