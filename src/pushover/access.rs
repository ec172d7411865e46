//! Options and configuration together: which token, which recipients, by which way, from which spool.
#![expect(clippy::doc_markdown, reason = "help texts are shown as they stand here")]

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};

use super::addressee::{Addressee, Source, TOKEN_NAMES, USER_NAMES};
use super::client::{API_URL, Route};
use super::config::{CONFIG_FILE, Config, NoConfig};
use super::drain::DIGEST;
use super::keys::{Keyring, surroundings};
use super::spool::{SPOOL_DIR, Spool, SpoolError};
use crate::secret::{self, Secret};

/// Time for name look-up and connect.
const CONNECT_SECONDS: u64 = 5;

/// Options of every program on the way to Pushover.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct AccessOptions {
    /// Configuration: token, recipients, proxy
    #[arg(long, value_name = "FILE", default_value = CONFIG_FILE, value_parser = path())]
    pub(crate) config: PathBuf,
    /// Read the token from this file (else PUSHOVER_TOKEN, the credential
    /// pushover_token, or the configuration)
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub(crate) token_file: Option<PathBuf>,
    /// A recipient of the configuration; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) recipient: Vec<String>,
    /// Read the recipient's key from this file (else PUSHOVER_USER, the
    /// credential pushover_user, or the configuration)
    #[arg(long, value_name = "FILE", conflicts_with = "recipient", value_parser = path())]
    pub(crate) user_file: Option<PathBuf>,
    /// Where messages wait [default: /var/spool/monitoring-plugins-axigen]
    #[arg(long, value_name = "DIR", value_parser = path())]
    pub(crate) spool_dir: Option<PathBuf>,
    /// URL of the API [default: api.pushover.net by https]
    #[arg(long, value_name = "URL")]
    pub(crate) api_url: Option<String>,
    /// Trust the certificates in this file, and no others
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub(crate) ca_file: Option<PathBuf>,
    /// Use this proxy (else HTTPS_PROXY)
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// Seconds for name look-up and connecting
    #[arg(long, value_name = "SECONDS", default_value_t = CONNECT_SECONDS, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub(crate) connect_timeout: u64,
    /// Where messages wait if nobody says so
    #[arg(skip = PathBuf::from(SPOOL_DIR))]
    default_spool: PathBuf,
}

/// What a run works with. A broken configuration is not judged here: a message is to be kept first.
#[derive(Debug)]
pub(crate) struct Access {
    /// The way to the API.
    pub(crate) route: Route,
    /// Where messages are to wait.
    pub(crate) spool_dir: PathBuf,
    /// The spool there, or why they cannot wait in it.
    pub(crate) spool: Result<Spool, SpoolError>,
    /// Who is to own a spool that root makes: whoever may read the configuration, so that a first run as root does not
    /// lock the account of the monitoring core out.
    spool_group: Option<u32>,
    /// The configuration, if that says where the spool is.
    spool_named_in: Option<PathBuf>,
    /// Recipients and whose application.
    pub(crate) addressees: Vec<Addressee>,
    /// Knows the configuration.
    pub(crate) keyring: Keyring,
    /// The configuration, or why it is of no use.
    pub(crate) config: Result<Config, Arc<NoConfig>>,
    options: AccessOptions,
}

impl AccessOptions {
    /// Everything from this file: nothing was given on the command line. `default_spool` is the spool of a file that names
    /// none.
    #[must_use]
    pub(crate) fn of(config: &Path, default_spool: &Path) -> Self {
        Self {
            config: config.to_owned(),
            token_file: None,
            recipient: Vec::new(),
            user_file: None,
            spool_dir: None,
            api_url: None,
            ca_file: None,
            proxy: None,
            connect_timeout: CONNECT_SECONDS,
            default_spool: default_spool.to_owned(),
        }
    }

