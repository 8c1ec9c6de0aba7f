use super::*;
use crate::connector::OnError;
use arrow::array::{Array, AsArray, Int32Array, Int64Array, StringArray};
use arrow::datatypes::{Int32Type, TimestampMillisecondType};
use riverrun_core::clock::ManualClock;
use riverrun_core::format_value::RowFormatter;
use riverrun_core::{RowKind, Schema};
use riverrun_runtime::SourceOutput;
use riverrun_runtime::source::{SourceEvent, SourceState};
use std::collections::BTreeMap;

fn field(name: &str, kind: TypeKind) -> Field {
    Field::new(name, kind.nullable())
}

/// The nested table, with these fields of each kind of event.
fn table(person: &[&str], auction: &[&str], bid: &[&str]) -> Schema {
    let row = |fields: &[&str]| {
        let fields = fields.iter().map(|name| {
            let kind = match *name {
                "dateTime" | "expires" => TypeKind::timestamp(3),
                "id" | "initialBid" | "reserve" | "seller" | "category" | "auction" | "bidder" | "price" => {
                    TypeKind::BigInt
                }
                _ => TypeKind::STRING,
            };
            field(name, kind)
        });
        TypeKind::Row(fields.collect())
    };
    Schema::new(vec![
        field("event_type", TypeKind::Int),
        field("person", row(person)),
        field("auction", row(auction)),
        field("bid", row(bid)),
    ])
}

fn whole() -> Schema {
    table(
        &["id", "name", "emailAddress", "creditCard", "city", "state", "dateTime", "extra"],
        &[
            "id",
            "itemName",
            "description",
            "initialBid",
            "reserve",
            "dateTime",
            "expires",
            "seller",
            "category",
            "extra",
        ],
        &["auction", "bidder", "price", "channel", "url", "dateTime", "extra"],
    )
}

fn source(schema: Schema, options: &[(&str, &str)]) -> Result<Arc<dyn SourceFactory>> {
    let mut all = Options::default();
    options.iter().for_each(|(key, value)| all.set(*key, *value));
    Nexmark.source(SourceSpec {
        table: "nexmark".into(),
        projection: (0..schema.len()).collect(),
        fields: Default::default(),
        schema,
        metadata: Vec::new(),
        options: all,
        partition_keys: Vec::new(),
        primary_key: vec![],
        on_error: OnError::Fail,
        time_zone: chrono_tz::Tz::UTC,
        batch_size: 1000,
    })
}

fn read(factory: &Arc<dyn SourceFactory>, parallelism: usize) -> Vec<RecordBatch> {
    let mut batches = Vec::new();
    for worker in 0..parallelism {
        let context = SourceContext {
            worker,
            parallelism,
            clock: Arc::new(ManualClock::default()),
            metrics: Arc::default(),
            waker: Arc::new(|| {}),
            job: riverrun_runtime::JobIdentity::ephemeral(),
        };
        let mut reader = factory.reader(context).unwrap();
        let mut out = SourceOutput::default();
        while reader.poll(&mut out).unwrap() != SourceState::Finished {}
        batches.extend(out.take().into_iter().filter_map(|event| match event {
            SourceEvent::Rows(_, batch) => Some(batch.columns),
            _ => None,
        }));
    }
    batches
}

fn lines(schema: &Schema, batches: &[RecordBatch]) -> Vec<String> {
    let formatter = RowFormatter::new(schema.fields.iter().map(|field| field.data_type.clone()));
    let mut lines = Vec::new();
    for batch in batches {
        let rows = formatter.rows(batch).unwrap();
        for row in 0..batch.num_rows() {
            let mut line = String::new();
            rows.write(row, RowKind::Insert, &mut line);
            lines.push(line);
        }
    }
    lines
}

