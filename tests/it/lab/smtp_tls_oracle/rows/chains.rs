//! Chains with every fault, and without (RFC 5280 section 6).

use super::{OTHER_P256, P256, Table, authority, for_name, server};
use crate::support::forge::{AUTHORITY, Wish};
use crate::support::pki::NAME;

/// Extensions of a leaf beside its name, in place of the usual.
const LEAVES: [(&str, &str); 22] = [
    ("none but its name", ""),
    ("no usage", "basicConstraints=critical,CA:FALSE\n"),
    ("usage clientAuth", "extendedKeyUsage=clientAuth\n"),
    ("usage clientAuth and serverAuth", "extendedKeyUsage=clientAuth,serverAuth\n"),
    ("usage any", "extendedKeyUsage=anyExtendedKeyUsage\n"),
    ("usage emailProtection", "extendedKeyUsage=emailProtection\n"),
    ("usage server gated", "extendedKeyUsage=msSGC\n"),
    ("usage Netscape gated", "extendedKeyUsage=nsSGC\n"),
    ("usage critical", "extendedKeyUsage=critical,serverAuth\n"),
    ("key usage keyAgreement", "keyUsage=critical,keyAgreement\n"),
    ("key usage keyEncipherment", "keyUsage=critical,keyEncipherment\n"),
    ("key usage dataEncipherment", "keyUsage=critical,dataEncipherment\n"),
    ("key usage keyCertSign", "keyUsage=critical,keyCertSign\n"),
    ("key usage digitalSignature", "keyUsage=digitalSignature\n"),
    ("authority", "basicConstraints=critical,CA:TRUE\n"),
    ("authority with its key usage", AUTHORITY),
    ("unknown critical extension", "1.2.3.4.5=critical,ASN1:NULL\n"),
    ("unknown extension", "1.2.3.4.5=ASN1:NULL\n"),
    ("Netscape type client", "nsCertType=client\n"),
    ("Netscape type server", "nsCertType=server\n"),
    ("must staple", "tlsfeature=status_request\n"),
    ("critical policy", "certificatePolicies=critical,1.2.3.4\n"),
];