    /// Whatever is read or written on a disk, as far as the command line tells.
    #[must_use]
    pub(crate) fn places(&self) -> Vec<PathBuf> {
        let others = [&self.spool_dir, &self.token_file, &self.user_file, &self.ca_file];
        let others = others.into_iter().map(|path| path.clone().unwrap_or_default());
        std::iter::once(self.config.clone()).chain(others).collect()
    }

    /// What stands for the spool where the configuration cannot say which it is.
    #[must_use]
    pub(crate) fn place(&self) -> PathBuf {
        absolute(given(self.spool_dir.as_ref()).unwrap_or(&self.config))
    }

    /// Where losses may be noted, as far as the command line tells.
    #[must_use]
    pub(crate) fn places_of_losses(&self) -> [PathBuf; 2] {
        let spool = given(self.spool_dir.as_ref()).unwrap_or(&self.default_spool);
        [absolute(spool), absolute(&self.config)]
    }

    /// Reads the configuration. The spool is not touched yet.
    #[must_use]
    pub(crate) fn gather(&self) -> Access {
        secret::guard();
        let config = self.read();
        let (spool_dir, spool_named_in) = self.choose_spool(&config);
        let mut access = Access {
            route: self.route(config.as_ref().ok()),
            spool: Err(SpoolError::Missing(spool_dir.clone())),
            spool_dir,
            spool_named_in,
            spool_group: self.spool_group(),
            addressees: self.addressees(&absolute(&self.config)),
            keyring: Keyring::new(),
            config,
            options: self.clone(),
        };
        access.keyring.know(&absolute(&self.config), &access.config);
        access
    }

    /// Reads the configuration and enters the spool.
    #[must_use]
    pub(crate) fn enter(&self) -> Access {
        let mut access = self.gather();
        access.enter_spool();
        access
    }

    fn read(&self) -> Result<Config, Arc<NoConfig>> {
        Config::read(&self.config, self.config != Path::new(CONFIG_FILE)).map_err(Arc::new)
    }

    /// The spool, and the file that names it, if one does.
    fn choose_spool(&self, config: &Result<Config, Arc<NoConfig>>) -> (PathBuf, Option<PathBuf>) {
        if let Some(given) = given(self.spool_dir.as_ref()) {
            return (absolute(given), None);
        }
        let configured = match config {
            Ok(config) => config.spool_dir.clone(),
            Err(_) => Config::salvage_spool_dir(&self.config),
        };
        match configured {
            Some(configured) => (absolute(&configured), Some(absolute(&self.config))),
            None => (self.default_spool.clone(), None),
        }
    }

    fn spool_group(&self) -> Option<u32> {
        let group = std::fs::metadata(&self.config).ok()?.gid();
        (rustix::process::geteuid().is_root() && group != 0).then_some(group)
    }

    fn route(&self, config: Option<&Config>) -> Route {
        let set = |text: Option<&String>| text.filter(|text| !text.is_empty()).cloned();
        let api_url = set(self.api_url.as_ref()).or_else(|| config?.api_url.clone());
        Route {
            api_url: api_url.unwrap_or_else(|| API_URL.to_owned()),
            ca_file: given(self.ca_file.as_ref()).cloned().or_else(|| config?.ca_file.clone()),
            proxy: set(self.proxy.as_ref())
                .map(|proxy| Secret::new(&proxy))
                .or_else(|| config?.proxy.clone().filter(|proxy| !proxy.expose().is_empty())),
            connect_timeout: Duration::from_secs(self.connect_timeout),
        }
    }

    fn addressees(&self, config: &Path) -> Vec<Addressee> {
        let file = |path: Option<&PathBuf>| given(path).map(|path| Source::File(absolute(path)));
        let token = file(self.token_file.as_ref())
            .or_else(|| surroundings(TOKEN_NAMES))
            .unwrap_or(Source::Configured);
        let addressee = |user: Source, recipient: &str| Addressee {
            config: config.to_owned(),
            token: token.clone(),
            user,
            recipient: recipient.to_owned(),
        };
        let mut named: Vec<&str> = Vec::new();
        for name in self.recipient.iter().map(|name| name.trim()) {
            if !name.is_empty() && !named.contains(&name) {
                named.push(name);
            }
        }
        if !named.is_empty() {
            let configured = |name| addressee(Source::Configured, name);
            return named.into_iter().map(configured).collect();
        }
        let user = file(self.user_file.as_ref())
            .or_else(|| surroundings(USER_NAMES))
            .unwrap_or(Source::Configured);
        vec![addressee(user, "")]
    }
}

