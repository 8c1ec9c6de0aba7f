//! What differs between the rows that were expected and those that came.

/// A line of a diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiffLine {
    /// As expected.
    Same(String),
    /// Expected, and did not come.
    Missing(String),
    /// Came, and was not expected.
    Extra(String),
}

/// Above this many pairs of lines the longest common part is no longer looked for.
const MOST_PAIRS: usize = 4_000_000;

/// The lines of both, in order: those that are common to both, missing and extra ones.
pub fn diff(expected: &[String], found: &[String]) -> Vec<DiffLine> {
    let same_front = expected.iter().zip(found).take_while(|(a, b)| a == b).count();
    let (a, b) = (&expected[same_front..], &found[same_front..]);
    let mut lines: Vec<DiffLine> = expected[..same_front].iter().cloned().map(DiffLine::Same).collect();
    if a.len().saturating_mul(b.len()) > MOST_PAIRS {
        lines.extend(a.iter().cloned().map(DiffLine::Missing));
        lines.extend(b.iter().cloned().map(DiffLine::Extra));
        return lines;
    }
    // How long the longest common part of what is left from (i, j) on is.
    let width = b.len() + 1;
    let mut longest = vec![0u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i * width + j] = match a[i] == b[j] {
                true => longest[(i + 1) * width + j + 1] + 1,
                false => longest[(i + 1) * width + j].max(longest[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            lines.push(DiffLine::Same(a[i].clone()));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && longest[(i + 1) * width + j] >= longest[i * width + j + 1]) {
            lines.push(DiffLine::Missing(a[i].clone()));
            i += 1;
        } else {
            lines.push(DiffLine::Extra(b[j].clone()));
            j += 1;
        }
    }
    lines
}
