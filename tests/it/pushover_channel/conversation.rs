//! What is said to the channel, well or badly, and what it answers.

use serde_json::{Value, json};

use super::{arrived, host, token};
use crate::support::bell::wait_for;
use crate::support::http_server::{HttpServer, Reply};
use crate::support::icinga_notifications::{Daemon, RELEASES, Release, notification};
use crate::support::pushover::{BOB, TOKEN};

#[test]
fn both_releases_are_told_about_the_channel() {
    let server = HttpServer::with(vec![]);
    let host = host(&server);
    for release in RELEASES {
        let mut daemon = Daemon::start(release, &host.config());
        let info = daemon.call("GetInfo", Value::Null).unwrap();
        assert_eq!((&info["name"], &info["version"]), (&json!("Pushover"), &json!("0.1.0")));
        assert!(info["author"].is_string());
        for option in info["config_attrs"].as_array().unwrap() {
            assert!(option["name"].is_string() && option["type"].is_string(), "{option}");
            assert!(option["label"]["en_US"].is_string(), "{option}");
        }
        daemon.stop();
    }
    assert!(server.requests().is_empty(), "to be asked for its options a channel asks nobody");
}

#[test]
fn both_releases_send() {
    for release in RELEASES {
        let server = HttpServer::with(vec![]);
        let host = host(&server);
        let options = json!({ "token": TOKEN, "sounds": "crit=siren", "priorities": "warning=-1" });
        let mut daemon = Daemon::configured(release, &host.config(), options);
        daemon.call("SendNotification", notification("alice", 1, "crit")).unwrap();
        assert_eq!(arrived(&server, 1), ["143 messages in the queue\nlook there"]);
        let sent =
            server.requests().into_iter().find(|one| one.path == "/1/messages.json").unwrap();
        for (name, value) in [
            ("token", TOKEN),
            ("title", "🔴 CRIT mail01: queue"),
            ("priority", "1"),
            ("sound", "siren"),
            ("timestamp", "1720781250"),
            ("url", "http://localhost/icingaweb2/icingadb/service?name=queue&host.name=mail01"),
        ] {
            assert_eq!(sent.field(name), value, "{release:?} {name}");
        }
        let said = daemon.stop();
        assert!(!said.contains(TOKEN), "{said}");
    }
}

#[test]
fn what_is_no_request_gets_an_error_and_stops_nothing() {
    for (release, text, code) in [
        (Release::JsonRpc, "{\"jsonrpc\":\"2.0\",\"method\":bad,\"id\":1}\n", -32700),
        (Release::JsonRpc, "{\"jsonrpc\":\"2.0\",\"method\":\"SendNotif\n", -32700),
        (Release::JsonRpc, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"X\"}", -32601),
        (Release::JsonRpc, "{\"jsonrpc\":\"2.0\",\"id\":1}", -32600),
        (Release::JsonRpc, "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"GetInfo\"}", -32600),
        (Release::JsonRpc, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"SetConfig\"}", -32602),
        (
            Release::JsonRpc,
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"SendNotification\"}",
            -32602,
        ),
        (
            Release::JsonRpc,
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"SendNotification\",\"params\":[]}",
            -32602,
        ),
        (Release::JsonRpc, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"GetInfo\"}]", -32600),
        (Release::Plain, "{\"method\":bad}\n", 0),
        (Release::Plain, "nonsense\n", 0),
        (
            Release::Plain,
            "{\"method\":\"GetInfo\",\"params\":{\"a\":1}\n{\"id\":9,\"method\":\"GetInfo\"}",
            0,
        ),
        (Release::Plain, "{\"id\":1,\"method\":\"X\"}", 0),
        (Release::Plain, "{\"id\":1}", 0),
        (Release::Plain, "{\"id\":1,\"method\":\"SetConfig\",\"params\":\"x\"}", 0),
        (Release::Plain, "{\"id\":1,\"method\":\"SetConfig\",\"params\":{\"token\":\"x\"}}", 0),
    ] {
        let server = HttpServer::with(vec![]);
        let host = host(&server);
        let mut daemon = Daemon::start(release, &host.config());
        daemon.last_was(9);
        daemon.write(text.as_bytes());
        let said = wait_for("an error", || {
            daemon.objects().into_iter().find(|object| object.get("error").is_some())
        });
        match release {
            Release::Plain => assert!(said["error"].is_string() && said["id"].is_u64(), "{said}"),
            Release::JsonRpc => assert_eq!(said["error"]["code"], code, "{text}: {said}"),
        }
        daemon.call("SetConfig", token()).unwrap();
        daemon.call("SendNotification", notification("alice", 1, "crit")).unwrap();
        arrived(&server, 1);
        daemon.stop();
    }
}

#[test]
fn answers_to_what_is_no_question_of_ours_and_notifications_get_none() {
    let server = HttpServer::with(vec![]);
    let host = host(&server);
    let mut daemon = Daemon::configured(Release::JsonRpc, &host.config(), token());
    for silent in [
        json!({ "jsonrpc": "2.0", "id": 8, "result": null }),
        json!({ "jsonrpc": "2.0", "method": "GetInfo" }),
        json!({ "jsonrpc": "2.0", "method": "NoSuchMethod" }),
        json!({ "jsonrpc": "2.0", "method": "SendNotification", "params": notification("alice", 1, "crit") }),
    ] {
        daemon.write(silent.to_string().as_bytes());
    }
    daemon.call("GetInfo", Value::Null).unwrap();
    let answers = daemon.objects().into_iter().filter(|object| object.get("method").is_none());
    assert_eq!(answers.count(), 2, "{:?}", daemon.objects());
    arrived(&server, 1);
    daemon.stop();
}

