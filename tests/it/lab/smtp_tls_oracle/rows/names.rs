//! For whom a certificate is (RFC 9525), and what an authority may certify (RFC 5280 section 4.2.1.10).

use super::{OTHER_P256, P256, Table, authority, for_name, server};
use crate::support::forge::{AUTHORITY, SERVER, Wish};
use crate::support::pki::NAME;

/// What it is for, and what is looked for.
const NAMES: [(&str, &str); 34] = [
    ("DNS:mail.lab.test", "mail.lab.test"),
    ("DNS:MAIL.lab.TEST", "mail.lab.test"),
    ("DNS:mail.lab.test", "MAIL.LAB.TEST"),
    ("DNS:mail.lab.test.", "mail.lab.test"),
    ("DNS:other.lab.test", "mail.lab.test"),
    ("DNS:other.lab.test,DNS:mail.lab.test", "mail.lab.test"),
    ("DNS:*.lab.test", "mail.lab.test"),
    ("DNS:*.lab.test", "lab.test"),
    ("DNS:*.lab.test", "a.mail.lab.test"),
    ("DNS:*.test", "mail.test"),
    ("DNS:*", "mail"),
    ("DNS:m*.lab.test", "mail.lab.test"),
    ("DNS:*l.lab.test", "mail.lab.test"),
    ("DNS:ma*l.lab.test", "mail.lab.test"),
    ("DNS:mail.*.test", "mail.lab.test"),
    ("DNS:*.*.test", "mail.lab.test"),
    ("DNS:.lab.test", "mail.lab.test"),
    ("DNS:*.lab.test", "xn--bcher-kva.lab.test"),
    ("DNS:xn--bcher-kva.lab.test", "xn--bcher-kva.lab.test"),
    ("DNS:xn--*.lab.test", "xn--bcher-kva.lab.test"),
    ("DNS:under_score.lab.test", "under_score.lab.test"),
    ("DNS:*.lab.test", "under_score.lab.test"),
    ("IP:127.0.0.1", "127.0.0.1"),
    ("IP:127.0.0.2", "127.0.0.1"),
    ("IP:::1", "::1"),
    ("DNS:127.0.0.1", "127.0.0.1"),
    ("DNS:mail.lab.test", "127.0.0.1"),
    ("IP:127.0.0.1", "mail.lab.test"),
    ("email:post@mail.lab.test", "mail.lab.test"),
    ("URI:https://mail.lab.test/", "mail.lab.test"),
    ("RID:1.2.3.4", "mail.lab.test"),
    ("DNS:mail.lab.test,email:post@lab.test", "mail.lab.test"),
    ("dirName:directory", "mail.lab.test"),
    ("DNS:mail", "mail"),
];

/// The constraints of an authority, and what the server's name is.
const CONSTRAINTS: [(&str, &str); 20] = [
    ("permitted;DNS:lab.test", "DNS:mail.lab.test"),
    ("permitted;DNS:.lab.test", "DNS:mail.lab.test"),
    ("permitted;DNS:.lab.test", "DNS:lab.test"),
    ("permitted;DNS:LAB.test", "DNS:mail.lab.test"),
    ("permitted;DNS:mail.lab.test", "DNS:mail.lab.test"),
    ("permitted;DNS:ab.test", "DNS:mail.lab.test"),
    ("permitted;DNS:other.test", "DNS:mail.lab.test"),
    ("permitted;DNS:other.test,permitted;DNS:lab.test", "DNS:mail.lab.test"),
    ("permitted;DNS:lab.test", "DNS:mail.lab.test,DNS:mail.other.test"),
    ("permitted;DNS:lab.test", "DNS:*.lab.test"),
    ("permitted;DNS:mail.lab.test", "DNS:*.lab.test"),
    ("excluded;DNS:lab.test", "DNS:mail.lab.test"),
    ("excluded;DNS:other.test", "DNS:mail.lab.test"),
    ("excluded;DNS:mail.lab.test", "DNS:*.lab.test"),
    ("permitted;DNS:lab.test,excluded;DNS:mail.lab.test", "DNS:mail.lab.test"),
    ("permitted;IP:127.0.0.0/255.0.0.0", "DNS:mail.lab.test"),
    ("permitted;IP:10.0.0.0/255.0.0.0", "DNS:mail.lab.test,IP:127.0.0.1"),
    ("excluded;IP:127.0.0.0/255.0.0.0", "DNS:mail.lab.test,IP:127.0.0.1"),
    ("permitted;email:lab.test", "DNS:mail.lab.test,email:post@lab.test"),
    ("permitted;email:lab.test", "DNS:mail.lab.test,email:post@other.test"),
];

