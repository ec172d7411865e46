//! The basket for Icinga Director, restored into a fresh database of the real one, and its configuration read by Icinga 2.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{open_tempdir, skipped_without_root};

const PACKAGES: [&str; 10] = [
    "curl",
    "icinga2",
    "icingacli",
    "icingaweb2-module-director",
    "iproute2",
    "mariadb-server",
    "monitoring-plugins-basic",
    "php-cli",
    "php-curl",
    "php-mysql",
];

#[test]
#[ignore = "lab: Icinga Director"]
fn director_takes_the_basket_and_icinga_runs_its_services() {
    if skipped_without_root("Icinga Director") {
        return;
    }
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tests = repository.join("tests/lab");
    let tree = open_tempdir();
    let laid = Command::new(tests.join("root.sh")).arg(tree.path()).args(PACKAGES).status();
    assert!(laid.unwrap().success());
    let lab = tree.path().join("lab");
    fs::create_dir(&lab).unwrap();
    for (from, to) in [
        ("packaging/examples/director/basket.json", "lab/basket.json"),
        ("tests/lab/director.sh", "lab/director.sh"),
        (
            "packaging/icinga2/monitoring-plugins-axigen.conf",
            "usr/share/icinga2/include/plugins-contrib.d/monitoring-plugins-axigen.conf",
        ),
    ] {
        fs::copy(repository.join(from), tree.path().join(to)).unwrap();
    }
    let ran = Command::new("unshare")
        .arg("--net")
        .arg(tests.join("inside.sh"))
        .arg(tree.path())
        .arg("/lab/director.sh")
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");

    let basket = fs::read_to_string(repository.join("packaging/examples/director/basket.json"));
    let basket: serde_json::Value = serde_json::from_str(&basket.unwrap()).unwrap();
    let there = fs::read_to_string(lab.join("services.json")).unwrap();
    for (set, on_postfix) in [("Axigen mail server", false), ("Mail server", true)] {
        for service in basket["ServiceSet"][set]["services"].as_object().unwrap().keys() {
            let name = |host: &str| format!("\"{host}!{service}\"");
            assert!(there.contains(&name("mail01")), "{service}: {there}");
            assert_eq!(there.contains(&name("postfix")), on_postfix, "{service}: {there}");
        }
    }
}
