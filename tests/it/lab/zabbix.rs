//! The recipe for Zabbix, with its own agent: what a check says reaches it whatever the exit code.

use std::process::Command;

use crate::support::daemon::fetched;
use crate::support::queue::QueueTree;

#[test]
#[ignore = "lab: fetches the agent of Zabbix"]
fn the_agent_hands_on_the_json_of_a_check() {
    let test = "the_agent_hands_on_the_json_of_a_check";
    let packages = ["zabbix-agent", "libmodbus5"];
    let Some(unpacked) = fetched(test, "zabbix-agent", "unpack.sh", &packages) else { return };
    let page = include_str!("../../../docs/checkmk-zabbix-prometheus.md");
    let line = page.lines().find(|line| line.starts_with("UserParameter=axigen.queue,")).unwrap();
    let queue = QueueTree::new();
    queue.messages(501);
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("agent.conf");
    let program = env!("CARGO_BIN_EXE_check_axigen_queue");
    let line = line.replace("/usr/lib/nagios/plugins/check_axigen_queue", program);
    let line = format!("{line} --queue-dir {}", queue.path().display());
    std::fs::write(&config, format!("Server=127.0.0.1\nTimeout=30\n{line}\n")).unwrap();
    let output = Command::new(unpacked.join("usr/sbin/zabbix_agentd"))
        .env("LD_LIBRARY_PATH", unpacked.join("usr/lib/x86_64-linux-gnu"))
        .args(["-t", "axigen.queue", "-c"])
        .arg(&config)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let json = said.split_once("[t|").unwrap().1.rsplit_once(']').unwrap().0;
    let report: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(report["state"], "CRITICAL");
    // What the items of the page name.
    let metrics = report["metrics"].as_array().unwrap();
    let messages = metrics.iter().find(|metric| metric["label"] == "messages").unwrap();
    assert_eq!(messages["value"].as_f64(), Some(501.0));
    assert!(report["text"].as_str().unwrap().contains("501 messages"));
}