impl Access {
    /// Opens the spool to use it: root takes the identity of its owner.
    pub(crate) fn enter_spool(&mut self) {
        self.take_spool(|access| Spool::enter(&access.spool_dir, access.spool_named_in.as_deref()));
    }

    /// Opens the spool to look what was learnt there, with the rights we have.
    pub(crate) fn open_spool(&mut self) {
        self.spool = Spool::open(&self.spool_dir, self.spool_named_in.as_deref());
    }

    /// Touches the spool no more: it does not answer, `since` when in words.
    pub(crate) fn leave_spool_alone(&mut self, since: Option<String>) {
        let since = since.unwrap_or_default().into();
        self.spool = Err(SpoolError::NoAnswer { path: self.spool_dir.as_path().into(), since });
    }

    /// Where losses of alerts are noted that would have been kept here.
    #[must_use]
    pub(crate) fn places_of_losses(&self) -> [PathBuf; 2] {
        [self.spool_dir.clone(), absolute(&self.options.config)]
    }

    /// The spool, which is made if it is missing.
    ///
    /// # Errors
    /// [`SpoolError`] when it cannot be used.
    pub(crate) fn spool_to_keep(&mut self) -> Result<Spool, SpoolError> {
        if let Err(SpoolError::Missing(path)) = &self.spool {
            let path = path.clone();
            self.take_spool(|access| {
                Spool::make(&path, access.spool_named_in.as_deref(), access.spool_group)
            });
        }
        self.spool.clone()
    }

    fn take_spool(&mut self, take: impl FnOnce(&Self) -> Result<Spool, SpoolError>) {
        let root = rustix::process::geteuid().is_root();
        self.spool = take(self);
        if root && !rustix::process::geteuid().is_root() {
            secret::guard();
            // Once more, with the eyes of whoever drains the spool next time: what only root can read sends an alert now
            // and holds the next one for ever.
            self.config = self.options.read();
            self.keyring = Keyring::new();
            self.keyring.know(&absolute(&self.options.config), &self.config);
            self.route = self.options.route(self.config.as_ref().ok());
        }
    }

    /// How many messages may wait for one recipient before they become one.
    #[must_use]
    pub(crate) fn digest(&self) -> usize {
        self.config.as_ref().ok().and_then(|config| config.digest).unwrap_or(DIGEST)
    }

    /// Everybody whose key can be validated: who was named, else all of the configuration.
    #[must_use]
    pub(crate) fn everybody(&self) -> Vec<Addressee> {
        let Some(first) = self.addressees.first() else {
            return Vec::new();
        };
        let nobody_named = first.recipient.is_empty() && first.user == Source::Configured;
        let all = if nobody_named { self.configured() } else { Vec::new() };
        if all.is_empty() { self.addressees.clone() } else { all }
    }

    /// All of the configuration.
    #[must_use]
    pub(crate) fn configured(&self) -> Vec<Addressee> {
        let (Some(first), Ok(config)) = (self.addressees.first(), &self.config) else {
            return Vec::new();
        };
        let named = |name: &String| Addressee {
            user: Source::Configured,
            recipient: name.clone(),
            ..first.clone()
        };
        config.users.keys().map(named).collect()
    }
}

/// Any path, the empty one too, which clap's own parser refuses.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// An empty option is unset: cores pass those for macros without a value.
fn given(path: Option<&PathBuf>) -> Option<&PathBuf> {
    path.filter(|path| !path.as_os_str().is_empty())
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
