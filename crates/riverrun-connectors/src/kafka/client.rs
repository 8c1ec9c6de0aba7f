//! The client's configuration, and its errors in words.

use super::options;
use crate::delivery::Trouble;
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use riverrun_core::{Error, Options, Result};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long one question to a broker may take.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// A trouble that goes on is told again after this time.
const TELL_AGAIN: Duration = Duration::from_secs(30);

/// What the client says by itself while it reconnects: each kind of trouble once in a while, not hundreds of times a second.
#[derive(Debug, Default)]
pub struct Troubles {
    told: Mutex<HashMap<Option<i32>, Instant>>,
    /// Why the brokers did not let the client in, the last time.
    refused: Mutex<Option<Refusal>>,
}

/// A broker that answers, and does not let the client in.
#[derive(Clone, Debug)]
struct Refusal {
    reason: String,
    hint: &'static str,
}

impl Troubles {
    /// Whether the brokers did not let the client in.
    pub fn is_refused(&self) -> bool {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// The error of a question to brokers that was not answered.
    pub fn unreachable(&self, table: &str, servers: &str, error: &KafkaError) -> Error {
        let what = format!("cannot reach Kafka for table '{table}'");
        match self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            Some(Refusal { reason, hint }) => Error::failure(what).detail(reason).hint(hint),
            None => failed(&what, servers, error),
        }
    }

    /// Logs an error that the client gets over by itself.
    pub fn tell(&self, error: &KafkaError, reason: &str) {
        // The end of a partition is none. That all brokers are down follows from each one's own message.
        let code = error.rdkafka_error_code();
        let no_trouble = [RDKafkaErrorCode::AllBrokersDown, RDKafkaErrorCode::PartitionEOF];
        if matches!(error, KafkaError::PartitionEOF(_)) || code.is_some_and(|code| no_trouble.contains(&code)) {
            return;
        }
        let hint = match code {
            Some(RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed) => {
                Some("check 'properties.sasl.mechanism', the user and the password in 'properties.sasl.*'")
            }
            Some(RDKafkaErrorCode::SSL) => {
                Some("check 'properties.ssl.ca.location', and that the brokers speak TLS at this address")
            }
            _ => None,
        };
        if let Some(hint) = hint {
            let refusal = Refusal { reason: reason.to_owned(), hint };
            *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
        }
        let kind = code.map(|code| code as i32);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.get(&kind).is_none_or(|last| last.elapsed() >= TELL_AGAIN) {
            told.insert(kind, Instant::now());
            tracing::warn!("Kafka: {reason}");
        }
    }
}

/// Properties of the Java client that librdkafka does not know and that only tune that client.
const JAVA_ONLY: &[&str] = &[
    "max.poll.records",
    "key.deserializer",
    "value.deserializer",
    "key.serializer",
    "value.serializer",
    "fetch.max.wait.ms.java",
    "metrics.recording.level",
    "buffer.memory",
    "max.block.ms",
    "interceptor.classes",
];

/// The client's configuration from `properties.*`.
pub fn config(table: &str, options: &Options) -> Result<ClientConfig> {
    let mut config = ClientConfig::new();
    for (key, value) in options.with_prefix("properties.").iter() {
        match key {
            "sasl.jaas.config" => {
                let (user, password) = jaas_credentials(&value.text).ok_or_else(|| {
                    Error::input("'properties.sasl.jaas.config' has no username and password")
                        .hint("or set 'properties.sasl.username' and 'properties.sasl.password'")
                        .at(value.value_place)
                })?;
                config.set("sasl.username", user).set("sasl.password", password);
            }
            key if key.contains("truststore") || key.contains("keystore.type") => {
                return Err(Error::input(format!("'properties.{key}': Java key stores can't be read"))
                    .hint("give PEM files: 'properties.ssl.ca.location', 'properties.ssl.certificate.location', 'properties.ssl.key.location'")
                    .at(value.key_place));
            }
            key if JAVA_ONLY.contains(&key) => {
                tracing::info!(table, "'properties.{key}' is of the Java client only and has no effect");
            }
            key => {
                config.set(key, &value.text);
            }
        }
    }
    // librdkafka would report every lost connection on standard error; the fetcher says it in the job's words.
    config.set_log_level(rdkafka::config::RDKafkaLogLevel::Critical);
    // That level is set on the client once it is made, and its threads begin to connect before.
    if options.given("properties.log_level").is_none() {
        config.set("log_level", (rdkafka::config::RDKafkaLogLevel::Critical as i32).to_string());
    }
    if options.given("properties.client.id").is_none() {
        config.set("client.id", "riverrun");
    }
    Ok(config)
}

