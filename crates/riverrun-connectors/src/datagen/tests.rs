use super::field::Now;
use super::regexify::Pattern;
use super::template::Template;
use super::*;
use crate::connector::OnError;
use crate::indexed::random::Random;
use riverrun_core::clock::ManualClock;
use riverrun_core::format_value::RowFormatter;
use riverrun_core::{Field, Millis, Options, RowKind, Schema, TypeKind};
use riverrun_runtime::SourceOutput;
use riverrun_runtime::source::{SourceEvent, SourceState};

fn field(name: &str, kind: TypeKind) -> Field {
    Field::new(name, kind.nullable())
}

fn source(fields: &[Field], options: &[(&str, &str)]) -> Result<Arc<dyn SourceFactory>> {
    let mut all = Options::default();
    all.set("rows-per-second", "0");
    options.iter().for_each(|(key, value)| all.set(*key, *value));
    all.validate("connector 'datagen'", &[Datagen.options()])?;
    Datagen.source(SourceSpec {
        table: "made_up".into(),
        projection: (0..fields.len()).collect(),
        fields: Default::default(),
        schema: Schema::new(fields.to_vec()),
        metadata: Vec::new(),
        options: all,
        partition_keys: Vec::new(),
        primary_key: vec![],
        on_error: OnError::Fail,
        time_zone: Tz::UTC,
        batch_size: 1000,
    })
}

/// 2024-03-01 10:00:00.
const NOW: i64 = 1_709_287_200_000;

/// All rows, as Flink prints them, without `+I`.
fn rows_at(fields: &[Field], options: &[(&str, &str)], parallelism: usize) -> Vec<String> {
    let factory = source(fields, options).unwrap();
    assert!(factory.bounded());
    let formatter = RowFormatter::new(fields.iter().map(|field| field.data_type.clone()));
    let mut lines = Vec::new();
    for worker in 0..parallelism {
        let context = SourceContext {
            worker,
            parallelism,
            clock: Arc::new(ManualClock::new(Millis(NOW))),
            metrics: Arc::default(),
            waker: Arc::new(|| {}),
            job: riverrun_runtime::JobIdentity::ephemeral(),
        };
        let mut reader = factory.reader(context).unwrap();
        let mut out = SourceOutput::default();
        while reader.poll(&mut out).unwrap() != SourceState::Finished {}
        for event in out.take() {
            let SourceEvent::Rows(_, batch) = event else { continue };
            let writer = formatter.rows(&batch.columns).unwrap();
            for row in 0..batch.num_rows() {
                let mut line = String::new();
                writer.write(row, RowKind::Insert, &mut line);
                lines.push(line.trim_start_matches("+I").to_owned());
            }
        }
    }
    lines
}

fn rows(fields: &[Field], options: &[(&str, &str)]) -> Vec<String> {
    rows_at(fields, options, 1)
}

fn refused(fields: &[Field], options: &[(&str, &str)]) -> Error {
    source(fields, options).err().unwrap()
}

#[test]
fn sequences_count_and_end_the_table() {
    let fields = [field("a", TypeKind::Int), field("b", TypeKind::STRING)];
    let options = [
        ("fields.a.kind", "sequence"),
        ("fields.a.start", "7"),
        ("fields.a.end", "9"),
        ("fields.b.kind", "sequence"),
        ("fields.b.start", "1"),
        ("fields.b.end", "100"),
    ];
    assert_eq!(rows(&fields, &options), ["[7, 1]", "[8, 2]", "[9, 3]"]);
}

#[test]
fn rows_are_the_same_at_any_parallelism_and_differ_by_seed() {
    let fields = [field("a", TypeKind::BigInt), field("b", TypeKind::STRING), field("c", TypeKind::Double)];
    let options = [("number-of-rows", "20000"), ("fields.b.length", "5")];
    let (mut one, mut four) = (rows_at(&fields, &options, 1), rows_at(&fields, &options, 4));
    one.sort();
    four.sort();
    assert_eq!(one.len(), 20_000);
    assert_eq!(one, four);
    let seeded = rows(&fields, &[("number-of-rows", "1"), ("fields.b.length", "5"), ("scan.seed", "1")]);
    assert!(!one.contains(&seeded[0]));
}

