//! Words of Pushover that decide something. Its API tells these cases apart by text alone, and this is the one place that
//! looks into it.

/// Whether the `info` of an accepted message says that there is nobody to send it to. Not documented, but seen:
/// influxdata/kapacitor#1483, node-red-contrib-pushover#22.
pub(super) fn says_no_device(info: &str) -> bool {
    info.contains("no active devices")
}

/// Whether an entry of `errors` is about the application's token, where no key `token` says so.
pub(super) fn is_about_token(error: &str) -> bool {
    error.contains("application token")
}

/// Whether an entry of `errors` is about the monthly quota (<https://pushover.net/api#limits>).
pub(super) fn is_about_quota(error: &str) -> bool {
    error.contains("exceeded current limit")
}

/// Whether an entry of `errors` is about the recipient, as "user identifier is invalid" of
/// <https://pushover.net/api#response> is.
pub(super) fn is_about_user(error: &str) -> bool {
    error.contains("user identifier") || error.contains("user key")
}
