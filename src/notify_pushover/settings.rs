//! Options and configuration together: who, by which way, from which spool.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::Args;
use super::identity;
use super::message::Layout;
use crate::pushover::client::{API_URL, Route};
use crate::pushover::config::{CONFIG_FILE, Config, ConfigError};
use crate::pushover::drain::Limits;
use crate::pushover::item::{Address, Source};
use crate::pushover::keys::{Keyring, TOKEN_NAMES, USER_NAMES, surroundings};
use crate::pushover::spool::SPOOL_DIR;

/// What a run works with. A broken configuration is not judged here: the message is to be kept first.
#[derive(Debug)]
pub(super) struct Settings {
    /// The way to the API.
    pub route: Route,
    /// Where messages wait.
    pub spool_dir: PathBuf,
    /// How long and how many.
    pub limits: Limits,
    /// Recipients and whose application.
    pub addresses: Vec<Address>,
    /// Knows the configuration.
    pub keyring: Keyring,
    /// The configuration, or why it is of no use.
    pub config: Result<Config, ConfigError>,
}

impl Settings {
    /// Reads the configuration and, for root, takes the identity of the spool's owner.
    ///
    /// # Errors
    /// What to do, when root must not go on.
    pub(super) fn gather(args: &Args) -> Result<Self, String> {
        let mut config = read(args);
        let spool_dir = spool_dir(args, config.as_ref().ok());
        if !args.no_spool && !args.dry_run {
            identity::take_owner_of(&spool_dir)?;
            // Once more, with the eyes of whoever drains the spool next time.
            config = read(args);
        }
        let mut keyring = Keyring::new();
        let path = absolute(&args.config);
        keyring.know(&path, &config);
        let settings = config.as_ref().ok();
        Ok(Self {
            route: route(args, settings),
            spool_dir,
            limits: Limits {
                age: args.spool_max_age,
                number: usize::try_from(args.spool_max_number).unwrap_or(usize::MAX),
            },
            addresses: addresses(args, &path),
            keyring,
            config,
        })
    }

    /// How messages look.
    #[must_use]
    pub(super) fn layout(&self, args: &Args) -> Layout {
        let config = self.config.as_ref().ok();
        let or = |given: &Option<String>, configured: Option<&String>| {
            let given = given.clone().filter(|text| !text.is_empty());
            given.or_else(|| configured.cloned()).unwrap_or_default()
        };
        let ringing = config.and_then(|config| config.emergency.as_deref()?.parse().ok());
        Layout {
            message: or(&args.message, None),
            title: or(&args.title, None),
            priority: args.priority.clone().unwrap_or_default(),
            sound: args.sound.clone().unwrap_or_default(),
            ttl: args.ttl.clone().unwrap_or_default(),
            emergency: args.emergency.clone().or(ringing).unwrap_or_default(),
            retry: args.retry,
            expire: args.expire,
            emoji: !args.no_emoji,
            instance: or(
                &args.instance,
                config.and_then(|config| config.instance.as_ref()),
            ),
            web: or(
                &args.icingaweb_url,
                config.and_then(|config| config.icingaweb_url.as_ref()),
            ),
            url: or(&args.url, None),
            url_title: or(&args.url_title, None),
            device: or(&args.device, None),
        }
    }
}

fn read(args: &Args) -> Result<Config, ConfigError> {
    let config = Config::read(&args.config, args.config != Path::new(CONFIG_FILE))?;
    if let Some(states) = &config.emergency
        && let Err(error) = states.parse::<super::rules::StateList>()
    {
        return Err(ConfigError::Syntax {
            path: args.config.clone(),
            line: 0,
            problem: format!("emergency {error}"),
        });
    }
    Ok(config)
}

fn spool_dir(args: &Args, config: Option<&Config>) -> PathBuf {
    let configured = || config.and_then(|config| config.spool_dir.clone());
    let chosen = args.spool_dir.clone().or_else(configured);
    absolute(&chosen.unwrap_or_else(|| PathBuf::from(SPOOL_DIR)))
}

fn route(args: &Args, config: Option<&Config>) -> Route {
    let api_url = args.api_url.clone().or_else(|| config?.api_url.clone());
    Route {
        api_url: api_url.unwrap_or_else(|| API_URL.to_owned()),
        ca_file: args.ca_file.clone().or_else(|| config?.ca_file.clone()),
        proxy: args
            .proxy
            .clone()
            .or_else(|| config?.proxy.clone())
            .filter(|proxy| !proxy.is_empty()),
        connect_timeout: Duration::from_secs(args.connect_timeout),
    }
}

fn addresses(args: &Args, config: &Path) -> Vec<Address> {
    let given = |path: &Option<PathBuf>| {
        path.as_deref()
            .filter(|path| !path.as_os_str().is_empty())
            .map(|path| Source::File(absolute(path)))
    };
    let token = given(&args.token_file)
        .or_else(|| surroundings(TOKEN_NAMES))
        .unwrap_or(Source::Configured);
    let address = |user: Source, recipient: &str| Address {
        config: config.to_owned(),
        token: token.clone(),
        user,
        recipient: recipient.to_owned(),
    };
    let mut named: Vec<&String> = args
        .recipient
        .iter()
        .filter(|name| !name.is_empty())
        .collect();
    named.dedup();
    if !named.is_empty() {
        return named
            .into_iter()
            .map(|name| address(Source::Configured, name))
            .collect();
    }
    let user = given(&args.user_file)
        .or_else(|| surroundings(USER_NAMES))
        .unwrap_or(Source::Configured);
    vec![address(user, "")]
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
