//! A server that speaks as much of S3's protocol as a store of checkpoints needs, for tests: one bucket in memory, no
//! signatures, and whatever else a test wants it to answer.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What a server does with a request.
pub(super) enum Behaviour {
    /// As it should.
    Serve,
    /// It does not know conditional writes.
    Overwrite,
    /// It answers with this status, and this code of S3's.
    Refuse(u16, &'static str),
    /// It answers with this status and a page.
    Page(u16, &'static str),
    /// It does what was asked, and hangs up.
    Vanish,
}

/// A request: method and what follows the bucket's name.
pub(super) struct Request {
    pub(super) method: String,
    pub(super) key: String,
    pub(super) query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

type Decide = Box<dyn Fn(&Request) -> Behaviour + Send + Sync>;

#[derive(Default)]
struct Bucket {
    objects: BTreeMap<String, Vec<u8>>,
    uploads: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    requests: Vec<String>,
}

/// A running server; it ends with the test's process.
#[derive(Clone)]
pub(super) struct FakeServer {
    pub(super) endpoint: String,
    bucket: Arc<Mutex<Bucket>>,
}

impl FakeServer {
    pub(super) fn start(decide: impl Fn(&Request) -> Behaviour + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let bucket = Arc::new(Mutex::new(Bucket::default()));
        let (decide, served): (Arc<Decide>, _) = (Arc::new(Box::new(decide)), bucket.clone());
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (decide, bucket) = (decide.clone(), served.clone());
                std::thread::spawn(move || serve(&connection, &**decide, &bucket));
            }
        });
        FakeServer { endpoint, bucket }
    }

    /// What was asked so far: `PUT a/b`.
    pub(super) fn requests(&self) -> Vec<String> {
        self.bucket.lock().unwrap().requests.clone()
    }
}

fn serve(connection: &TcpStream, decide: &dyn Fn(&Request) -> Behaviour, bucket: &Mutex<Bucket>) -> Option<()> {
    let mut reader = BufReader::new(connection.try_clone().ok()?);
    let mut writer = connection;
    loop {
        let request = read(&mut reader)?;
        let mut bucket = bucket.lock().unwrap();
        bucket.requests.push(format!("{} {}{}", request.method, request.key, request.query));
        let (status, headers, body) = match decide(&request) {
            Behaviour::Serve => bucket.answer(&request, true),
            Behaviour::Overwrite => bucket.answer(&request, false),
            Behaviour::Refuse(status, code) => (status, String::new(), refusal(code)),
            Behaviour::Page(status, page) => (status, String::new(), page.as_bytes().to_vec()),
            Behaviour::Vanish => {
                bucket.answer(&request, true);
                return None;
            }
        };
        drop(bucket);
        let length = body.len();
        write!(writer, "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{headers}\r\n").ok()?;
        writer.write_all(&body).ok()?;
    }
}

fn read(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (path, query) = target.split_once('?').map_or((target.as_str(), ""), |(path, query)| (path, query));
    let key = path.trim_start_matches('/').split_once('/').map_or("", |(_, key)| key).to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.replace("%2F", "/")) };
    let mut request = Request { method, key, query, headers, body: Vec::new() };
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    request.body.resize(length, 0);
    reader.read_exact(&mut request.body).ok()?;
    Some(request)
}

fn refusal(code: &str) -> Vec<u8> {
    format!("<Error><Code>{code}</Code><Message>no such luck</Message></Error>").into_bytes()
}

impl Request {
    fn parameter(&self, name: &str) -> Option<&str> {
        let pairs = self.query.trim_start_matches('?').split('&');
        pairs.filter_map(|pair| pair.split_once('=').or(Some((pair, "")))).find(|(key, _)| *key == name).map(|(_, v)| v)
    }
}

impl Bucket {
    /// Status, headers, body.
    fn answer(&mut self, request: &Request, conditions: bool) -> (u16, String, Vec<u8>) {
        let done = |status| (status, String::from("etag: \"e\"\r\n"), Vec::new());
        let upload = request.parameter("uploadId").map(str::to_owned);
        match (request.method.as_str(), upload) {
            ("PUT", Some(id)) => {
                let number = request.parameter("partNumber").unwrap().parse().unwrap();
                self.uploads.get_mut(&id).unwrap().insert(number, request.body.clone());
                done(200)
            }
            ("POST", Some(id)) => {
                let pieces = self.uploads.remove(&id).unwrap();
                self.objects.insert(request.key.clone(), pieces.into_values().flatten().collect());
                let body = b"<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>";
                (200, String::new(), body.to_vec())
            }
            ("DELETE", Some(id)) => {
                self.uploads.remove(&id);
                done(204)
            }
            ("POST", None) => {
                let id = format!("u{}", self.uploads.len());
                self.uploads.insert(id.clone(), BTreeMap::new());
                let body =
                    format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>");
                (200, String::new(), body.into_bytes())
            }
            ("PUT", None) => {
                if conditions && request.header("if-none-match").is_some() && self.objects.contains_key(&request.key) {
                    return (412, String::new(), refusal("PreconditionFailed"));
                }
                self.objects.insert(request.key.clone(), request.body.clone());
                done(200)
            }
            ("DELETE", None) => {
                self.objects.remove(&request.key);
                done(204)
            }
            _ if request.query.contains("list-type=2") => (200, String::new(), self.list(request)),
            _ => self.read(request),
        }
    }

    fn read(&self, request: &Request) -> (u16, String, Vec<u8>) {
        let Some(object) = self.objects.get(&request.key) else { return (404, String::new(), refusal("NoSuchKey")) };
        let headers = "etag: \"e\"\r\nlast-modified: Tue, 01 Jan 2030 00:00:00 GMT\r\n".to_owned();
        let range = request.header("range").and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
        let Some((start, end)) = range else { return (200, headers, object.clone()) };
        let (start, end): (usize, usize) = (start.parse().unwrap(), end.parse().unwrap());
        let end = (end + 1).min(object.len());
        let range = format!("content-range: bytes {start}-{}/{}\r\n", end - 1, object.len());
        (206, headers + &range, object[start..end].to_vec())
    }

    /// Two objects at a time, so that there is a second page.
    fn list(&self, request: &Request) -> Vec<u8> {
        let prefix = request.parameter("prefix").unwrap_or_default();
        let after = request.parameter("continuation-token").unwrap_or_default();
        let mut found = self.objects.iter().filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after);
        let mut body = String::from("<ListBucketResult>");
        let mut last = String::new();
        for (key, object) in found.by_ref().take(2) {
            body.push_str(&format!(
                "<Contents><Key>{key}</Key><LastModified>2030-01-01T00:00:00.000Z</LastModified><ETag>e</ETag><Size>{}</Size></Contents>",
                object.len()
            ));
            last.clone_from(key);
        }
        if found.next().is_some() {
            body.push_str(&format!("<NextContinuationToken>{last}</NextContinuationToken>"));
        }
        (body + "</ListBucketResult>").into_bytes()
    }
}
