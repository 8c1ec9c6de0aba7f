//! TLS to PostgreSQL, by the system's OpenSSL.

use super::url::{Server, Trust};
use openssl::error::ErrorStack;
use openssl::ssl::{SslConnector, SslFiletype, SslMethod, SslVerifyMode};
use postgres_openssl::MakeTlsConnector;
use riverrun_core::{Error, Result};

/// What makes a connection to this server secure, as its URL asks.
pub fn connector(server: &Server) -> Result<MakeTlsConnector> {
    let failed = |what: &str, error: &ErrorStack| Error::input(format!("{what}: {error}"));
    let mut builder = SslConnector::builder(SslMethod::tls_client()).map_err(|error| failed("OpenSSL", &error))?;
    if let Some(path) = &server.root_certificate {
        let read = builder.set_ca_file(path);
        read.map_err(|error| failed(&format!("'sslrootcert={}'", path.display()), &error))?;
    }
    if let Some((certificate, key)) = &server.certificate {
        let read = builder.set_certificate_chain_file(certificate);
        read.map_err(|error| failed(&format!("'sslcert={}'", certificate.display()), &error))?;
        let read = builder.set_private_key_file(key, SslFiletype::PEM);
        read.map_err(|error| failed(&format!("'sslkey={}'", key.display()), &error))?;
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
