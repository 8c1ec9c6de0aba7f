//! Transactions that lock the token of a lane, while its next owner waits for it.
//!
//! A process that hangs in the middle of a transaction, or whose machine has gone, may keep it open for good: nobody would ever
//! take its lane over. What such a transaction has written the next owner writes again, so it is ended.

use super::postgres::Answer;
use super::session::TableRef;
use super::tls;
use super::url::{Database, Server};
use riverrun_core::{Error, Result};
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

/// How long a transaction may go on that somebody waits for.
const PATIENCE: Duration = Duration::from_secs(3);

/// Ends what session $1 waits for, if it is one of the same user and name. Others (an administrator's) are waited for.
const END: &str = "SELECT pid, CASE WHEN usename = current_user AND application_name = current_setting('application_name') \
    THEN pg_terminate_backend(pid) ELSE false END FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids($1))";

/// Waits for an answer of the session `waiting`. Whoever keeps it from coming has some seconds to end.
pub async fn end_while_waiting<T>(table: &TableRef, waiting: i32, answer: impl Future<Output = T>) -> T {
    let mut answer = pin!(answer);
    loop {
        if let Ok(answer) = tokio::time::timeout(PATIENCE, &mut answer).await {
            return answer;
        }
        let Database::Postgres(server) = &table.database else { return answer.await };
        match end_holders(server, waiting).await {
            Ok(holders) => holders.iter().for_each(|holder| tell(table, holder)),
            Err(error) => tracing::warn!(table = table.table, "waiting for a transaction to end: {}", error.message()),
        }
    }
}

/// A session that is waited for, and whether it has been ended.
type Holder = (i32, bool);

fn tell(table: &TableRef, (pid, ended): &Holder) {
    let table = &table.table;
    if *ended {
        tracing::warn!("table '{table}': an earlier start has left a transaction open (session {pid}); it is ended");
    } else {
        tracing::warn!("table '{table}': waiting for session {pid} of the database, which locks 'riverrun_commits'");
    }
}

/// Over a connection of its own, since the one that waits is busy.
async fn end_holders(server: &Server, waiting: i32) -> Result<Vec<Holder>> {
    let asked = async {
        let (client, connection) = server.config.connect(tls::connector(server)?).await.map_err(failed)?;
        tokio::spawn(async move {
            // What it ends with, the next use of the client says too.
            let _ = connection.await;
        });
        let rows = client.query(END, &[&waiting]).await.map_err(failed)?;
        let holders = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Answer<Vec<_>>>();
        holders.map_err(failed)
    };
    let answer = tokio::time::timeout(server.timeout, asked).await;
    answer.unwrap_or_else(|_| Err(Error::failure(format!("no answer within {} s", server.timeout.as_secs()))))
}

fn failed(error: tokio_postgres::Error) -> Error {
    let said = error.as_db_error().map_or_else(|| error.to_string(), |answer| answer.message().to_owned());
    Error::failure(said)
}