pub(super) fn add(table: &mut Table<'_>) {
    let root = table.root.clone();
    for (of, name) in NAMES {
        let extensions = format!("{SERVER}subjectAltName={of}\n[directory]\nCN=mail.lab.test\n");
        let leaf = table.forge.issue(&server(P256, &root, &extensions));
        table.row(&format!("name {of} for {name}"), &[&leaf], "").named(name);
    }
    let address = format!("{SERVER}subjectAltName=IP:10.0.0.1\n");
    let critical = format!("{SERVER}subjectAltName=critical,DNS:{NAME}\n");
    for (title, subject, extensions) in [
        ("common name only", "/CN=mail.lab.test", SERVER),
        ("common name beside another name", "/CN=mail.lab.test", &for_name("other.lab.test")),
        ("common name beside an address", "/CN=mail.lab.test", &address),
        ("common name is a wildcard", "/CN=*.lab.test", SERVER),
        ("no common name", "/O=Lab", &for_name(NAME)),
        ("no subject", "/", &critical),
    ] {
        let wish = Wish { subject, ..server(P256, &root, extensions) };
        let leaf = table.forge.issue(&wish);
        table.row(title, &[&leaf], "");
    }
    let many = (0..3000).fold(String::new(), |all, number| format!("{all}DNS:h{number}.lab.test,"));
    let extensions = format!("{SERVER}subjectAltName={many}DNS:{NAME}\n");
    let leaf = table.forge.issue(&server(P256, &root, &extensions));
    table.row("name behind 3000 others", &[&leaf], "");
    constraints(table);
}

fn constraints(table: &mut Table<'_>) {
    let root = table.root.clone();
    for (constraint, name) in CONSTRAINTS {
        let extensions = format!("{AUTHORITY}nameConstraints=critical,{constraint}\n");
        let wish =
            Wish { extensions: &extensions, ..authority("/CN=Below", OTHER_P256, Some(&root)) };
        let below = table.forge.issue(&wish);
        let extensions = format!("{SERVER}subjectAltName={name}\n");
        let leaf = table.forge.issue(&server(P256, &below, &extensions));
        table.row(&format!("constraint {constraint} on {name}"), &[&leaf, &below], "");
    }
    for (title, constraint, subject, own) in [
        ("on a fitting subject", "permitted;dirName:directory", "/O=Lab/CN=a", &*for_name(NAME)),
        ("on another subject", "permitted;dirName:directory", "/O=Other/CN=a", &for_name(NAME)),
        ("on a common name alone", "permitted;DNS:lab.test", "/CN=mail.other.test", SERVER),
    ] {
        let extensions =
            format!("{AUTHORITY}nameConstraints=critical,{constraint}\n[directory]\nO=Lab\n");
        let wish =
            Wish { extensions: &extensions, ..authority("/CN=Below", OTHER_P256, Some(&root)) };
        let below = table.forge.issue(&wish);
        let leaf = table.forge.issue(&Wish { subject, ..server(P256, &below, own) });
        table.row(&format!("constraint {title}"), &[&leaf, &below], "");
    }
    let extensions = format!("{AUTHORITY}nameConstraints=critical,permitted;DNS:other.test\n");
    let wish = Wish { extensions: &extensions, ..authority("/CN=Bound Root", OTHER_P256, None) };
    let bound = table.forge.issue(&wish);
    let leaf = table.forge.issue(&server(P256, &bound, &for_name(NAME)));
    table.row("constraint of the root itself", &[&leaf], "").trusting(&bound.certificate);
}
