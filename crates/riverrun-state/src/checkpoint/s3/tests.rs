use super::super::{BlobStore, Location, Put, StoreOptions, check_store};
use super::fake::{Behaviour, FakeServer, Request};
use super::*;
use riverrun_core::{ErrorKind, Result};
use std::sync::Mutex;

fn options(endpoint: &str) -> StoreOptions {
    let set = [("s3.endpoint", endpoint), ("s3.access-key", "key"), ("s3.secret-key", "secret")];
    set.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect()
}

fn open(endpoint: &str, place: &str) -> Arc<dyn BlobStore> {
    Location::parse(place, &options(endpoint)).unwrap().open().unwrap()
}

fn server(decide: impl Fn(&Request) -> Behaviour + Send + Sync + 'static) -> (FakeServer, Arc<dyn BlobStore>) {
    let server = FakeServer::start(decide);
    let store = open(&server.endpoint, "s3://bucket/jobs/a");
    (server, store)
}

/// Answers as a list says, one for each request; then as it should.
fn in_turn(answers: Vec<Behaviour>) -> impl Fn(&Request) -> Behaviour + Send + Sync {
    let answers = Mutex::new(answers.into_iter());
    move |_| answers.lock().unwrap().next().unwrap_or(Behaviour::Serve)
}

fn said<T>(result: Result<T>) -> String {
    let error = result.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Failure);
    [Some(error.message()), error.detail_text(), error.hint_text()].map(|text| text.unwrap_or("-")).join("\n")
}

#[test]
fn files_are_put_read_listed_and_deleted() {
    let (server, store) = server(|_| Behaviour::Serve);
    store.put("shared/1.state", b"one").unwrap();
    store.put("shared/2.state", b"two").unwrap();
    store.put("chk-1/manifest.json", b"m").unwrap();
    open(&server.endpoint, "s3://bucket/jobs/ab").put("other", b"x").unwrap();
    assert_eq!(store.get("shared/1.state").unwrap().unwrap(), b"one");
    assert_eq!(store.get("shared/3.state").unwrap(), None);
    let listed: Vec<(String, u64)> = store.list("").unwrap().into_iter().map(|file| (file.name, file.size)).collect();
    let file = |name: &str, size| (name.to_owned(), size);
    assert_eq!(listed, [file("chk-1/manifest.json", 1), file("shared/1.state", 3), file("shared/2.state", 3)]);
    assert_eq!(store.list("shared").unwrap().len(), 2);
    assert_eq!(store.list("none").unwrap(), []);
    store.delete("shared/1.state").unwrap();
    store.delete("shared/1.state").unwrap();
    assert_eq!(store.get("shared/1.state").unwrap(), None);
    assert_eq!(store.describe("shared/1.state"), "s3://bucket/jobs/a/shared/1.state");
    assert_eq!(store.describe(""), "s3://bucket/jobs/a");
}

#[test]
fn a_whole_bucket_is_a_folder_too() {
    let server = FakeServer::start(|_| Behaviour::Serve);
    let store = open(&server.endpoint, "s3://bucket");
    store.put("a/b", b"x").unwrap();
    assert_eq!(store.list("").unwrap()[0].name, "a/b");
    assert_eq!(store.get("a/b").unwrap().unwrap(), b"x");
}

#[test]
fn a_put_if_absent_leaves_what_is_there() {
    let (_server, store) = server(|_| Behaviour::Serve);
    assert_eq!(store.put_if_absent("m", b"mine").unwrap(), Put::Created);
    assert_eq!(store.put_if_absent("m", b"yours").unwrap(), Put::Exists);
    assert_eq!(store.get("m").unwrap().unwrap(), b"mine");
}

#[test]
fn a_large_file_goes_in_pieces() {
    let (server, store) = server(|_| Behaviour::Serve);
    // A small piece in tests.
    let content: Vec<u8> = (0..2 * PIECE + 5).map(|at| (at / 1000) as u8).collect();
    store.put("large", &content).unwrap();
    assert!(store.get("large").unwrap().unwrap() == content);
    let requests = server.requests();
    assert_eq!(requests.iter().filter(|request| request.contains("partNumber")).count(), 3, "{requests:?}");
    assert_eq!(requests.iter().filter(|request| request.starts_with("GET")).count(), 4, "{requests:?}");
}

#[test]
fn a_server_that_is_overloaded_is_asked_again() {
    let (_server, store) =
        server(in_turn(vec![Behaviour::Refuse(503, "SlowDown"), Behaviour::Refuse(500, "Internal")]));
    store.put("a", b"x").unwrap();
    assert_eq!(store.get("a").unwrap().unwrap(), b"x");
}

