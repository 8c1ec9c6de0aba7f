use super::*;

fn database(url: &str, more: &[(&str, &str)]) -> Result<Database> {
    let mut options = Options::default();
    options.set("url", url);
    more.iter().for_each(|(key, value)| options.set(*key, *value));
    Database::new(&options)
}

fn server(url: &str, more: &[(&str, &str)]) -> Server {
    match database(url, more).unwrap() {
        Database::Postgres(server) => *server,
        Database::Sqlite(path) => panic!("{path:?}"),
    }
}

#[test]
fn a_postgresql_url_names_hosts_database_and_parameters() {
    let server = server(
        "jdbc:postgresql://one:5433,two/sales?user=a%20b&sslmode=verify-ca&currentSchema=app&loadBalanceHosts=true",
        &[("password", "secret")],
    );
    assert_eq!(server.address, "one:5433,two:5432/sales");
    assert_eq!(server.config.get_ports(), [5433, 5432]);
    assert_eq!(server.config.get_user(), Some("a b"));
    assert_eq!(server.config.get_password(), Some(b"secret".as_slice()));
    assert_eq!(server.config.get_options(), Some("-c search_path=app"));
    assert_eq!(server.trust, Trust::Signed);
}

#[test]
fn the_database_is_the_users_where_none_is_named() {
    let server = server("jdbc:postgresql://[::1]:6000/", &[("username", "alice")]);
    assert_eq!(server.address, "::1:6000/alice");
    assert_eq!(server.config.get_dbname(), Some("alice"));
}

#[test]
fn a_sqlite_url_names_a_file() {
    let Database::Sqlite(path) = database("jdbc:sqlite:/tmp/a.db?cache=shared", &[]).unwrap() else { panic!() };
    assert_eq!(path, PathBuf::from("/tmp/a.db"));
    let error = database("jdbc:sqlite::memory:", &[]).unwrap_err();
    assert!(error.message().contains("would be gone at once"), "{error}");
}

#[test]
fn other_databases_and_no_urls_are_refused() {
    let error = database("jdbc:postgres://h/d", &[]).unwrap_err();
    assert_eq!(error.message(), "there is no client for databases of kind 'postgres'");
    assert_eq!(error.hint_text(), Some("did you mean `postgresql`?"));
    let error = database("postgresql://h/d", &[]).unwrap_err();
    assert_eq!(error.message(), "'postgresql://h/d' is no URL of a database");
    let error = database("jdbc:postgresql://h/d?sslmod=require", &[]).unwrap_err();
    assert_eq!(error.message(), "'sslmod' is no parameter of a PostgreSQL URL");
    assert_eq!(error.hint_text(), Some("did you mean `sslmode`?"));
    assert!(
        database("jdbc:postgresql://h/d?socketTimeout=5&loginTimeout=3&sslfactory=x&tcpKeepAlive=true", &[]).is_ok()
    );
    let error = database("jdbc:postgresql://h/d?sslmode=verify", &[]).unwrap_err();
    assert_eq!(error.message(), "'sslmode=verify' is no mode");
    let error = database("jdbc:postgresql://h:port/d", &[]).unwrap_err();
    assert_eq!(error.message(), "'port' is no port, in 'h:port'");
}
