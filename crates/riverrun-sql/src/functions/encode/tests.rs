use super::super::test_calls::*;

#[test]
fn encodings() {
    for (name, arguments, result) in [
        ("TO_BASE64", vec![text("hello World")], "STRING NOT NULL: aGVsbG8gV29ybGQ="),
        ("FROM_BASE64", vec![text("aGVsbG8")], "STRING NOT NULL: hello"),
        ("HEX", vec![int(-1)], "STRING NOT NULL: FFFFFFFFFFFFFFFF"),
        ("HEX", vec![text("é")], "STRING NOT NULL: C3A9"),
        ("UNHEX", vec![text("123")], "BYTES: [0, 35]"),
        ("UNHEX", vec![text("7g")], "BYTES: null"),
        ("ENCODE", vec![text("é"), text("US-ASCII")], "BYTES NOT NULL: [63]"),
        ("ENCODE", vec![text("é"), text("UTF-16")], "BYTES NOT NULL: [-2, -1, 0, -23]"),
        ("DECODE", vec![bytes(&[0xe9]), text("UTF-8")], "STRING NOT NULL: \u{fffd}"),
        ("DECODE", vec![bytes(&[0xfe, 0xff, 0, 65]), text("UTF-16")], "STRING NOT NULL: A"),
        ("MD5", vec![text("")], "CHAR(32) NOT NULL: d41d8cd98f00b204e9800998ecf8427e"),
        (
            "SHA2",
            vec![text("hello World"), int(224)],
            "VARCHAR(128) NOT NULL: 7ad80a774d17f6427a54cfe0f11f029f976f755ab5bf538d0aca4434",
        ),
        ("INET_ATON", vec![text("127.1")], "BIGINT: 2130706433"),
        ("INET_ATON", vec![text("1.2.3")], "BIGINT: 16908291"),
        ("INET_ATON", vec![text("256.1.1.1")], "BIGINT: null"),
        ("INET_ATON", vec![text("1..2")], "BIGINT: null"),
        ("INET_NTOA", vec![int(7)], "STRING: 0.0.0.7"),
        ("INET_NTOA", vec![int(-1)], "STRING: null"),
        ("URL_ENCODE", vec![text("a.-*_~ +/é")], "STRING: a.-*_%7E+%2B%2F%C3%A9"),
        ("URL_DECODE", vec![text("a+b%20c%C3%A9")], "STRING: a b cé"),
        ("URL_DECODE", vec![text("%zz")], "STRING: null"),
    ] {
        assert_eq!(call(name, &arguments), result, "{name}");
    }
    assert!(call("FROM_BASE64", &[text("!!")]).starts_with("Failure: FROM_BASE64 of '!!'"));
    assert!(call("DECODE", &[bytes(b"a"), text("bogus")]).starts_with("Failure: the charset 'bogus' is not known"));
    assert!(call("SHA2", &[text("a"), int(1)]).starts_with("Failure: SHA2 has no hash of 1 bits"));
}

#[test]
fn parts_of_urls() {
    let url = "https://user:pw@example.com:8080/p/a.html?k=v&x=%20y#frag";
    for (url, part, result) in [
        (url, "HOST", "example.com"),
        (url, "PATH", "/p/a.html"),
        (url, "QUERY", "k=v&x=%20y"),
        (url, "REF", "frag"),
        (url, "PROTOCOL", "https"),
        (url, "FILE", "/p/a.html?k=v&x=%20y"),
        (url, "AUTHORITY", "user:pw@example.com:8080"),
        (url, "USERINFO", "user:pw"),
        (url, "host", "null"),
        ("http://a", "PATH", ""),
        ("http://a", "QUERY", "null"),
        ("http://[::1]:80/x", "HOST", "[::1]"),
        ("HTTP://A.com/x", "PROTOCOL", "http"),
        ("mailto:a@b.c", "PATH", "a@b.c"),
        ("foo://a/b", "HOST", "null"),
        ("bogus", "HOST", "null"),
    ] {
        assert_eq!(call("PARSE_URL", &[text(url), text(part)]), format!("STRING: {result}"), "{url} {part}");
    }
    let query = |key| call("PARSE_URL", &[text("http://a.com?k=1&k=2&e="), text("QUERY"), text(key)]);
    assert_eq!([query("k"), query("e"), query("z")], ["STRING: 1", "STRING: ", "STRING: null"]);
}