/// The request is repeated, and meets its own object: who asked finds that out by reading it.
#[test]
fn a_put_if_absent_whose_answer_was_lost_may_say_that_it_exists() {
    let (_server, store) = server(in_turn(vec![Behaviour::Refuse(503, "SlowDown"), Behaviour::Vanish]));
    let put = store.put_if_absent("m", b"mine");
    assert!(!matches!(put, Ok(Put::Created)), "{put:?}");
    assert_eq!(store.get("m").unwrap().unwrap(), b"mine");
}

#[test]
fn a_server_without_conditional_writes_is_found_out() {
    let (_server, store) = server(|_| Behaviour::Serve);
    check_store(&*store, "1").unwrap();
    assert_eq!(store.list("").unwrap(), []);
    let (_server, store) = server(|_| Behaviour::Overwrite);
    assert_eq!(
        said(check_store(&*store, "1")),
        "s3://bucket/jobs/a can't keep checkpoints\n\
         it writes over a file that was only to be written if there was none (If-None-Match: *)\n\
         two starts of a job could then both go on; use a store with conditional writes"
    );
}

#[test]
fn a_server_that_loses_an_answer_of_the_check_is_not_taken_for_one_without_conditional_writes() {
    for lost in 0..3 {
        let mut answers = vec![Behaviour::Serve, Behaviour::Serve, Behaviour::Serve];
        answers[lost] = Behaviour::Vanish;
        let (_server, store) = server(in_turn(answers));
        check_store(&*store, "1").unwrap();
    }
}

#[test]
fn a_bucket_that_is_not_there() {
    let (server, store) = server(|_| Behaviour::Refuse(404, "NoSuchBucket"));
    let expected = |what: &str| {
        format!(
            "cannot {what} s3://bucket/jobs/a/m: there is no bucket bucket\n{} says NoSuchBucket: no such luck\n\
             create it; s3.endpoint and s3.region say where it is looked for",
            server.endpoint
        )
    };
    assert_eq!(said(store.put("m", b"x")), expected("write"));
    assert_eq!(said(store.get("m")), expected("read"));
    assert_eq!(said(store.delete("m")), expected("delete"));
    assert_eq!(said(store.put_if_absent("m", b"x")), expected("create"));
    assert!(said(store.list("")).starts_with("cannot list s3://bucket/jobs/a: there is no bucket bucket\n"));
}

#[test]
fn keys_that_are_not_accepted() {
    let (server, store) = server(|_| Behaviour::Refuse(403, "SignatureDoesNotMatch"));
    assert_eq!(
        said(store.list("")),
        format!(
            "cannot list s3://bucket/jobs/a: the keys are not accepted\n{} says SignatureDoesNotMatch: no such luck\n\
             they come from s3.access-key and s3.secret-key, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
            server.endpoint
        )
    );
}

#[test]
fn a_user_who_may_not_write() {
    let (server, store) = server(|_| Behaviour::Refuse(403, "AccessDenied"));
    assert_eq!(
        said(store.put("m", b"x")),
        format!(
            "cannot write s3://bucket/jobs/a/m: permission denied\n{} says AccessDenied: no such luck\n\
             the user of s3.access-key and s3.secret-key, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY needs \
             s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject",
            server.endpoint
        )
    );
}

#[test]
fn a_bucket_of_another_region() {
    let (server, store) = server(|_| Behaviour::Refuse(400, "AuthorizationHeaderMalformed"));
    assert_eq!(
        said(store.list("")),
        format!(
            "cannot list s3://bucket/jobs/a: the bucket is in another region\n\
             {} says AuthorizationHeaderMalformed: no such luck\nset s3.region",
            server.endpoint
        )
    );
}

#[test]
fn a_server_that_is_no_object_store() {
    let (server, store) = server(|_| Behaviour::Page(405, "<html>No such method</html>"));
    let text = said(store.put("m", b"x"));
    let expected =
        format!("cannot write s3://bucket/jobs/a/m: {} does not answer as an object store does\n", server.endpoint);
    assert!(text.starts_with(&expected) && text.ends_with("\nis s3.endpoint right?"), "{text}");
}

#[test]
fn a_server_that_does_not_run() {
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = format!("http://{free}");
    let text = said(open(&endpoint, "s3://bucket/a").list(""));
    let expected = format!(
        "cannot list s3://bucket/a: no answer from {endpoint}\nConnection refused (os error 111)\n\
         is s3.endpoint right, and does the server run?"
    );
    assert_eq!(text, expected);
}

#[test]
fn an_endpoint_that_is_none() {
    for wrong in ["ftp://host", "http://"] {
        let error = Location::parse("s3://bucket", &options(wrong)).unwrap().open().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input);
        assert_eq!(error.message(), format!("'{wrong}' is no address of an object store"));
    }
}

#[test]
fn where_requests_go() {
    assert_eq!(address("localhost:9000/", "b", true).unwrap(), "https://localhost:9000");
    assert_eq!(address("http://minio:9000", "b", true).unwrap(), "http://minio:9000");
    assert_eq!(address("https://s3.example.org", "b", false).unwrap(), "https://b.s3.example.org");
}