/// The user name and password in a `sasl.jaas.config` of the plain and SCRAM modules.
fn jaas_credentials(text: &str) -> Option<(String, String)> {
    let value = |name: &str| {
        let rest = &text[text.find(&format!("{name}=\""))? + name.len() + 2..];
        Some(rest[..rest.find('"')?].to_owned())
    };
    Some((value("username")?, value("password")?))
}

/// The brokers' names, for messages.
pub fn servers(options: &Options) -> String {
    options.text(&options::SERVERS).unwrap_or_default().to_owned()
}

/// Whether the brokers are away, or in the middle of a change that they get over: what was asked may be asked again.
pub fn is_away(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::BrokerTransportFailure
            | Code::AllBrokersDown
            | Code::Resolve
            | Code::OperationTimedOut
            | Code::RequestTimedOut
            | Code::TimedOutQueue
            | Code::MessageTimedOut
            | Code::CoordinatorLoadInProgress
            | Code::CoordinatorNotAvailable
            | Code::NotCoordinator
            | Code::ConcurrentTransactions
            | Code::LeaderNotAvailable
            | Code::NotLeaderForPartition
            | Code::NotEnoughReplicas
            | Code::NotEnoughReplicasAfterAppend
            | Code::UnstableOffsetCommit
            | Code::PurgeQueue
            | Code::PurgeInflight
    )
}

/// An error of the client, by what can be done about it.
pub fn trouble(told: Error, error: &KafkaError) -> Trouble {
    match error.rdkafka_error_code() {
        Some(code) if is_away(code) => Trouble::Away(told),
        _ => Trouble::Refused(told),
    }
}

/// An error of the client in the words of the table.
pub fn failed(what: &str, servers: &str, error: &KafkaError) -> Error {
    if let KafkaError::ClientConfig(_, reason, key, value) = error {
        return Error::input(format!("'properties.{key}' = '{value}': {reason}"))
            .hint("see librdkafka's configuration properties for names and values");
    }
    let code = error.rdkafka_error_code();
    let message =
        Error::failure(format!("{what}: {}", code.map_or_else(|| error.to_string(), |code| code.to_string())));
    match code {
        Some(
            RDKafkaErrorCode::BrokerTransportFailure
            | RDKafkaErrorCode::AllBrokersDown
            | RDKafkaErrorCode::OperationTimedOut
            | RDKafkaErrorCode::Resolve,
        ) => message
            .detail(format!("no answer from the brokers at '{servers}' within {} s", REQUEST_TIMEOUT.as_secs()))
            .hint("check 'properties.bootstrap.servers', that the broker runs, and its 'advertised.listeners'"),
        Some(RDKafkaErrorCode::MessageTimedOut) => message
            .detail(format!("the brokers at '{servers}' took no records within 'properties.message.timeout.ms'"))
            .hint("check that the broker runs and can be reached, and its 'advertised.listeners'"),
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
            message.hint("create the topic first, or check its name in 'topic'")
        }
        Some(RDKafkaErrorCode::TopicAuthorizationFailed | RDKafkaErrorCode::GroupAuthorizationFailed) => {
            message.hint("the user of 'properties.sasl.*' lacks the right for it")
        }
        _ => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_silent_before_its_level_is_set() {
        let level = |options: &Options| config("t", options).expect("config").get("log_level").map(str::to_owned);
        let mut options = Options::default();
        assert_eq!(level(&options).as_deref(), Some("2"));
        options.set("properties.log_level", "7");
        assert_eq!(level(&options).as_deref(), Some("7"));
    }
}
