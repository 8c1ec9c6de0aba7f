//! The scratch place of a topic: another topic with as many partitions.

use super::connection::{Connection, block_on};
use super::{client, options};
use crate::scratch::{Remove, Scratch, ScratchSpec, set, unset};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::FromClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use riverrun_core::{Error, Options, Result};

/// Makes a topic. Of an upsert topic the `STARTUP` options are not the table's to set.
pub fn scratch(spec: &ScratchSpec, upsert: bool) -> Result<Scratch> {
    let topic = spec.options.text(&options::TOPIC).unwrap_or_default().to_owned();
    let connection = Connection { table: spec.table.clone(), topic: topic.clone(), options: spec.options.clone() };
    let partitions = connection.partition_count()?;
    let asked = AdminOptions::new().request_timeout(Some(client::REQUEST_TIMEOUT));
    let admin = admin(&spec.table, &spec.options)?;
    let new = NewTopic::new(&spec.name, partitions, TopicReplication::Fixed(-1));
    let answers = block_on(admin.create_topics([&new], &asked));
    let refused = |error: &KafkaError| {
        client::failed(
            &format!("cannot make topic '{}' to write to instead of '{topic}'", spec.name),
            &client::servers(&spec.options),
            error,
        )
        .hint("the user needs the right to create topics that begin with riverrun_chaos")
    };
    for answer in answers.map_err(|error| refused(&error))? {
        answer.map_err(|(_, code)| refused(&KafkaError::AdminOp(code)))?;
    }
    let mut write = vec![set(options::TOPIC.name, &spec.name)];
    if spec.options.given(options::TRANSACTIONAL_ID_PREFIX.name).is_some() {
        write.push(set(options::TRANSACTIONAL_ID_PREFIX.name, &spec.name));
    }
    let mut read = vec![
        set(options::BOUNDED.name, "latest-offset"),
        unset(options::BOUNDED_OFFSETS.name),
        unset(options::BOUNDED_TIMESTAMP.name),
        set("properties.isolation.level", "read_committed"),
        set(options::GROUP.name, &spec.name),
        set(options::COMMIT_OFFSETS.name, "false"),
    ];
    if !upsert {
        read.push(set(options::STARTUP.name, "earliest-offset"));
        read.push(unset(options::STARTUP_OFFSETS.name));
        read.push(unset(options::STARTUP_TIMESTAMP.name));
    }
    let (table, given, name) = (spec.table.clone(), spec.options.clone(), spec.name.clone());
    let remove: Remove = Box::new(move || remove(&table, &given, &name));
    Ok(Scratch { write, read, remove: Some(remove) })
}

fn admin(table: &str, given: &Options) -> Result<AdminClient<DefaultClientContext>> {
    let mut config = client::config(table, given)?;
    config.remove("group.id");
    config.remove("transaction.timeout.ms");
    AdminClient::from_config(&config)
        .map_err(|error| client::failed("cannot start a Kafka client", &client::servers(given), &error))
}

fn remove(table: &str, given: &Options, name: &str) -> Result<()> {
    let asked = AdminOptions::new().request_timeout(Some(client::REQUEST_TIMEOUT));
    let answers = block_on(admin(table, given)?.delete_topics(&[name], &asked));
    let left = |why: String| Error::failure(format!("the topic '{name}' is left: {why}"));
    for answer in answers.map_err(|error| left(error.to_string()))? {
        match answer {
            Ok(_) | Err((_, RDKafkaErrorCode::UnknownTopicOrPartition)) => {}
            Err((_, code)) => return Err(left(code.to_string())),
        }
    }
    Ok(())
}
