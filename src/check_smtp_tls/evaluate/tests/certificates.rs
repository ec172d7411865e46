use super::*;

#[test]
fn an_expired_certificate_has_no_a_plus() {
    let expired = spoilt(|facts| facts.certificates[0].not_after = 5 * DAY);
    let report = judge(expired, &submission());
    assert!(report.all_findings().ends_with("grade A"), "{}", report.all_findings());
}

#[test]
fn trust_counts_where_clients_ask_for_proof() {
    let mismatch = |facts: &mut Facts| facts.chains[0].fit = Fit::Other;
    let unknown = |facts: &mut Facts| {
        facts.chains[0].anchored = Anchored::UnknownIssuer;
        facts.chains[0].missing_issuer = Some("CN=X".to_owned());
    };
    let text = "untrusted: issuer CN=X was not sent and is not trusted here (chain incomplete or unknown CA)";
    expect(spoilt(unknown), &policy(), State::Ok, text);
    expect(spoilt(unknown), &submission(), State::Critical, text);
    expect(
        spoilt(mismatch),
        &submission(),
        State::Critical,
        "certificate is for mail.example, not for mail.example",
    );
    expect(
        spoilt(mismatch),
        &Policy { trust: Trust::Pkix, ..policy() },
        State::Critical,
        "certificate is for",
    );
    let without = judge(spoilt(unknown), &Policy { trust: Trust::None, ..submission() });
    assert_eq!((without.state(), without.all_findings().contains("untrusted")), (State::Ok, false));
    let no_anchors =
        |facts: &mut Facts| facts.chains[0].anchored = Anchored::Unknown(NoAnchors::System);
    expect(spoilt(no_anchors), &submission(), State::Unknown, "trust unknown: this system has no");
    let judged = |facts| judge(facts, &submission()).all_findings();
    assert!(!judged(spoilt(unknown)).contains("A+"), "no A+ without proof");
}

#[test]
fn what_our_own_side_lacks_is_no_fault_of_the_server() {
    let refused = |facts: &mut Facts| {
        facts.handshake = None;
        facts.no_handshake = Some(WhyUnknown::Handshake(HandshakeError::Refused(Alert(40))));
    };
    let with_suite = |version, suite| {
        spoilt(move |facts: &mut Facts| {
            refused(facts);
            facts.accepted = [(version, suite)].into();
        })
    };
    let text = "handshake unknown: our side does not speak ";
    let cbc = with_suite(Protocol::Tls12, 0x002f);
    expect(cbc, &submission(), State::Ok, &format!("{text}TLS_RSA_WITH_AES_128_CBC_SHA"));
    let ccm = with_suite(Protocol::Tls13, 0x1304);
    expect(ccm, &submission(), State::Unknown, &format!("{text}TLS_AES_128_CCM_SHA256"));
    let old = with_suite(Protocol::Tls10, 0x002f);
    expect(old, &submission(), State::Unknown, &format!("{text}TLS 1.0"));
    let unseen = |facts: &mut Facts| {
        refused(facts);
        facts.chains.clear();
        facts.groups = [0x001e].into();
    };
    expect(spoilt(unseen), &submission(), State::Unknown, &format!("{text}X448"));
    // It chose what we have too.
    expect(spoilt(refused), &submission(), State::Critical, "refused with alert 40");
}

#[test]
fn an_authority_that_ends_first_is_said_beforehand() {
    let ending = |not_after| {
        spoilt(move |facts: &mut Facts| {
            let subject = "CN=Root".to_owned();
            facts.chains[0].first_to_end = Some(Life { subject, not_before: 0, not_after });
        })
    };
    expect(ending(50 * DAY), &submission(), State::Ok, "certificate valid for 90d");
    expect(ending(22 * DAY), &submission(), State::Warning, "its authority CN=Root ends in 12d");
    expect(ending(22 * DAY), &policy(), State::Ok, "certificate valid for 90d");
    expect(ending(200 * DAY), &submission(), State::Ok, "certificate valid for 90d");
}

#[test]
fn clients_without_sni_have_a_certificate_of_their_own() {
    let unnamed = |fit, not_after| {
        spoilt(move |facts: &mut Facts| {
            let mut leaf = facts.certificates[0].clone();
            leaf.not_after = not_after;
            leaf.names = vec!["other.example".to_owned()];
            facts.without_name = Some(Box::new(Unnamed { leaf, fit }));
        })
    };
    let text = "clients that name no server (no SNI) get a certificate ";
    let other = || unnamed(Fit::Other, 90 * DAY);
    expect(other(), &policy(), State::Ok, &format!("{text}for other.example"));
    let pkix = Policy { trust: Trust::Pkix, ..policy() };
    expect(other(), &pkix, State::Warning, &format!("{text}for other.example"));
    expect(unnamed(Fit::Name, 90 * DAY), &pkix, State::Ok, "grade A");
    let none = Policy { trust: Trust::None, ..policy() };
    expect(unnamed(Fit::Other, 7 * DAY), &none, State::Warning, &format!("{text}that expired 3d"));
}

#[test]
fn of_two_certificates_the_one_that_ends_first_is_shown() {
    let facts = spoilt(|facts| {
        let mut second = facts.certificates[0].clone();
        second.not_after = 60 * DAY;
        second.key.bits = Some(3072);
        facts.certificates.push(second);
        let mut chain = facts.chains[0].clone();
        chain.certificates = vec![1];
        facts.chains.push(chain);
    });
    expect(facts, &policy(), State::Ok, "certificate (RSA 3072) valid for 50d");
}