/// Extensions of an authority.
const AUTHORITIES: [(&str, &str); 15] = [
    ("usual", AUTHORITY),
    ("without extensions", ""),
    ("without basic constraints", "keyUsage=critical,keyCertSign\n"),
    ("not an authority", "basicConstraints=critical,CA:FALSE\n"),
    ("authority, not critical", "basicConstraints=CA:TRUE\n"),
    ("no key usage", "basicConstraints=critical,CA:TRUE\n"),
    ("key usage cRLSign", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign\n"),
    ("path length 0", "basicConstraints=critical,CA:TRUE,pathlen:0\n"),
    ("usage serverAuth", "basicConstraints=critical,CA:TRUE\nextendedKeyUsage=serverAuth\n"),
    ("usage clientAuth", "basicConstraints=critical,CA:TRUE\nextendedKeyUsage=clientAuth\n"),
    ("usage any", "basicConstraints=critical,CA:TRUE\nextendedKeyUsage=anyExtendedKeyUsage\n"),
    (
        "unknown critical extension",
        "basicConstraints=critical,CA:TRUE\n1.2.3.4.5=critical,ASN1:NULL\n",
    ),
    (
        "critical policy",
        "basicConstraints=critical,CA:TRUE\ncertificatePolicies=critical,1.2.3.4\n",
    ),
    (
        "policy constraints",
        "basicConstraints=critical,CA:TRUE\npolicyConstraints=critical,requireExplicitPolicy:0\n",
    ),
    ("Netscape type of an authority", "basicConstraints=critical,CA:TRUE\nnsCertType=sslCA\n"),
];

const LIVES: [(&str, (i64, i64)); 3] =
    [("expired", (-90, -3)), ("not yet valid", (3, 90)), ("valid", (-90, 90))];

pub(super) fn add(table: &mut Table<'_>) {
    let root = table.root.clone();
    for (title, extensions) in LEAVES {
        let extensions = format!("{extensions}subjectAltName=DNS:{NAME}\n");
        let leaf = table.forge.issue(&server(P256, &root, &extensions));
        table.row(&format!("leaf: {title}"), &[&leaf], "");
    }
    let old = Wish { subject: "/CN=mail.lab.test", ..server(P256, &root, "") };
    let old = table.forge.issue(&old);
    table.row("leaf: version 1", &[&old], "");
    for (title, extensions) in AUTHORITIES {
        let wish = Wish { extensions, ..authority("/CN=Below", OTHER_P256, Some(&root)) };
        let below = table.forge.issue(&wish);
        let leaf = table.forge.issue(&server(P256, &below, &for_name(NAME)));
        table.row(&format!("between: {title}"), &[&leaf, &below], "");
    }
    for (title, extensions) in AUTHORITIES {
        let wish = Wish { extensions, ..authority("/CN=Other Root", OTHER_P256, None) };
        let other = table.forge.issue(&wish);
        let leaf = table.forge.issue(&server(P256, &other, &for_name(NAME)));
        table.row(&format!("root: {title}"), &[&leaf], "").trusting(&other.certificate);
    }
    lives(table);
    crossed(table);
    lengths(table);
    self_signed(table);
    sent(table);
    trusted(table);
}

fn lives(table: &mut Table<'_>) {
    let (root, extensions) = (table.root.clone(), for_name(NAME));
    for (title, days) in LIVES {
        let leaf = table.forge.issue(&Wish { days, ..server(P256, &root, &extensions) });
        table.row(&format!("life: leaf {title}"), &[&leaf], "");
        let wish = Wish { days, ..authority("/CN=Below", OTHER_P256, Some(&root)) };
        let below = table.forge.issue(&wish);
        let leaf = table.forge.issue(&server(P256, &below, &extensions));
        table.row(&format!("life: between {title}"), &[&leaf, &below], "");
        let wish = Wish { days, ..authority("/CN=Other Root", OTHER_P256, None) };
        let other = table.forge.issue(&wish);
        let leaf = table.forge.issue(&server(P256, &other, &extensions));
        let title = format!("life: root {title}");
        table.row(&title, &[&leaf], "").trusting(&other.certificate);
        let row = table.row(&format!("{title}, sent"), &[&leaf, &other], "");
        row.trusting(&other.certificate);
        // With the same key: both are trusted.
        let renewed = table.forge.issue(&authority("/CN=Other Root", OTHER_P256, None));
        let both = table.forge.bundle([&other, &renewed]);
        table.row(&format!("{title}, and renewed"), &[&leaf], "").trusting(&both);
        let row = table.row(&format!("{title}, sent, and renewed"), &[&leaf, &other], "");
        row.trusting(&both);
    }
}

/// Certified by an old root and by itself: the old way is out of its dates.
fn crossed(table: &mut Table<'_>) {
    for (title, days) in LIVES {
        let old = Wish { days, ..authority("/CN=Other Root", OTHER_P256, None) };
        let old = table.forge.issue(&old);
        let young = table.forge.issue(&authority("/CN=Young Root", "EC:P-256#young", None));
        let by_old = Wish { days, ..authority("/CN=Young Root", "EC:P-256#young", Some(&old)) };
        let by_old = table.forge.issue(&by_old);
        let leaf = table.forge.issue(&server(P256, &young, &for_name(NAME)));
        let both = table.forge.bundle([&old, &young]);
        for (anchors, trusted) in
            [("both", &both), ("old", &old.certificate), ("young", &young.certificate)]
        {
            let title = format!("crossed: {title}, trusting {anchors}");
            table.row(&title, &[&leaf, &by_old], "").trusting(trusted);
        }
    }
}

fn lengths(table: &mut Table<'_>) {
    let root = table.root.clone();
    let short = "basicConstraints=critical,CA:TRUE,pathlen:0\n";
    let wish = Wish { extensions: short, ..authority("/CN=Below", OTHER_P256, Some(&root)) };
    let first = table.forge.issue(&wish);
    let second = table.forge.issue(&authority("/CN=Deeper", "EC:P-256#3", Some(&first)));
    let leaf = table.forge.issue(&server(P256, &second, &for_name(NAME)));
    table.row("length 0 above another authority", &[&leaf, &second, &first], "");
    let wish = Wish { extensions: short, ..authority("/CN=Short Root", OTHER_P256, None) };
    let short = table.forge.issue(&wish);
    let below = table.forge.issue(&authority("/CN=Below", "EC:P-256#3", Some(&short)));
    let leaf = table.forge.issue(&server(P256, &below, &for_name(NAME)));
    table.row("length 0 of the root", &[&leaf, &below], "").trusting(&short.certificate);
}

fn self_signed(table: &mut Table<'_>) {
    let name = format!("subjectAltName=DNS:{NAME}\n");
    for (title, extensions) in [
        ("of an authority", &*format!("{AUTHORITY}{name}")),
        ("CA:TRUE alone", &format!("basicConstraints=critical,CA:TRUE\n{name}")),
        ("of a server", &for_name(NAME)),
        ("with its name only", &name),
        ("for clients", &format!("extendedKeyUsage=clientAuth\n{name}")),
        ("of version 1", ""),
    ] {
        let wish = Wish { subject: "/CN=mail.lab.test", extensions, ..authority("", P256, None) };
        for (life, days) in LIVES {
            let leaf = table.forge.issue(&Wish { days, ..wish.clone() });
            let row = table.row(&format!("self-signed {title}, trusted, {life}"), &[&leaf], "");
            row.trusting(&leaf.certificate);
        }
        let leaf = table.forge.issue(&wish);
        table.row(&format!("self-signed {title}, not trusted"), &[&leaf], "");
    }
}

fn sent(table: &mut Table<'_>) {
    let root = table.root.clone();
    let above = table.forge.issue(&authority("/CN=Above", OTHER_P256, Some(&root)));
    let below = table.forge.issue(&authority("/CN=Below", "EC:P-256#3", Some(&above)));
    let stranger = table.forge.issue(&authority("/CN=Stranger", "EC:P-256#4", None));
    let leaf = table.forge.issue(&server(P256, &below, &for_name(NAME)));
    let direct = table.leaf(P256);
    let foreign = table.forge.issue(&server(P256, &stranger, &for_name(NAME)));
    for (title, chain) in [
        ("in order", &[&leaf, &below, &above][..]),
        ("out of order", &[&leaf, &above, &below]),
        ("with the root", &[&leaf, &below, &above, &root]),
        ("root first", &[&leaf, &root, &above, &below]),
        ("leaf twice", &[&leaf, &leaf, &below, &above]),
        ("all twice", &[&leaf, &below, &above, &below, &above]),
        ("with a stranger", &[&leaf, &stranger, &below, &above]),
        ("the upper one missing", &[&leaf, &below]),
        ("the lower one missing", &[&leaf, &above]),
        ("the leaf alone", &[&leaf]),
        ("the leaf of a root alone", &[&direct]),
        ("the leaf of a root twice", &[&direct, &direct]),
        ("of a stranger", &[&foreign]),
        ("of a stranger, sent", &[&foreign, &stranger]),
    ] {
        table.row(&format!("sent: {title}"), chain, "");
    }
}

fn trusted(table: &mut Table<'_>) {
    let root = table.root.clone();
    let below = table.forge.issue(&authority("/CN=Below", "EC:P-256#3", Some(&root)));
    let leaf = table.forge.issue(&server(P256, &below, &for_name(NAME)));
    let all = table.forge.bundle([&below, &root]);
    table.row("trusted: all, the leaf alone sent", &[&leaf], "").trusting(&all);
    let row = table.row("trusted: an authority below the root", &[&leaf, &below], "");
    row.trusting(&below.certificate);
    table.row("trusted: the leaf itself", &[&leaf], "").trusting(&leaf.certificate);
    let row = table.row("trusted: the leaf itself, for others", &[&leaf], "");
    row.trusting(&leaf.certificate);
    row.named("other.lab.test");
    // The same name, another key.
    let twin = table.forge.issue(&authority("/CN=Lab Root", "EC:P-256#4", None));
    let direct = table.leaf(P256);
    let row = table.row("trusted: a root of the same name", &[&direct], "");
    row.trusting(&twin.certificate);
    let both = table.forge.bundle([&twin, &root]);
    table.row("trusted: two roots of the same name", &[&direct], "").trusting(&both);
    let of_twin = table.forge.issue(&server(P256, &twin, &for_name(NAME)));
    table.row("trusted: a root, and its twin signed", &[&of_twin], "");
}
