//! `riverrun savepoint`, `riverrun checkpoints` and `riverrun explain --upgrade`.

use crate::args::{CheckpointsArgs, SavepointArgs};
use crate::output::{print, print_cells};
use crate::progress::counted;
use crate::run::{define, report};
use riverrun::Session;
use riverrun::durable::control::{SavepointOrder, request_savepoint};
use riverrun::durable::{Fit, Verdict, find};
use riverrun::sql::plan::StreamPlan;
use riverrun_core::{Error, Result};
use riverrun_state::checkpoint::{
    BlobStore, CheckpointEntry, CheckpointKind, Location, Manifest, StoreOptions, StoredFile, check_files,
    manifest_name, verify,
};

/// Takes a savepoint of a running job; the exit code.
pub fn savepoint(args: &SavepointArgs) -> Result<u8> {
    // How its store is reached, the process that takes it knows; that one runs in another folder.
    let target = Location::parse(&args.target, &StoreOptions::default())?.absolute().to_string();
    let order = SavepointOrder { target, stop: args.stop, job: args.job };
    let done = request_savepoint(&args.state_dir, &order)?;
    print(&format!("savepoint {} ({} of state)\n", done.place, bytes(done.state_bytes)))?;
    Ok(0)
}

/// Lists checkpoints, or describes one; the exit code: 1 if one is damaged, or what says whose they are.
pub fn checkpoints(args: &CheckpointsArgs) -> Result<u8> {
    let mut session = Session::default();
    define(&mut session, &args.define)?;
    let found = find(&args.place, &session.config.store_options())?;
    let mut damaged = false;
    let mut listed = Vec::new();
    for (folder, entries) in &found.jobs {
        if !args.json {
            print(&format!("{folder}\n"))?;
        }
        let (mut rows, mut said) = (Vec::new(), Vec::new());
        let store = folder.open()?;
        let stored = if args.verify { None } else { Some(store.list("")?) };
        for entry in entries {
            let problems = problems(&*store, stored.as_deref(), entry);
            if !problems.is_empty() && is_gone(&*store, entry, found.single)? {
                continue;
            }
            damaged |= !problems.is_empty();
            listed.push(json(entry, &problems));
            rows.push(row(entry, &problems, args.verify));
            said.extend(problems);
        }
        if !args.json {
            let columns = ["checkpoint", "kind", "epoch", "taken", "workers", "state", "written", "condition"];
            print(&print_cells(&columns.map(str::to_owned), &rows))?;
            said.iter().try_for_each(|problem| print(&format!("{problem}\n")))?;
        }
    }
    if args.json {
        print(&format!("{}\n", serde_json::to_string_pretty(&listed).unwrap_or_default()))?;
    } else if found.single {
        for manifest in found.jobs.iter().flat_map(|(_, entries)| entries).flat_map(|entry| &entry.manifest) {
            print(&describe(manifest))?;
        }
    }
    if let Some(problem) = &found.problem {
        report(problem, "", "");
    }
    Ok(u8::from(damaged || found.problem.is_some()))
}

/// What is wrong with a checkpoint: by what the store has where that is given; otherwise every file is read.
fn problems(store: &dyn BlobStore, stored: Option<&[StoredFile]>, entry: &CheckpointEntry) -> Vec<String> {
    match (&entry.manifest, stored) {
        (Err(error), _) => vec![error.message().to_owned()],
        (Ok(manifest), Some(stored)) => check_files(store, stored, manifest),
        (Ok(manifest), None) => verify(store, manifest),
    }
}

/// Whether a job that runs has taken a checkpoint away while its files were looked at.
fn is_gone(store: &dyn BlobStore, entry: &CheckpointEntry, single: bool) -> Result<bool> {
    Ok(!single && store.get(&manifest_name(entry.id))?.is_none())
}

/// The last folder of its place.
fn name(entry: &CheckpointEntry) -> String {
    let place = entry.place.trim_end_matches('/');
    place.rsplit('/').next().unwrap_or(place).to_owned()
}

fn row(entry: &CheckpointEntry, problems: &[String], verified: bool) -> Vec<String> {
    // One of another version, or whose file can't be read just now, need not be damaged.
    let unreadable = matches!(&entry.manifest, Err(error) if !error.message().contains(" is damaged"));
    let condition = match (problems.is_empty(), verified) {
        (true, true) => "good",
        (true, false) => "complete",
        (false, _) if unreadable => "unreadable",
        (false, _) => "damaged",
    };
    let abandoned = if entry.abandoned { ", abandoned" } else { "" };
    let condition = format!("{condition}{abandoned}");
    let Ok(manifest) = &entry.manifest else {
        let unknown = || "?".to_owned();
        return vec![name(entry), unknown(), unknown(), unknown(), unknown(), unknown(), unknown(), condition];
    };
    let body = &manifest.body;
    vec![
        name(entry),
        kind(manifest).to_owned(),
        body.epoch.0.to_string(),
        time(body.completed.0),
        body.job.parallelism.to_string(),
        bytes(manifest.state_bytes()),
        bytes(body.written),
        if body.finished { format!("{condition}, end of input") } else { condition },
    ]
}

