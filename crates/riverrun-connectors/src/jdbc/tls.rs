//! TLS to PostgreSQL, by the system's OpenSSL.

use super::url::{Server, Trust};
use openssl::error::ErrorStack;
use openssl::ssl::{SslConnector, SslFiletype, SslMethod, SslVerifyMode};
use postgres_openssl::MakeTlsConnector;
use riverrun_core::{Error, Result};
use std::path::Path;

/// What makes a connection to this server secure, as its URL asks.
pub fn connector(server: &Server) -> Result<MakeTlsConnector> {
    let failed = |option: &str, path: &Path, error: &ErrorStack| {
        // Of a file that is not there OpenSSL tells only where in its own sources it was missed.
        let unread = std::fs::read(path).err();
        let cause = unread.map_or_else(|| error.to_string(), |error| error.to_string());
        Error::input(format!("'{option}={}' can't be read: {cause}", path.display())).hint("it names a PEM file")
    };
    let mut builder = SslConnector::builder(SslMethod::tls_client())
        .map_err(|error| Error::failure(format!("a secure connection can't be prepared: {error}")))?;
    if let Some(path) = &server.root_certificate {
        let read = builder.set_ca_file(path);
        read.map_err(|error| failed("sslrootcert", path, &error))?;
    }
    if let Some((certificate, key)) = &server.certificate {
        let read = builder.set_certificate_chain_file(certificate);
        read.map_err(|error| failed("sslcert", certificate, &error))?;
        let read = builder.set_private_key_file(key, SslFiletype::PEM);
        read.map_err(|error| failed("sslkey", key, &error))?;
    }
    if server.trust == Trust::Anyone {
        builder.set_verify(SslVerifyMode::NONE);
    }
    let mut connector = MakeTlsConnector::new(builder.build());
    let named = server.trust == Trust::Named;
    connector.set_callback(move |configuration, _| {
        configuration.set_verify_hostname(named);
        Ok(())
    });
    Ok(connector)
}
