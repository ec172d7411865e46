//! Macros of the monitoring cores -> Event. Pure.

use super::args::Args;
use super::event::{Event, NotificationType, ObjectState, state_of};
use super::past::Past;

impl Event {
    /// Takes the options and, where they are empty, what `lookup` knows under Icinga's and Nagios' names.
    pub(super) fn new(args: &Args, lookup: impl Fn(&str, &str) -> String) -> Self {
        let or = |given: &Option<String>, icinga: &str, nagios: &str| match given.as_deref() {
            None | Some("") => lookup(icinga, nagios),
            Some(given) => given.to_owned(),
        };
        let both = |given: &Option<String>, name: &str| or(given, name, name);
        let host = both(&args.host_name, "HOSTNAME");
        let service = or(&args.service_name, "SERVICENAME", "SERVICEDESC");
        let service_shown = both(&args.service_display_name, "SERVICEDISPLAYNAME");
        let is_service = !(service.is_empty() && service_shown.is_empty());
        let (output, long_output, state) = if is_service {
            ("SERVICEOUTPUT", "LONGSERVICEOUTPUT", both(&args.service_state, "SERVICESTATE"))
        } else {
            ("HOSTOUTPUT", "LONGHOSTOUTPUT", both(&args.host_state, "HOSTSTATE"))
        };
        let given =
            if state.is_empty() { args.service_state.clone().unwrap_or_default() } else { state };
        let output = both(&args.output, output);
        let state = ObjectState::parse(&given).or_else(|| state_of(&output));
        let kind = match NotificationType::parse(&both(&args.kind, "NOTIFICATIONTYPE")) {
            // From cron or by hand: a state that is worse than OK is a problem.
            NotificationType::Other(none)
                if none.is_empty() && state.is_some_and(ObjectState::is_problem) =>
            {
                NotificationType::Problem
            }
            kind => kind,
        };
        Self {
            kind,
            state,
            host_shown: first_of(both(&args.host_display_name, "HOSTDISPLAYNAME"), &host),
            host,
            address: both(&args.host_address, "HOSTADDRESS"),
            service_shown: first_of(service_shown, &service),
            service,
            output,
            long_output: both(&args.long_output, long_output),
            author: or(&args.author, "NOTIFICATIONAUTHORNAME", "NOTIFICATIONAUTHOR"),
            comment: both(&args.comment, "NOTIFICATIONCOMMENT"),
            time: whole(&both(&args.timestamp, "TIMET")),
            last_state: args.last_state.clone().unwrap_or_default(),
            duration: whole(args.duration.as_deref().unwrap_or_default()),
            number: both(&args.notification_number, "NOTIFICATIONNUMBER"),
            past: Past::default(),
        }
    }
}

impl Event {
    /// What is told without a core is about this host, whose name is `own`: a phone that hears of several servers has to know
    /// which one it is.
    pub(super) fn is_of_this_host(&mut self, own: &str) {
        if !self.output.is_empty() && self.host_shown.is_empty() {
            own.clone_into(&mut self.host_shown);
        }
    }

    /// What is remembered under `key` is a service of a host, so that an emergency ends with its recovery.
    pub(super) fn is_of_key(&mut self, key: &str, own: &str) {
        for (text, otherwise) in [(&mut self.host, own), (&mut self.service, key)] {
            if text.is_empty() {
                otherwise.clone_into(text);
            }
        }
        if self.host_shown.is_empty() {
            self.host_shown.clone_from(&self.host);
        }
        if self.service_shown.is_empty() {
            self.service_shown.clone_from(&self.service);
        }
        // A check that says nothing, or nothing of a state, has not told that all is well.
        self.state = self.state.or_else(|| state_of(&self.output)).or(Some(ObjectState::Unknown));
    }
}

fn first_of(text: String, otherwise: &str) -> String {
    if text.is_empty() { otherwise.to_owned() } else { text }
}

/// Icinga passes fractions of a second.
fn whole(text: &str) -> Option<u64> {
    text.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn event(options: &[&str], environment: &[(&str, &str)]) -> Event {
        let line = std::iter::once("notify_pushover").chain(options.iter().copied());
        let args = Args::try_parse_from(line).unwrap();
        let known = |name: &str| {
            let found = environment.iter().find(|(key, _)| *key == name);
            found.map_or(String::new(), |(_, value)| (*value).to_owned())
        };
        Event::new(&args, |icinga, nagios| match known(icinga).as_str() {
            "" => known(&format!("NAGIOS_{nagios}")),
            value => value.to_owned(),
        })
    }

    #[test]
    fn empty_options_fall_back_to_the_environment() {
        let seen = event(
            &["--host-name", "", "--service-state", "warning", "--comment", ""],
            &[
                ("HOSTNAME", "mail01"),
                ("SERVICENAME", "queue"),
                ("SERVICESTATE", "CRITICAL"),
                ("SERVICEOUTPUT", "out"),
            ],
        );
        assert_eq!((seen.host.as_str(), seen.host_shown.as_str()), ("mail01", "mail01"));
        assert_eq!(seen.state, Some(ObjectState::Warning), "an option comes first");
        assert_eq!(seen.output, "out");
        let nagios = event(&[], &[("NAGIOS_SERVICEDESC", "q"), ("NAGIOS_NOTIFICATIONAUTHOR", "a")]);
        assert_eq!((nagios.service.as_str(), nagios.author.as_str()), ("q", "a"));
    }

    #[test]
    fn free_text_may_start_with_anything() {
        for text in ["-5 degrees", "--help", "-", "@file", "<file", "-t"] {
            let seen = event(&["--comment", text, "--output", text], &[]);
            assert_eq!((seen.comment.as_str(), seen.output.as_str()), (text, text));
        }
    }
}
