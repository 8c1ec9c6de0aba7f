use super::*;

/// Every program of the golden data parses, but for those that hold a syntax error.
#[test]
fn all_golden_programs_parse() {
    let Some(shared) = shared() else { return };
    let variables = Variables::from([("DIR".to_owned(), "/data".to_owned())]);
    let mut seen = 0;
    let mut wrong = Vec::new();
    for folder in std::fs::read_dir(shared.join("data/flink-sql")).unwrap() {
        let folder = folder.unwrap().path();
        let Ok(text) = std::fs::read_to_string(folder.join("pipeline.sql")) else { continue };
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        seen += 1;
        let refused = ["error-syntax", "error-reserved-word", "error-primary-key-enforced"];
        let must_fail = refused.iter().any(|prefix| name.starts_with(prefix));
        match parse(&text, &variables) {
            Ok(_) if must_fail => wrong.push(format!("{name}: parsed")),
            Err(error) if !must_fail => wrong.push(format!("{name}: {}", error.render("pipeline.sql", &text))),
            _ => {}
        }
    }
    assert!(seen > 200, "only {seen} programs");
    assert!(wrong.is_empty(), "{} of {seen}:\n{}", wrong.len(), wrong.join("\n"));
}

/// Every expression that Flink could parse parses.
#[test]
fn all_golden_expressions_parse() {
    let Some(shared) = shared() else { return };
    let mut wrong = Vec::new();
    for file in ["functions.tsv", "aggregates.tsv"] {
        let text = std::fs::read_to_string(shared.join("data/flink-functions").join(file)).unwrap();
        for line in text.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            // What Flink's planner refuses may be refused here already: `DECIMAL(0, 0)`.
            let refused = fields[2] == "ERROR" && fields.get(4) == Some(&"PLAN");
            let query =
                if file == "functions.tsv" { format!("SELECT {} FROM t", fields[1]) } else { fields[1].to_owned() };
            if let Err(error) = parse_plain(&query)
                && !refused
            {
                wrong.push(format!("{}: {}", fields[0], error.render("x", &query)));
            }
        }
    }
    let views = std::fs::read_to_string(shared.join("data/flink-functions/t.sql")).unwrap();
    assert_eq!(parse_plain(&views).unwrap().len(), 2);
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
