//! What a `jdbc:` URL names.

use super::options;
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{Error, Options, Result};
use std::path::PathBuf;
use std::time::Duration;

/// The database of a table.
#[derive(Clone, Debug)]
pub enum Database {
    /// A server.
    Postgres(Box<Server>),
    /// A file.
    Sqlite(PathBuf),
}

/// How a PostgreSQL server is reached.
#[derive(Clone, Debug)]
pub struct Server {
    /// The client's settings.
    pub config: tokio_postgres::Config,
    /// How the server proves who it is.
    pub trust: Trust,
    /// A file with the certificates to trust.
    pub root_certificate: Option<PathBuf>,
    /// The client's own certificate and key.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// The server's address, for messages.
    pub address: String,
    /// How long an attempt to connect may take.
    pub timeout: Duration,
}

/// What of a server's certificate is looked at (`sslmode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Nothing.
    Anyone,
    /// Who signed it (`verify-ca`).
    Signed,
    /// Who signed it, and that it names the host (`verify-full`).
    Named,
}

/// The parameters of a PostgreSQL URL that are read.
const PARAMETERS: &[&str] = &[
    "user",
    "password",
    "ssl",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "currentSchema",
    "ApplicationName",
    "connectTimeout",
    "options",
];

/// Those of the Java driver that are near to one of them, and have no effect here.
const WITHOUT_EFFECT: &[&str] = &[
    "loginTimeout",
    "socketTimeout",
    "cancelSignalTimeout",
    "sslfactory",
    "sslfactoryarg",
    "sslpassword",
    "sslResponseTimeout",
];

impl Database {
    /// Reads the options that say where a table lives.
    pub fn new(options: &Options) -> Result<Database> {
        let given = options.given(options::URL.name);
        let place = given.and_then(|given| given.value_place);
        let text = given.map(|given| given.text.trim()).unwrap_or_default();
        let wrong = |message: String| Error::input(message).hint(options::URL.doc).at(place);
        if let Some(rest) = text.strip_prefix("jdbc:postgresql:") {
            return Ok(Database::Postgres(Box::new(Server::new(rest, options).map_err(|error| error.at(place))?)));
        }
        if let Some(path) = text.strip_prefix("jdbc:sqlite:") {
            let path = path.split('?').next().unwrap_or_default();
            let path = path.strip_prefix("file:").unwrap_or(path);
            if path.is_empty() || path == ":memory:" {
                return Err(wrong(format!("'{text}' names no file, and a database in memory would be gone at once")));
            }
            return Ok(Database::Sqlite(PathBuf::from(path)));
        }
        if !text.starts_with("jdbc:") {
            return Err(wrong(format!("'{text}' is no URL of a database")));
        }
        let name = text.split(':').nth(1).unwrap_or_default();
        Err(wrong(format!("there is no client for databases of kind '{name}'"))
            .hint_opt(did_you_mean(name, ["postgresql", "sqlite"])))
    }

    /// The database's name in messages: without user and password.
    pub fn name(&self) -> String {
        match self {
            Database::Postgres(server) => format!("PostgreSQL at {}", server.address),
            Database::Sqlite(path) => format!("SQLite database {}", path.display()),
        }
    }
}

