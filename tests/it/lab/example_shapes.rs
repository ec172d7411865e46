//! The example for Icinga 2 as administrators change it, read by the real core: on one node and for a master with agents.
//! After `make packages`.

use std::fs;

use crate::support::machine::{EXAMPLES, Machine};
use crate::support::skipped_without_root;

/// Edits of the host, services that must be there then, and services that must not.
type Shape =
    (&'static [(&'static str, &'static str)], &'static [&'static str], &'static [&'static str]);

const QUEUE: &str = "  vars.axigen_queue_dir";
const DOMAINS: &str = "  // vars.forced_tls_domains";
const RECIPIENT: &str = "  // vars.forced_tls_recipient";
const PARTNERS: &str = "  // vars.forced_tls_partners";

const SHAPES: [Shape; 5] = [
    (
        &[],
        &["axigen-queue", "axigen-version", "smtp", "smtp-tls", "smtp-tls-587"],
        &["smtp-forced-tls"],
    ),
    // A mail server that is not Axigen.
    (
        &[(QUEUE, "  // vars.axigen_queue_dir")],
        &["smtp", "smtp-tls", "smtp-tls-quick", "smtp-tls-465"],
        &["axigen-queue", "axigen-version"],
    ),
    // Inbound only, outbound only.
    (
        &[(DOMAINS, "  vars.forced_tls_domains"), (RECIPIENT, "  vars.forced_tls_recipient")],
        &["smtp-forced-tls"],
        &[],
    ),
    (&[(PARTNERS, "  vars.forced_tls_partners")], &["smtp-forced-tls"], &[]),
    (
        &[("  // vars.smtp_submission_login", "  vars.smtp_submission_login")],
        &["smtp-submission"],
        &[],
    ),
];

#[test]
#[ignore = "lab: Icinga 2"]
fn the_example_loads_in_every_shape_on_one_node_and_with_agents() {
    if skipped_without_root("Icinga 2") {
        return;
    }
    let machine = Machine::new();
    let example = format!("{EXAMPLES}/icinga2/axigen.conf");
    every_shape_loads(&machine, &example, "etc/icinga2/conf.d/axigen.conf", &[]);
    fs::remove_file(machine.path("etc/icinga2/conf.d/axigen.conf")).unwrap();

    machine.must(&["icinga2", "node", "setup", "--master", "--cn", "lab", "--zone", "master"]);
    let zones = machine.read("etc/icinga2/zones.conf");
    let agents = machine.read(&format!("{EXAMPLES}/icinga2/zones.conf"));
    machine.write("etc/icinga2/zones.conf", &(zones + &agents));
    fs::create_dir_all(machine.path("etc/icinga2/zones.d/master")).unwrap();
    let agent = [("// vars.agent_endpoint", "vars.agent_endpoint")];
    every_shape_loads(&machine, &example, "etc/icinga2/zones.d/master/axigen.conf", &agent);
}

fn every_shape_loads(machine: &Machine, example: &str, to: &str, edits: &[(&str, &str)]) {
    for (shape, there, not_there) in SHAPES {
        machine.adapt(example, to, &[edits, shape].concat());
        let read = machine.run(&["icinga2", "daemon", "-C"]);
        assert!(read.status.success(), "{to}: {shape:?}: {read:?}");
        let listed = machine.run(&["icinga2", "object", "list", "--type", "Service"]);
        let listed = String::from_utf8(listed.stdout).unwrap();
        let has = |service: &&&str| listed.contains(&format!("Object 'mail01!{service}'"));
        let missing: Vec<&&str> = there.iter().filter(|service| !has(service)).collect();
        let superfluous: Vec<&&str> = not_there.iter().filter(has).collect();
        assert!(
            missing.is_empty() && superfluous.is_empty(),
            "{to}: {shape:?}: {missing:?} {superfluous:?}"
        );
    }
}
