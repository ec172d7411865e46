//! What is used of a whole, where options speak of what is left of it.
//!
//! Graphs and pies show more as worse, and Icinga keeps a limit only when it is a bare number: `10:` of what is free is lost
//! in each of them, 90 of what is used is not.

use super::metric::{Metric, Unit};
use super::range::Range;
use super::thresholds::Thresholds;
use super::value::Value;

/// Something that is used up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    /// What is left of it; nothing or less when it is used up.
    pub(crate) left: f64,
    /// All of it, in the unit of what is left.
    pub(crate) whole: f64,
    /// All of it as the metric shows it: 100 for per cent.
    pub(crate) shown_as: u32,
}

impl Used {
    /// The metric in whole numbers, with `limits` on what is left turned round. It is above its limit exactly when what is
    /// left breaches its own; a limit for which no rounding does that is left out.
    pub(crate) fn metric(self, name: &str, unit: Unit, limits: &Thresholds) -> Metric {
        let metric = Metric::new(name, Value::Undetermined, unit).at_most(self.shown_as.into());
        if !self.left.is_finite() || self.whole <= 0.0 {
            return metric;
        }
        let used = self.shown(self.left);
        let values = [used.ceil(), used.ceil().max(0.0) + 1.0, used.floor()]
            .map(|value| whole(value.clamp(0.0, f64::from(self.shown_as))));
        let turned = |value| Thresholds {
            warning: limits.warning.and_then(|range| self.turned(range, value)),
            critical: limits.critical.and_then(|range| self.turned(range, value)),
        };
        let is_whole = |value: &i64| {
            let turned = turned(*value);
            turned.warning.is_some() == limits.warning.is_some()
                && turned.critical.is_some() == limits.critical.is_some()
        };
        let [nearest, ..] = values;
        let value = values.into_iter().find(is_whole).unwrap_or(nearest);
        Metric { value: Value::Int(value), ..metric }.judged_by(&turned(value))
    }

    /// An amount that is left, as the amount that is used then.
    fn shown(self, left: f64) -> f64 {
        (self.whole - left) * f64::from(self.shown_as) / self.whole
    }

    /// The limit in whole numbers with which `value` alerts when what is left does.
    fn turned(self, range: Range, value: i64) -> Option<Range> {
        let alerts = range.alerts(Value::Float(self.left));
        let at_most = f64::from(self.shown_as);
        let round = |left: f64, step: f64| {
            let used = self.shown(left);
            let used =
                if step < 0.0 { used.floor() + step + 1.0 } else { used.ceil() + step - 1.0 };
            whole(used.clamp(0.0, at_most))
        };
        // Rounded down and up, and then one further.
        [-1.0, 1.0, -2.0, 2.0]
            .map(|step| range.turned(|left| round(left, step)))
            .into_iter()
            .find(|turned| turned.alerts(Value::Int(value)) == alerts)
    }
}

/// A number that is whole and within the bounds of what is shown.
#[expect(clippy::cast_possible_truncation, reason = "clamped to what an u32 holds")]
fn whole(value: f64) -> i64 {
    value as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn used(left: f64, whole: f64, shown_as: u32, warning: &str, critical: &str) -> Metric {
        let limits = Thresholds { warning: warning.parse().ok(), critical: critical.parse().ok() };
        Used { left, whole, shown_as }.metric("used", Unit::Percent, &limits)
    }

    fn printed(metric: &Metric) -> String {
        let limit =
            |range: Option<Range>| range.map_or(String::new(), |range| range.perfdata(true));
        let Thresholds { warning, critical } = metric.thresholds;
        format!("{};{};{}", metric.value, limit(warning), limit(critical))
    }

    #[test]
    fn limits_on_what_is_left_become_bare_numbers_on_what_is_used() {
        for (left, whole, shown_as, warning, critical, expected) in [
            (2.37, 100.0, 100, "10:", "3:", "98;90;97"),
            (10.0, 100.0, 100, "10:", "3:", "90;90;97"),
            (9.99, 100.0, 100, "10:", "3:", "91;90;97"),
            (0.0, 100.0, 100, "10:", "3:", "100;90;97"),
            (100.0, 100.0, 100, "10:", "3:", "0;90;97"),
            // 97.5 used is the limit: 97.4 and 97.6 both are 98.
            (2.6, 100.0, 100, "10:", "2.5:", "98;90;98"),
            (2.4, 100.0, 100, "10:", "2.5:", "98;90;97"),
            (172_800.0, 7_776_000.0, 100, "2419200:", "604800:", "98;68;92"),
            // Expired: beyond the whole.
            (-5.0, 100.0, 100, "0:", "", "100;99;"),
            // A limit longer than the life: never long enough.
            (6.0, 6.0, 100, "28:", "", "1;0;"),
            (150.0, 10_000.0, 10_000, "1000:", "200:", "9850;9000;9800"),
            (50.0, 100.0, 100, "", "~:", "50;;~:"),
        ] {
            let metric = used(left, whole, shown_as, warning, critical);
            assert_eq!(printed(&metric), expected, "{left} of {whole}, {warning} {critical}");
        }
    }

    proptest! {
        #[test]
        fn it_is_beyond_its_limit_exactly_when_what_is_left_is(
            left in -500i32..=10_000, warning in 0u32..12_000, critical in 0u32..12_000,
        ) {
            let left = f64::from(left) / 100.0;
            let limit = |hundredths: u32| format!("{}.{:02}:", hundredths / 100, hundredths % 100);
            let (warning, critical) = (limit(warning), limit(critical));
            let limits =
                Thresholds { warning: warning.parse().ok(), critical: critical.parse().ok() };
            let metric = used(left, 100.0, 100, &warning, &critical);
            prop_assert_eq!(metric.thresholds.judge(metric.value), limits.judge(Value::Float(left)));
            let plain = printed(&metric).chars().all(|c| c.is_ascii_digit() || c == ';');
            prop_assert!(plain, "{}", printed(&metric));
        }

        #[test]
        fn any_limit_that_is_kept_says_the_same(
            left in 0u32..10_000, warning in "@?(~|[0-9]{1,2}(\\.[0-9])?):?([0-9]{1,2}(\\.[0-9])?)?",
        ) {
            let left = f64::from(left) / 100.0;
            let metric = used(left, 100.0, 100, &warning, "");
            if let (Some(turned), Ok(range)) = (metric.thresholds.warning, warning.parse::<Range>()) {
                prop_assert_eq!(turned.alerts(metric.value), range.alerts(Value::Float(left)));
            }
        }
    }
}
