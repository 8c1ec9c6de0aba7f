//! What PostgreSQL answers, or its client says instead, as trouble: whether to try again, and what can be done about it.

use crate::delivery::Trouble;
use crate::jdbc::token;
use riverrun_core::Error;

/// The server's words, and what can be done about them.
pub(super) fn trouble(error: &tokio_postgres::Error, address: &str) -> Trouble {
    let Some(answer) = error.as_db_error() else {
        let mut words = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(inner) = source {
            words = format!("{words}: {inner}");
            source = inner.source();
        }
        // All that does not come from the server is of the connection, or of what a value can't be.
        let away =
            error.is_closed() || std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>());
        let hint = if away {
            Some(format!("check that the server at {address} runs and can be reached"))
        } else {
            refused_by_client(&words, address)
        };
        let lost = Error::failure(words).hint_opt(hint);
        return if away { Trouble::Away(lost) } else { Trouble::Refused(lost) };
    };
    let mut told = Error::failure(format!("{}: {}", answer.severity(), answer.message()));
    if let Some(detail) = answer.detail() {
        told = told.detail(detail);
    }
    if let Some(hint) = answer.hint() {
        told = told.hint(hint);
    }
    match answer.code().code() {
        code if made_twice(code, answer.message(), answer.table()) => Trouble::Passing(told),
        code => of_state(code, told),
    }
}

/// What can be done about words of the client's own.
fn refused_by_client(words: &str, address: &str) -> Option<String> {
    if words.contains("server does not support TLS") {
        return Some(format!(
            "the server at {address} runs and takes no encrypted connections: switch 'ssl' on there, or let 'sslmode' in the \
             URL be prefer or disable, where nobody can listen in"
        ));
    }
    if words.contains("certificate verify failed") {
        return Some(
            "'sslrootcert' in the URL names a PEM file of whoever has signed the server's certificate; \
             'sslmode=verify-ca' does not ask for the host's name in it, 'sslmode=require' trusts any"
                .to_owned(),
        );
    }
    if words.contains("password missing") {
        return Some(format!("the server at {address} asks for a password: set option 'password'"));
    }
    None
}

/// Whether two sessions have made the table of tokens at once, which the server notices as it makes the table, its type, or a
/// row about either.
fn made_twice(code: &str, message: &str, table: Option<&str>) -> bool {
    matches!(code, "42P07" | "42710" | "23505") && (message.contains(token::TABLE) || table == Some("pg_type"))
}

const TOO_MANY_CONNECTIONS: &str = "53300";

/// What can be done about an answer with this SQLSTATE.
fn of_state(code: &str, told: Error) -> Trouble {
    match code {
        // The connection is gone, was idle for too long, the server ends or starts.
        "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => Trouble::Away(told),
        code if code.starts_with("08") => Trouble::Away(told),
        // A deadlock, a serialization failure, a lock that was not to be had, a statement that took too long, the end of some
        // resource; a server that takes no writes, such as one that is about to take over from another.
        "40001" | "40P01" | "55P03" | "57014" | "25006" => Trouble::Passing(told),
        TOO_MANY_CONNECTIONS => Trouble::Passing(told.hint(
            "each worker has a connection for each table that it writes: allow more there ('max_connections'), or run the job \
             with fewer workers",
        )),
        code if code.starts_with("53") => Trouble::Passing(told),
        _ => Trouble::Refused(told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_tokens_that_another_session_makes_is_no_error() {
        assert!(made_twice("42P07", "relation \"riverrun_commits\" already exists", None));
        assert!(made_twice("42710", "type \"riverrun_commits\" already exists", None));
        let unique = "duplicate key value violates unique constraint \"pg_type_typname_nsp_index\"";
        assert!(made_twice("23505", unique, Some("pg_type")));
        assert!(!made_twice("23505", "duplicate key value violates unique constraint \"t_pkey\"", Some("t")));
        assert!(!made_twice("42501", "permission denied for table riverrun_commits", None));
    }

    #[test]
    fn answers_that_may_be_another_next_time_are_told_from_those_that_may_not() {
        let of = |code| match of_state(code, Error::failure("x")) {
            Trouble::Away(_) => "away",
            Trouble::Passing(_) => "passing",
            Trouble::Refused(_) => "refused",
        };
        assert_eq!(["08006", "57P01", "57P03"].map(of), ["away"; 3]);
        assert_eq!(["40P01", "53300", "57014", "25006"].map(of), ["passing"; 4]);
        assert_eq!(["22001", "23505", "42P01"].map(of), ["refused"; 3]);
        let Trouble::Passing(too_many) = of_state("53300", Error::failure("x")) else { panic!() };
        let hint = too_many.hint_text().unwrap_or_default();
        assert!(hint.starts_with("each worker has a connection for each table that it writes: "), "{hint}");
    }

    #[test]
    fn what_is_proposed_is_about_what_is_wrong() {
        let of = |words| refused_by_client(words, "db:5432/sales").unwrap_or_default();
        let tls = of("error performing TLS handshake: server does not support TLS");
        assert!(tls.starts_with("the server at db:5432/sales runs and takes no encrypted connections: "), "{tls}");
        let untrusted = of("error performing TLS handshake: certificate verify failed");
        assert!(untrusted.starts_with("'sslrootcert' in the URL names a PEM file"), "{untrusted}");
        let password = of("invalid configuration: password missing");
        assert_eq!(password, "the server at db:5432/sales asks for a password: set option 'password'");
        assert_eq!(of("error serializing parameter 0"), "");
    }
}
