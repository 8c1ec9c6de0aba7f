use super::super::test_calls::*;

/// What a call of constants gives.
macro_rules! gives {
    ($($name:literal ($($argument:expr),*) => $result:literal;)*) => {
        $(assert_eq!(call($name, &[$($argument),*]), $result, "{}", stringify!($name($($argument),*)));)*
    };
}

#[test]
fn case() {
    gives! {
        "UPPER"(text("héllo ß")) => "CHAR(7) NOT NULL: HÉLLO SS";
        "LOWER"(text("ABC")) => "CHAR(3) NOT NULL: abc";
        "INITCAP"(text("a-b c_d e.f 1x")) => "CHAR(14) NOT NULL: A-B C_D E.F 1x";
        "INITCAP"(text("héllo o'neil")) => "CHAR(12) NOT NULL: HéLlo O'Neil";
        "UPPER"(null_text()) => "STRING: null";
        "UPPER"(int(1)) => "Input: UPPER cannot be applied to (INT NOT NULL); it is written UPPER(string)";
    }
}

#[test]
fn trim_takes_a_set_of_characters() {
    gives! {
        "TRIM"(text("BOTH"), text("xy"), text("xyaxybyx")) => "VARCHAR(8) NOT NULL: axyb";
        "TRIM"(text("LEADING"), text("h"), text("hah")) => "VARCHAR(3) NOT NULL: ah";
        "TRIM"(text("   ")) => "VARCHAR(3) NOT NULL: ";
        "RTRIM"(text("testxxzx"), text("xyz")) => "VARCHAR(8) NOT NULL: test";
        "BTRIM"(text("😀a😀"), text("😀")) => "STRING NOT NULL: a";
        "LTRIM"(text("\t a")) => "VARCHAR(3) NOT NULL: \t a";
    }
}

#[test]
fn padding_counts_utf16_units() {
    gives! {
        "LPAD"(text("hi"), int(5), text("xyz")) => "STRING NOT NULL: xyzhi";
        "LPAD"(text("hi"), int(1), text("??")) => "STRING NOT NULL: h";
        "LPAD"(text("日本"), int(4), text("😀")) => "STRING NOT NULL: 😀日本";
        "LPAD"(text("a"), int(2), text("😀")) => "STRING NOT NULL: ?a";
        "RPAD"(text("hi"), int(7), text("日x")) => "STRING NOT NULL: hi日x日x日";
        "RPAD"(text("hi"), int(5), null_text()) => "STRING: null";
    }
}

#[test]
fn substring_counts_code_points_from_either_end() {
    gives! {
        "SUBSTRING"(text("hello World"), int(7)) => "VARCHAR(11): World";
        "SUBSTRING"(text("hello World"), int(0), int(3)) => "VARCHAR(11): hel";
        "SUBSTRING"(text("hello World"), int(-3), int(2)) => "VARCHAR(11): rl";
        "SUBSTRING"(text("hello World"), int(-20), int(12)) => "VARCHAR(11): ";
        "SUBSTRING"(text("hello World"), int(3), int(-1)) => "VARCHAR(11): null";
        "SUBSTRING"(text("héllo 日本"), int(7), int(2147483647)) => "VARCHAR(8): 日本";
        "LEFT"(text("日本語"), int(2)) => "VARCHAR(3): 日本";
        "RIGHT"(text("ab😀"), int(1)) => "VARCHAR(3): 😀";
        "LEFT"(text("abc"), int(-1)) => "VARCHAR(3): ";
        "OVERLAY"(text("xxxxxtest"), text("xxxx"), int(6)) => "VARCHAR(13) NOT NULL: xxxxxxxxx";
        "OVERLAY"(text("hello World"), text("XX"), int(3), int(100)) => "VARCHAR(13) NOT NULL: heXX";
        "OVERLAY"(text("😀abc"), text("x"), int(2), int(1)) => "VARCHAR(5) NOT NULL: ?xabc";
    }
}

#[test]
fn positions() {
    gives! {
        "POSITION"(text("b"), text("😀b")) => "INT NOT NULL: 2";
        "LOCATE"(text("o"), text("hello World"), int(6)) => "INT NOT NULL: 8";
        "LOCATE"(text("o"), text("hello World"), int(100)) => "INT NOT NULL: 0";
        "LOCATE"(text(""), text("hello World"), int(50)) => "INT NOT NULL: 1";
        "INSTR"(text("aXXbXXc"), text("XX"), int(-1)) => "INT NOT NULL: 5";
        "INSTR"(text("aXXbXXc"), text("XX"), int(-3)) => "INT NOT NULL: 2";
        "INSTR"(text("aXXbXXc"), text("XX"), int(-1), int(2)) => "INT NOT NULL: 2";
        "INSTR"(text("aaaa"), text("aa"), int(1), int(2)) => "INT NOT NULL: 2";
        "STARTSWITH"(bytes(b"hello"), bytes(b"he")) => "BOOLEAN NOT NULL: true";
    }
}

