//! The report that build servers read: JUnit's XML.

use super::{Outcome, Verdict};

/// The whole report.
pub fn report(outcomes: &[Outcome]) -> String {
    let count = |wanted: fn(&Verdict) -> bool| outcomes.iter().filter(|outcome| wanted(&outcome.verdict)).count();
    let failed = count(|verdict| matches!(verdict, Verdict::Failed(_)));
    let broken = count(|verdict| matches!(verdict, Verdict::Broken(_)));
    let seconds: f64 = outcomes.iter().map(|outcome| outcome.time.as_secs_f64()).sum();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    text.push_str(&format!(
        "<testsuites>\n  <testsuite name=\"riverrun\" tests=\"{}\" failures=\"{failed}\" errors=\"{broken}\" time=\"{seconds:.3}\">\n",
        outcomes.len()
    ));
    for outcome in outcomes {
        let head = format!(
            "    <testcase classname=\"riverrun\" name=\"{}\" time=\"{:.3}\"",
            escaped(&outcome.name),
            outcome.time.as_secs_f64()
        );
        text.push_str(&match &outcome.verdict {
            Verdict::Passed | Verdict::Updated => format!("{head}/>\n"),
            Verdict::Failed(why) => format!("{head}>\n      <failure>{}</failure>\n    </testcase>\n", escaped(why)),
            Verdict::Broken(why) => format!("{head}>\n      <error>{}</error>\n    </testcase>\n", escaped(why)),
        });
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

/// A text as XML holds it; characters that XML can't hold are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() && !matches!(c, '\n' | '\t') => {}
            c => escaped.push(c),
        }
    }
    escaped
}