impl Server {
    /// Reads what follows `jdbc:postgresql:`.
    fn new(rest: &str, options: &Options) -> Result<Server> {
        let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (hosts, database) = match place.strip_prefix("//") {
            Some(place) => place.split_once('/').unwrap_or((place, "")),
            // `jdbc:postgresql:name` is a database on this machine.
            None => ("", place.trim_start_matches('/')),
        };
        let mut config = tokio_postgres::Config::new();
        let mut names = Vec::new();
        for host in hosts.split(',') {
            let (host, port) = split_port(host)?;
            let host = if host.is_empty() { "localhost" } else { host };
            config.host(host).port(port);
            names.push(format!("{host}:{port}"));
        }
        config.connect_timeout(Duration::from_secs(10)).keepalives_idle(Duration::from_secs(30));
        config.application_name("riverrun");
        let timeout = options.duration(&options::RETRY_TIMEOUT)?.map_or(60_000, |timeout| timeout.0.max(1_000));
        let timeout = Duration::from_millis(timeout as u64);
        config.tcp_user_timeout(timeout);
        let database = decoded(database);
        let mut server = Server {
            config,
            trust: Trust::Anyone,
            root_certificate: None,
            certificate: None,
            address: names.join(","),
            timeout,
        };
        let (mut certificate, mut key) = (None, None);
        for (name, value) in parameters.split('&').filter_map(|pair| pair.split_once('=')) {
            let value = decoded(value);
            match name {
                "user" => drop(server.config.user(&value)),
                "password" => drop(server.config.password(&value)),
                "ssl" if value.is_empty() || value == "true" => server.secure("verify-full")?,
                "ssl" => server.secure("disable")?,
                "sslmode" => server.secure(&value)?,
                "sslrootcert" => server.root_certificate = Some(PathBuf::from(value)),
                "sslcert" => certificate = Some(PathBuf::from(value)),
                "sslkey" => key = Some(PathBuf::from(value)),
                "currentSchema" => server.add_option(&format!("-c search_path={value}")),
                "options" => server.add_option(&value),
                "ApplicationName" => drop(server.config.application_name(&value)),
                "connectTimeout" => {
                    let seconds: u64 = value
                        .parse()
                        .map_err(|_| Error::input(format!("'connectTimeout={value}': it is a number of seconds")))?;
                    server.config.connect_timeout(Duration::from_secs(seconds.max(1)));
                }
                name => {
                    match did_you_mean(name, PARAMETERS.iter().copied()).filter(|_| !WITHOUT_EFFECT.contains(&name)) {
                        // What was meant may decide whether the connection is safe.
                        Some(near) => {
                            let unknown = Error::input(format!("'{name}' is no parameter of a PostgreSQL URL"));
                            return Err(unknown.hint(near));
                        }
                        None => tracing::warn!("the parameter '{name}' of a PostgreSQL URL has no effect here"),
                    }
                }
            }
        }
        server.certificate = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(Error::input("'sslcert' and 'sslkey' go together")),
        };
        if let Some(user) = options.text(&options::USERNAME) {
            server.config.user(user);
        }
        if let Some(password) = options.text(&options::PASSWORD) {
            server.config.password(password);
        }
        let user = match server.config.get_user() {
            Some(user) => user.to_owned(),
            None => std::env::var("USER").unwrap_or_else(|_| "postgres".to_owned()),
        };
        server.config.user(&user);
        server.config.dbname(if database.is_empty() { &user } else { &database });
        server.address = format!("{}/{}", server.address, if database.is_empty() { &user } else { &database });
        Ok(server)
    }

    fn secure(&mut self, mode: &str) -> Result<()> {
        use tokio_postgres::config::SslMode;
        const MODES: &[&str] = &["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
        let (mode, trust) = match mode {
            "disable" => (SslMode::Disable, Trust::Anyone),
            "allow" | "prefer" => (SslMode::Prefer, Trust::Anyone),
            "require" => (SslMode::Require, Trust::Anyone),
            "verify-ca" => (SslMode::Require, Trust::Signed),
            "verify-full" => (SslMode::Require, Trust::Named),
            other => {
                return Err(Error::input(format!("'sslmode={other}' is no mode"))
                    .hint(did_you_mean(other, MODES.iter().copied()).unwrap_or_else(|| MODES.join(", "))));
            }
        };
        self.config.ssl_mode(mode);
        self.trust = trust;
        Ok(())
    }

    fn add_option(&mut self, option: &str) {
        let options = match self.config.get_options() {
            Some(before) => format!("{before} {option}"),
            None => option.to_owned(),
        };
        self.config.options(&options);
    }
}

fn split_port(host: &str) -> Result<(&str, u16)> {
    let end = host.rfind(']').map_or(0, |end| end + 1);
    match host[end..].rfind(':') {
        Some(colon) => {
            let port = &host[end + colon + 1..];
            let port = port.parse().map_err(|_| Error::input(format!("'{port}' is no port, in '{host}'")))?;
            Ok((host[..end + colon].trim_matches(['[', ']']), port))
        }
        None => Ok((host.trim_matches(['[', ']']), 5432)),
    }
}

/// Text with `%20` and the like as what they stand for.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match (first, hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