#[test]
fn translate_drops_what_has_no_counterpart() {
    gives! {
        "TRANSLATE"(text("abcabc"), text("abc"), text("x")) => "STRING NOT NULL: xx";
        "TRANSLATE"(text("abc"), text("aa"), text("xy")) => "STRING NOT NULL: xbc";
        "TRANSLATE"(text("a日b"), text("日"), text("本")) => "STRING NOT NULL: a本b";
        "TRANSLATE"(text("abc"), null_text(), text("x")) => "STRING NOT NULL: abc";
    }
}

#[test]
fn elt_picks_by_index() {
    gives! {
        "ELT"(int(2), text("a"), text("b")) => "CHAR(1): b";
        "ELT"(int(3), text("a"), text("b")) => "CHAR(1): null";
        "ELT"(null_int(), text("a")) => "CHAR(1): null";
        "ELT"(int(-1), text("a"), text("b")) => "Input: the index of ELT is -1; indexes count from 1";
    }
}

#[test]
fn split() {
    gives! {
        "SPLIT"(text(",a,"), text(",")) => "ARRAY<STRING> NOT NULL: [, a, ]";
        "SPLIT"(text("abc"), text("")) => "ARRAY<STRING> NOT NULL: [a, b, c]";
        "SPLIT_INDEX"(text("a,b,,c"), int(44), int(1)) => "STRING: b";
        "SPLIT_INDEX"(text("a,b"), text(","), int(2)) => "STRING: null";
        "SPLIT_INDEX"(text("é,b"), text(","), int(0)) => "STRING: é";
        "SPLIT_INDEX"(text("é,b"), text(","), int(1)) => "STRING: b";
        "SPLIT_INDEX"(text("ab"), text(","), int(0)) => "STRING: ab";
        "SPLIT_INDEX"(text(",,"), text(","), int(2)) => "STRING: ";
        "SPLIT_INDEX"(text("a--b-c"), text("--"), int(1)) => "STRING: b-c";
        "SPLIT_INDEX"(text("a b  c"), text(""), int(2)) => "STRING: ";
        "STR_TO_MAP"(text("z=1,a=2")) => "MAP<STRING, STRING>: {a=2, z=1}";
        "STR_TO_MAP"(text("a=1,,b=2,")) => "MAP<STRING, STRING>: {=null, a=1, b=2}";
        "STR_TO_MAP"(text("a1b22c"), text("\\d+"), text("=")) => "MAP<STRING, STRING>: {a=null, b=null, c=null}";
        "STR_TO_MAP"(text("a.1,b.2"), text(","), text(".")) => "MAP<STRING, STRING>: {=.2}";
    }
}

#[test]
fn printf_formats_as_java() {
    gives! {
        "PRINTF"(text("%5d|%-5d|%05d"), int(7), int(7), int(7)) => "STRING:     7|7    |00007";
        "PRINTF"(text("%2$s %1$s"), text("a"), text("b")) => "STRING: b a";
        "PRINTF"(text("%+d % d %(d"), int(7), int(7), int(-7)) => "STRING: +7  7 (7)";
        "PRINTF"(text("%,d %x %X"), int(1234567), int(-1), int(255)) => "STRING: 1,234,567 ffffffff FF";
        "PRINTF"(text("%-5s|%5s|%.2s"), text("abc"), text("abc"), text("abc")) => "STRING: abc  |  abc|ab";
        "PRINTF"(text("%s %d"), null_text(), null_int()) => "STRING: null null";
        "PRINTF"(text("%d %d"), int(1)) => "STRING: null";
        "PRINTF"(text("%d"), text("x")) => "STRING: null";
        "PRINTF"(text("%q"), int(1)) => "STRING: null";
        "PRINTF"(text("100%%")) => "STRING: 100%";
    }
}

#[test]
fn a_length_beyond_all_bounds_fails() {
    let result = call("REPEAT", &[text("abc"), int(i32::MAX)]);
    assert!(result.starts_with("Failure: REPEAT of 3 bytes, 2147483647 times"), "{result}");
    let result = call("LPAD", &[text("abc"), int(i32::MAX), text("x")]);
    assert!(result.starts_with("Failure: LPAD to a length of 2147483647"), "{result}");
}