#[test]
fn random_values_stay_within_their_bounds() {
    let fields = [
        field("i", TypeKind::TinyInt),
        field("d", TypeKind::decimal(5, 2)),
        field("f", TypeKind::Float),
        field("s", TypeKind::Varchar(4)),
    ];
    let options = [
        ("number-of-rows", "1000"),
        ("fields.i.min", "-3"),
        ("fields.i.max", "3"),
        ("fields.d.min", "1.5"),
        ("fields.d.max", "2"),
        ("fields.f.min", "0"),
        ("fields.f.max", "1"),
        ("fields.s.var-len", "true"),
    ];
    let mut seen = [false; 7];
    for row in rows(&fields, &options) {
        let cells: Vec<&str> = row.trim_matches(['[', ']']).split(", ").collect();
        let (i, d): (i64, f64) = (cells[0].parse().unwrap(), cells[1].parse().unwrap());
        seen[(i + 3) as usize] = true;
        assert!((1.5..=2.0).contains(&d), "{row}");
        assert!((0.0..=1.0).contains(&cells[2].parse::<f64>().unwrap()), "{row}");
        assert!((1..=4).contains(&cells[3].len()), "{row}");
    }
    assert_eq!(seen, [true; 7]);
}

#[test]
fn times_are_relative_to_the_clock() {
    let fields =
        [field("t", TypeKind::timestamp(3)), field("l", TypeKind::timestamp_ltz(6)), field("d", TypeKind::Date)];
    assert_eq!(rows(&fields, &[("number-of-rows", "1")]), ["[2024-03-01T10:00, 2024-03-01T10:00:00Z, 2024-03-01]"]);
    let past = rows(&fields[..1], &[("number-of-rows", "100"), ("fields.t.max-past", "1 min")]);
    assert!(past.iter().all(|row| row.starts_with("[2024-03-01T09:59") || row == "[2024-03-01T10:00]"), "{past:?}");
}

#[test]
fn collections_and_rows_nest() {
    let inner = TypeKind::Row(vec![field("x", TypeKind::Int), field("y", TypeKind::Boolean)]);
    let fields = [
        field("tags", TypeKind::Array(Box::new(TypeKind::Int.nullable()))),
        field("r", inner),
        field("m", TypeKind::Map(Box::new(TypeKind::Int.not_null()), Box::new(TypeKind::Int.nullable()))),
    ];
    let options = [
        ("number-of-rows", "2"),
        ("fields.tags.length", "2"),
        ("fields.tags.element.min", "5"),
        ("fields.tags.element.max", "5"),
        ("fields.r.x.kind", "random"),
        ("fields.r.x.min", "1"),
        ("fields.r.x.max", "1"),
        ("fields.r.y.null-rate", "1"),
        ("fields.m.length", "1"),
        ("fields.m.key.min", "3"),
        ("fields.m.key.max", "3"),
        ("fields.m.value.min", "4"),
        ("fields.m.value.max", "4"),
    ];
    let row = "[[5, 5], +I[1, null], {3=4}]";
    assert_eq!(rows(&fields, &options), [row, row]);
}

#[test]
fn a_share_of_the_values_is_null() {
    let options = [("number-of-rows", "10000"), ("fields.a.null-rate", "0.25")];
    let rows = rows(&[field("a", TypeKind::Int)], &options);
    let nulls = rows.iter().filter(|row| *row == "[null]").count();
    assert!((2_300..2_700).contains(&nulls), "{nulls}");
}

#[test]
fn the_text_of_an_expression_is_cast_to_the_column() {
    let fields = [field("n", TypeKind::Int), field("t", TypeKind::timestamp(3))];
    let options = [
        ("number-of-rows", "3"),
        ("fields.n.expression", "#{number.numberBetween '5','6'}"),
        ("fields.t.expression", "2024-01-01 00:00:0#{number.numberBetween '1','2'}"),
    ];
    assert_eq!(rows(&fields, &options), ["[5, 2024-01-01T00:00:01]"; 3]);
    let fields = [field("n", TypeKind::Int)];
    let factory = source(&fields, &[("number-of-rows", "1"), ("fields.n.expression", "five")]).unwrap();
    let context = SourceContext {
        worker: 0,
        parallelism: 1,
        clock: Arc::new(ManualClock::default()),
        metrics: Arc::default(),
        waker: Arc::new(|| {}),
        job: riverrun_runtime::JobIdentity::ephemeral(),
    };
    let error = factory.reader(context).unwrap().poll(&mut SourceOutput::default()).unwrap_err();
    assert_eq!(error.message(), "table made_up: the text of 'fields.n.expression' does not fit the field's type");
}

#[test]
fn wrong_options_are_refused() {
    let fields = [field("price", TypeKind::Int)];
    let error = refused(&fields, &[("fields.prise.min", "1")]);
    assert_eq!(error.message(), "option 'fields.prise.min' is of a field 'prise', which the table does not have");
    assert_eq!(error.hint_text(), Some("did you mean `price`?"));
    let message = |options: &[(&str, &str)]| refused(&fields, options).message().to_owned();
    assert_eq!(message(&[("fields.price.min", "low")]), "'low' is no value for option 'fields.price.min'");
    assert_eq!(
        message(&[("fields.price.min", "9"), ("fields.price.max", "1")]),
        "'1' is no value for option 'fields.price.max'"
    );
    assert_eq!(
        message(&[("fields.price.kind", "sequence")]),
        "option 'fields.price.start' is missing: a sequence needs it"
    );
    assert_eq!(message(&[("number-of-rows", "-1")]), "option 'number-of-rows' must not be negative, but is -1");
    assert_eq!(message(&[("fields.price.null-rate", "2")]), "'2' is no value for option 'fields.price.null-rate'");
}