#[test]
fn events_are_the_same_in_every_run() {
    let schema =
        table(&["id", "name", "city"], &["id", "seller", "category"], &["auction", "bidder", "price", "channel"]);
    let rows = lines(&schema, &read(&source(schema.clone(), &[("events.num", "8")]).unwrap(), 1));
    assert_eq!(rows.len(), 8);
    assert!(rows[0].starts_with("+I[0, +I[1000, "), "{}", rows[0]);
    assert!(rows[1].starts_with("+I[1, null, +I[1000, "), "{}", rows[1]);
    assert!(rows[3].starts_with("+I[1, null, +I[1002, "), "{}", rows[3]);
    assert!(rows[4].starts_with("+I[2, null, null, +I["), "{}", rows[4]);
    assert_eq!(rows, lines(&schema, &read(&source(schema.clone(), &[("events.num", "8")]).unwrap(), 1)));
}

#[test]
fn the_events_do_not_depend_on_the_parallelism_or_on_the_columns_read() {
    let schema = whole();
    let factory = source(schema.clone(), &[("events.num", "20000")]).unwrap();
    let mut expected = lines(&schema, &read(&factory, 1));
    let mut rows = lines(&schema, &read(&factory, 3));
    expected.sort();
    rows.sort();
    assert_eq!(rows.len(), 20_000);
    assert_eq!(rows, expected);
    let narrow = table(&["id"], &["id"], &["price"]);
    let prices = |schema: Schema, index: usize| -> Vec<Int64Array> {
        let batches = read(&source(schema, &[("events.num", "1000")]).unwrap(), 1);
        batches.iter().map(|batch| batch.column(3).as_struct().column(index).as_primitive().clone()).collect()
    };
    assert_eq!(prices(narrow, 0), prices(whole(), 2));
}

#[test]
fn of_fifty_events_one_is_a_person_and_three_are_auctions() {
    let batches = read(&source(whole(), &[("events.num", "5000")]).unwrap(), 1);
    let mut counts = [0; 3];
    for batch in &batches {
        let kinds: &Int32Array = batch.column(0).as_primitive::<Int32Type>();
        kinds.values().iter().for_each(|kind| counts[*kind as usize] += 1);
        for kind in 0..3 {
            let rows = batch.column(kind + 1);
            assert!((0..batch.num_rows()).all(|row| rows.is_valid(row) == (kinds.value(row) == kind as i32)));
        }
    }
    assert_eq!(counts, [100, 300, 4600]);
}

#[test]
fn half_of_the_bids_go_to_hot_auctions() {
    let batches = read(&source(whole(), &[("events.num", "50000")]).unwrap(), 1);
    let (mut hot, mut channels, mut bids) = (0, 0, 0);
    for batch in &batches {
        let bid = batch.column(3).as_struct();
        let auctions: &Int64Array = bid.column(0).as_primitive();
        let names: &StringArray = bid.column(3).as_string();
        for row in (0..batch.num_rows()).filter(|row| bid.is_valid(*row)) {
            bids += 1;
            hot += usize::from(auctions.value(row) % 100 == 0);
            channels += usize::from(!names.value(row).starts_with("channel-"));
        }
    }
    assert_eq!(bids, 46_000);
    assert!((22_500..25_000).contains(&hot), "{hot}");
    assert!((22_000..24_000).contains(&channels), "{channels}");
}