#[test]
fn objects_may_stand_one_behind_the_other_and_come_in_pieces() {
    for release in RELEASES {
        let server = HttpServer::with(vec![]);
        let host = host(&server);
        let mut daemon = Daemon::configured(release, &host.config(), token());
        let mut all = String::new();
        for number in 0..3 {
            let mut params = notification("alice", number, "warning");
            params["event"]["message"] = json!(format!("}}{{ \"{number}\""));
            all.push_str(&daemon.request("SendNotification", params).1);
        }
        let (last, request) = daemon.request("GetInfo", Value::Null);
        all.push_str(&request);
        for piece in all.as_bytes().chunks(7) {
            daemon.write(piece);
        }
        daemon.answer(last).unwrap();
        assert_eq!(arrived(&server, 3), ["}{ \"0\"", "}{ \"1\"", "}{ \"2\""]);
        daemon.stop();
    }
}

#[test]
fn fields_of_a_mebibyte_and_fields_nobody_knows_cost_no_alert() {
    for release in RELEASES {
        let server = HttpServer::with(vec![]);
        let host = host(&server);
        let mut daemon = Daemon::configured(release, &host.config(), token());
        let long = "ä\t".repeat(1 << 18);
        let mut params = notification("alice", 1, "crit");
        params["event"]["message"] = json!(long);
        params["object"]["tags"]["service"] = json!(long);
        params["object"]["url"] = json!(format!("https://{long}"));
        params["new"] = json!({ "deep": [[[{}]]] });
        params["incident"]["mood"] = json!(-1.5e300);
        daemon.call("SendNotification", params).unwrap();
        let text = arrived(&server, 1).remove(0);
        assert_eq!(text.chars().count(), 1024);
        let mut odd = notification("alice", 1, "unheard-of");
        odd["object"] = json!("mail01");
        odd["event"]["time"] = json!(5);
        odd["contact"]["full_name"] = json!(null);
        daemon.call("SendNotification", odd).unwrap();
        arrived(&server, 2);
        daemon.stop();
    }
}

#[test]
fn new_settings_hold_for_the_living_process_and_bad_ones_leave_the_old() {
    let server = HttpServer::start(|_, request| match request.field("token") {
        BOB => Reply::json(
            400,
            r#"{"token":"invalid","errors":["application token is invalid"],"status":0}"#,
        ),
        _ => Reply::accepted(),
    });
    let host = host(&server);
    let options = json!({ "token": TOKEN, "sounds": "crit=siren" });
    let mut daemon = Daemon::configured(Release::JsonRpc, &host.config(), options);
    for (options, expected) in [
        (json!({ "token": TOKEN, "sounds": "crit=bike" }), "bike"),
        (json!({ "token": BOB, "sounds": "crit=none" }), "bike"),
        (json!({ "token": "short", "sounds": "crit=none" }), "bike"),
        (json!({ "token": TOKEN }), ""),
    ] {
        let accepted = daemon.call("SetConfig", options.clone());
        assert_eq!(accepted.is_ok(), options["token"] == TOKEN, "{accepted:?}");
        let before = server.messages().len();
        daemon.call("SendNotification", notification("alice", 1, "crit")).unwrap();
        arrived(&server, before + 1);
        let sent = server.requests().pop().unwrap();
        assert_eq!((sent.field("sound"), sent.field("token")), (expected, TOKEN));
    }
    let said = daemon.stop();
    assert!(!said.contains(TOKEN) && !said.contains(BOB), "{said}");
}

#[test]
fn a_wrong_token_is_told_at_once_and_asked_about_once() {
    for release in RELEASES {
        let server = HttpServer::start(|_, _| {
            Reply::json(
                400,
                r#"{"token":"invalid","errors":["application token is invalid"],"status":0}"#,
            )
        });
        let host = host(&server);
        let mut daemon = Daemon::start(release, &host.config());
        for _ in 0..3 {
            let refused = daemon.call("SetConfig", token()).unwrap_err();
            assert!(refused.contains("application token is invalid"), "{refused}");
        }
        let said = daemon.stop();
        assert!(!said.contains(TOKEN), "{said}");
        assert_eq!(server.requests().len(), 1, "Pushover blocks who goes on asking");
    }
}

#[test]
fn a_mistake_of_taste_is_a_line_in_the_log() {
    for release in RELEASES {
        let server = HttpServer::with(vec![]);
        let host = host(&server);
        let options = json!({ "token": TOKEN, "sounds": "crit=no such", "priorities": "fatal=2" });
        let daemon = Daemon::configured(release, &host.config(), options);
        wait_for("both remarks", || {
            let log = daemon.log();
            let told = log.contains("warn: sound ignored: 'crit=no such'");
            (told && log.contains("warn: priority ignored: 'fatal=2'")).then_some(())
        });
        daemon.stop();
    }
}