fn made(template: &str) -> Vec<String> {
    let template = Template::parse(template).unwrap();
    let now = Now { utc: NOW, local: NOW };
    (0..200)
        .map(|index| {
            let mut text = String::new();
            template.write(&mut Random::new(1, index), &now, &mut text);
            text
        })
        .collect()
}

fn all_match(template: &str, pattern: &str) {
    let regex = regex::Regex::new(&format!("^(?:{pattern})$")).unwrap();
    for text in made(template) {
        assert!(regex.is_match(&text), "{template} gave {text}");
    }
}

#[test]
fn expressions_give_text_that_looks_real() {
    all_match("#{Internet.ipV4Address}", r"\d+\.\d+\.\d+\.\d+");
    all_match("#{Internet.ipV6Address}", r"2001:db8(:[0-9a-f]{1,4}){6}");
    all_match("#{internet.EMAILADDRESS}", r"[a-z]+\.[a-z]+\d+@[a-z]+\.example");
    all_match("#{Internet.url}", r"https://www\.[a-z]+\.[a-z]+(/[a-z]+)+(/|\.html|/index\.html|\.json)?");
    all_match("#{Internet.uuid}", r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
    all_match("<#{Name.fullName}>", r"<[A-Z][a-z]+ [A-Z][a-z]+>");
    all_match("#{Lorem.words '2'}", r"[a-z]+ [a-z]+");
    all_match("#{Lorem.sentence}", r"[A-Z][a-z]+( [a-z]+){4,9}\.");
    all_match("#{number.randomDouble '2','1','9'}", r"[1-9]\.\d\d");
    all_match("#{number.digits '5'}", r"\d{5}");
    all_match("#{Options.option 'a','b}','c,d'}", r"a|b}|c,d");
    all_match("#{date.past '5','SECONDS'}", r"2024-03-01 (09:59:5\d|10:00:00)\.\d{3}");
    all_match("#{date.past '1','HOURS','dd/MMM/yyyy:HH:mm:ss Z'}", r"01/Mar/2024:(09|10):\d\d:\d\d \+0000");
    all_match("#{Internet.statusCode} #{Internet.httpMethod}", r"[2345]\d\d [A-Z]+");
    all_match("#{bool.bool}", "true|false");
    let mut options = made("#{Options.option 'a','b'}");
    options.sort();
    options.dedup();
    assert_eq!(options, ["a", "b"]);
}

#[test]
fn patterns_are_matched_by_what_they_give() {
    for pattern in [r"[A-Z]{2}-\d{3,5}", r"(ab|c)+x?", r"[a-c_\d]*\.", r"a{2,}b|\w\s[.-]", "ä[à-ü]"] {
        all_match(&format!("#{{regexify '{pattern}'}}"), pattern);
    }
    for wrong in ["[a", "(a", "a)", "*", "a{x}", "[^a]", "[b-a]", "a{5,2}"] {
        assert!(Pattern::parse(wrong).is_err(), "{wrong}");
    }
    assert!(Pattern::parse(&"(".repeat(10_000)).is_err());
}

#[test]
fn wrong_expressions_are_refused() {
    let message = |text: &str| Template::parse(text).unwrap_err();
    assert_eq!(message("#{Name.firstNam}").hint_text(), Some("did you mean `Name.firstName`?"));
    assert_eq!(message("a #{Name.name").message(), "a '#{' in 'a #{Name.name' has no '}'");
    assert_eq!(message("#{number.numberBetween 'a'}").message(), "'#{number.numberBetween 'a'}' has wrong arguments");
    assert!(Template::parse("#{Options.option}").is_err());
    assert!(Template::parse("#{date.past '5','FORTNIGHTS'}").is_err());
    assert_eq!(message("#{date.future '1','DAYS','QQQ'}").message(), "'QQQ' is no date pattern: 'QQQ' is not known");
    for (wrong, expected) in [
        ("number.numberBetween '1','1'", "#{number.numberBetween '1','10'}, the last one not included"),
        ("number.digits '-1'", "#{number.digits '5'}, up to 1000"),
        ("Lorem.words '1001'", "#{Lorem.words '3'}, up to 1000"),
        (
            "number.randomDouble '2','9','1'",
            "#{number.randomDouble '2','0','100'}: 0 to 17 decimals, and the least number first",
        ),
        ("Lorem.sentence '10'", "#{Lorem.sentence}, without arguments"),
        ("number.digits '1','2'", "no more than 1 arguments"),
    ] {
        let error = message(&format!("#{{{wrong}}}"));
        assert_eq!(error.message(), format!("'#{{{wrong}}}' has wrong arguments"));
        assert_eq!(error.detail_text(), Some(format!("expected: {expected}").as_str()));
    }
}

#[test]
fn date_patterns_are_javas() {
    for (pattern, expected) in [
        ("yyyyMMdd", "20240301"),
        ("yyyy-MM-ddTHH:mm:ss.SSSXXX", "2024-03-01T10:00:00.000Z"),
        ("EEEE, d. MMMM yy 100%", "Friday, 1. March 24 100%"),
        ("h:mm a", "10:00 AM"),
    ] {
        all_match(&format!("#{{date.past '0','DAYS','{pattern}'}}"), &regex::escape(expected));
    }
}

#[test]
fn options_that_do_not_fit_the_field_are_refused() {
    let array = TypeKind::Array(Box::new(TypeKind::Int.nullable()));
    let sequence = [("fields.f.kind", "sequence"), ("fields.f.start", "1"), ("fields.f.end", "2")];
    let expression = [("fields.f.expression", "#{Name.name}")];
    let cases: [(TypeKind, &[(&str, &str)], &str, &str); 16] = [
        (TypeKind::Char(3), &[], "var-len", "random values of type CHAR(3)"),
        (TypeKind::Char(3), &[], "length", "random values of type CHAR(3)"),
        (TypeKind::Binary(3), &[], "var-len", "random values of type BINARY(3)"),
        (TypeKind::Int, &[], "length", "random values of type INT"),
        (TypeKind::Int, &[], "max-past", "random values of type INT"),
        (TypeKind::STRING, &[], "min", "random values of type STRING"),
        (TypeKind::Boolean, &[], "max", "random values of type BOOLEAN"),
        (TypeKind::Date, &[], "max-past", "random values of type DATE"),
        (TypeKind::timestamp(3), &[], "min", "random values of type TIMESTAMP(3)"),
        (array, &[], "var-len", "random values of type ARRAY<INT>"),
        (TypeKind::Int, &[], "start", "random values of type INT"),
        (TypeKind::Int, &[], "end", "random values of type INT"),
        (TypeKind::Int, &sequence, "min", "a sequence"),
        (TypeKind::STRING, &sequence, "length", "a sequence"),
        (TypeKind::STRING, &expression, "length", "an expression"),
        (TypeKind::STRING, &expression, "start", "an expression"),
    ];
    for (kind, given, name, what) in cases {
        let value = match name {
            "var-len" => "true",
            "max-past" => "1 s",
            _ => "1",
        };
        let key = format!("fields.f.{name}");
        let options: Vec<(&str, &str)> = given.iter().copied().chain([(key.as_str(), value)]).collect();
        let error = refused(&[field("f", kind)], &options);
        assert_eq!(error.message(), format!("option '{key}' does not fit {what}"));
    }
    let both: Vec<(&str, &str)> = sequence.into_iter().chain(expression).collect();
    let error = refused(&[field("f", TypeKind::STRING)], &both);
    assert_eq!(error.message(), "'fields.f' can't be a sequence and have an expression");
    let hint = |name: &str, value: &str| {
        refused(&[field("f", TypeKind::Int)], &[(name, value)]).hint_text().map(str::to_owned).unwrap()
    };
    assert_eq!(hint("fields.f.length", "1"), "leave it out; what fits is min and max");
    assert_eq!(hint("fields.f.start", "1"), "set 'fields.f.kind' = 'sequence' too, or leave it out");
}

#[test]
fn a_column_without_nulls_is_given_none() {
    let row = TypeKind::Row(vec![Field::new("x", TypeKind::Int.not_null())]);
    let map = TypeKind::Map(Box::new(TypeKind::Int.nullable()), Box::new(TypeKind::Int.nullable()));
    let fields = [Field::new("a", TypeKind::Int.not_null()), field("r", row), field("m", map)];
    let message = |name: &str| refused(&fields, &[(name, "0.5")]).message().to_owned();
    assert_eq!(message("fields.a.null-rate"), "option 'fields.a.null-rate' makes NULLs, and `a` is NOT NULL");
    assert_eq!(message("fields.r.x.null-rate"), "option 'fields.r.x.null-rate' makes NULLs, and `r.x` is NOT NULL");
    assert_eq!(
        message("fields.m.key.null-rate"),
        "option 'fields.m.key.null-rate' makes NULLs, and `m.key` is NOT NULL"
    );
    assert!(source(&fields, &[("fields.a.null-rate", "0"), ("fields.r.null-rate", "0.5")]).is_ok());
    assert!(source(&fields, &[("fields.m.value.null-rate", "0.5")]).is_ok());
}