#[test]
fn event_time_moves_with_the_rate() {
    let mut schema = Schema::new(vec![field("dateTime", TypeKind::timestamp(3))]);
    let times = |schema: &Schema, options: &[(&str, &str)]| -> Vec<i64> {
        let batches = read(&source(schema.clone(), options).unwrap(), 1);
        let start = 1_436_918_400_000;
        let times = batches.iter().map(|batch| batch.column(0).as_primitive::<TimestampMillisecondType>().values());
        times.flatten().map(|time| time - start).collect()
    };
    assert_eq!(
        times(&schema, &[("events.num", "4"), ("first-event.rate", "100"), ("next-event.rate", "100")]),
        [0, 10, 20, 30]
    );
    // Two events in the first half of the period, one in the second.
    let options = [("events.num", "5"), ("first-event.rate", "2"), ("next-event.rate", "1"), ("rate.period", "2 s")];
    assert_eq!(times(&schema, &options), [0, 500, 1000, 2000, 2500]);
    schema.fields[0].name = "datetime".into();
    let error = source(schema, &[]).err().unwrap();
    assert_eq!(error.message(), "a nexmark table has no column 'datetime'");
    assert_eq!(error.hint_text(), Some("did you mean `dateTime`?"));
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |schema: Schema, options: &[(&str, &str)]| source(schema, options).err().unwrap();
    let error = refused(table(&["id"], &["id"], &["prize"]), &[]);
    assert_eq!(error.message(), "a nexmark bid has no field 'prize'");
    assert_eq!(error.hint_text(), Some("did you mean `price`?"));
    let wrong = Schema::new(vec![field("event_type", TypeKind::BigInt)]);
    assert_eq!(refused(wrong, &[]).message(), "'event_type' of a nexmark table is INT, not BIGINT");
    let error = refused(whole(), &[("bid.hot-ratio.auctions", "0")]);
    assert_eq!(error.message(), "option 'bid.hot-ratio.auctions' must be at least 1, not 0");
}

#[test]
fn a_bid_has_about_its_average_size() {
    let batches = read(&source(whole(), &[("events.num", "5000")]).unwrap(), 1);
    let bids = batches.iter().map(|batch| batch.column(3).as_struct());
    let (bytes, count) = bids.fold((0, 0), |(bytes, count), bid| {
        let extra: &StringArray = bid.column(6).as_string();
        (bytes + extra.values().len(), count + bid.len() - bid.null_count())
    });
    assert!((60..75).contains(&(bytes / count)), "{}", bytes / count);
}

/// Prints how many events a second one core makes; run with `--ignored --nocapture`, optimized.
#[test]
#[ignore = "a measurement"]
fn events_per_second() {
    let narrow = |name: &str| match name {
        "bid.price" => table(&["id"], &["id"], &["price"]).project(&[3]),
        "bid.auction, dateTime" => table(&["id"], &["id"], &["auction", "dateTime"]).project(&[0, 3]),
        _ => whole(),
    };
    for name in ["bid.price", "bid.auction, dateTime", "everything"] {
        let schema = narrow(name);
        let factory = source(schema, &[("events.num", "2000000")]).unwrap();
        let context = SourceContext {
            worker: 0,
            parallelism: 1,
            clock: Arc::new(ManualClock::default()),
            metrics: Arc::default(),
            waker: Arc::new(|| {}),
            job: riverrun_runtime::JobIdentity::ephemeral(),
        };
        let mut reader = factory.reader(context).unwrap();
        let start = std::time::Instant::now();
        let mut out = SourceOutput::default();
        while reader.poll(&mut out).unwrap() != SourceState::Finished {
            out.take();
        }
        println!("{name}: {:.1} million events/s", 2.0 / start.elapsed().as_secs_f64());
    }
}

#[test]
fn fields_that_nobody_looks_at_are_not_made() {
    let schema = whole();
    let spec = |fields: BTreeMap<usize, BTreeSet<usize>>| SourceSpec {
        table: "nexmark".into(),
        projection: vec![3],
        fields,
        schema: schema.clone(),
        metadata: Vec::new(),
        options: [("events.num", "50")].into_iter().fold(Options::default(), |mut options, (key, value)| {
            options.set(key, value);
            options
        }),
        partition_keys: Vec::new(),
        primary_key: vec![],
        on_error: OnError::Fail,
        time_zone: chrono_tz::Tz::UTC,
        batch_size: 1000,
    };
    let bids = |fields| read(&Nexmark.source(spec(fields)).unwrap(), 1)[0].column(0).as_struct().clone();
    let (all, some) = (bids(BTreeMap::new()), bids(BTreeMap::from([(3, BTreeSet::from([0, 2]))])));
    assert_eq!(some.data_type(), all.data_type());
    for (index, (left, right)) in all.columns().iter().zip(some.columns()).enumerate() {
        match index {
            0 | 2 => assert_eq!(left, right),
            _ => assert_eq!(right.null_count(), 50),
        }
    }
}