fn json(entry: &CheckpointEntry, problems: &[String]) -> serde_json::Value {
    let manifest = entry.manifest.as_ref().ok();
    serde_json::json!({
        "place": entry.place,
        "problems": problems,
        "abandoned": entry.abandoned,
        "checkpoint": manifest.map(|manifest| &manifest.body),
        "state_bytes": manifest.map(Manifest::state_bytes),
        "files": manifest.map(|manifest| &manifest.files),
        "operators": manifest.map(|manifest| manifest.operators.iter().map(|(id, operator)| serde_json::json!({
            "id": id,
            "bytes": operator.bytes(),
            "signature": operator.signature,
        })).collect::<Vec<_>>()),
    })
}

/// The operators of a checkpoint, and how far its sources have come.
fn describe(manifest: &Manifest) -> String {
    let mut rows = Vec::new();
    for (id, operator) in &manifest.operators {
        let watermark = operator.parts.iter().map(|part| part.watermark).min();
        rows.push(vec![
            id.clone(),
            operator.parts.len().to_string(),
            operator.parts.iter().map(|part| part.keyed.len()).sum::<usize>().to_string(),
            operator.parts.iter().map(|part| part.split.len() + part.union.len()).sum::<usize>().to_string(),
            bytes(operator.bytes()),
            watermark.map(|watermark| watermark.to_string()).unwrap_or_default(),
            if operator.parts.iter().all(|part| part.ended) { "ended" } else { "" }.to_owned(),
        ]);
    }
    let columns = ["operator", "workers", "key groups", "elements", "state", "watermark", ""];
    let job = &manifest.body.job;
    format!(
        "\n{} of job {} ({}), generation {}, {} key groups, {}\n\n{}",
        kind(manifest),
        job.id,
        job.name,
        job.generation,
        job.key_groups,
        counted(manifest.files.len() as u64, "file"),
        print_cells(&columns.map(str::to_owned), &rows)
    )
}

/// Says what would become of the state in `place` if the plans went on from it; the exit code: 1 if they can't.
pub fn upgrade(place: &str, stores: &StoreOptions, plans: &[StreamPlan]) -> Result<u8> {
    let (manifest, missing) = loop {
        let origin = find(place, stores)?.origin()?;
        let (manifest, store) = (origin.manifest()?, origin.root.open()?);
        let missing = check_files(&*store, &store.list("")?, &manifest);
        // Unless a job that runs has taken it away meanwhile, since there is a newer one.
        if missing.is_empty() || store.get(&origin.manifest)?.is_some() {
            break (manifest, missing);
        }
    };
    // Of a file with several jobs, the one that the checkpoint is nearest to.
    let kept = |fit: &Fit| fit.operators.iter().filter(|operator| operator.verdict == Verdict::Kept).count();
    let fit = plans.iter().map(|plan| Fit::of(plan, &manifest)).max_by_key(kept);
    let fit = fit.ok_or_else(|| Error::input("the file has no job"))?;
    let mut rows = Vec::new();
    // In full below the table.
    let mut reasons = String::new();
    let mut good = missing.is_empty();
    for operator in &fit.operators {
        let (verdict, why) = match &operator.verdict {
            Verdict::Kept => ("kept", String::new()),
            Verdict::New => ("new", "it begins empty".to_owned()),
            Verdict::Dropped => {
                good = false;
                ("dropped", "no operator takes it over; --allow-non-restored-state drops it".to_owned())
            }
            Verdict::Incompatible { before, now } => {
                good = false;
                let id = &operator.id;
                reasons.push_str(&format!("\n{id} holds the state of\n  {before}\nthe file has\n  {now}\n"));
                ("incompatible", "it is the state of something else, see below".to_owned())
            }
        };
        rows.push(vec![operator.id.clone(), verdict.to_owned(), bytes(operator.bytes), why]);
    }
    print(&print_cells(&["operator", "state", "size", "why"].map(str::to_owned), &rows))?;
    if !reasons.is_empty() {
        reasons.push_str(
            "\nno start goes on from what is incompatible: run the statements as they were; or give the table another name, so that \
             all that belongs to it begins anew, and drop what it had by --allow-non-restored-state\n",
        );
    }
    print(&reasons)?;
    if !missing.is_empty() {
        print(&format!("\n{place} is damaged, nothing can go on from it:\n"))?;
        missing.iter().try_for_each(|problem| print(&format!("  {problem}\n")))?;
    }
    Ok(u8::from(!good))
}

fn kind(manifest: &Manifest) -> &'static str {
    match manifest.body.kind {
        CheckpointKind::Checkpoint => "checkpoint",
        CheckpointKind::Savepoint => "savepoint",
    }
}

fn time(millis: i64) -> String {
    chrono::DateTime::from_timestamp_millis(millis)
        .map(|time| time.format("%Y-%m-%d %H:%M:%S").to_string())
        .unwrap_or_default()
}

/// A size for people.
pub fn bytes(count: u64) -> String {
    match count {
        0..=9_999 => format!("{count} B"),
        10_000..=9_999_999 => format!("{:.1} kB", count as f64 / 1e3),
        10_000_000..=9_999_999_999 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.1} GB", count as f64 / 1e9),
    }
}
