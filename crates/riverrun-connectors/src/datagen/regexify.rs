//! Text that matches a pattern: `#{regexify '[A-Z]{2}-\d{4}'}`.
//!
//! Known are literals, `.`, classes (`[a-z0-9]`, `\d`, `\w`, `\s`), groups with alternatives (`(a|b)`), and `?`, `*`, `+`,
//! `{n}`, `{n,m}`; `*` and `+` repeat at most ten times.

use crate::indexed::random::Random;
use riverrun_core::{Error, Result};
use std::iter::Peekable;
use std::str::Chars;

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<Vec<Node>>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Literal(char),
    Class(Vec<(char, char)>),
    Group(Pattern),
    Repeat(Box<Node>, u32, u32),
}

const MOST: u32 = 10;
const LONGEST: u32 = 1000;

impl Pattern {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<Self> {
        let mut rest = text.chars().peekable();
        let pattern = alternatives(&mut rest, 0).map_err(|reason| wrong(text, reason))?;
        match rest.next() {
            None => Ok(pattern),
            Some(_) => Err(wrong(text, "a ')' has no '('")),
        }
    }

    /// Appends a text that matches.
    pub fn write(&self, random: &mut Random, out: &mut String) {
        if let Some(sequence) = random.pick(&self.0) {
            sequence.iter().for_each(|node| node.write(random, out));
        }
    }
}

impl Node {
    fn write(&self, random: &mut Random, out: &mut String) {
        match self {
            Node::Literal(c) => out.push(*c),
            Node::Class(ranges) => {
                let size = |(first, last): &(char, char)| u64::from(*last) - u64::from(*first) + 1;
                let mut at = random.below(ranges.iter().map(size).sum());
                for range in ranges {
                    if at < size(range) {
                        out.push(char::from_u32(u32::from(range.0) + at as u32).unwrap_or('?'));
                        return;
                    }
                    at -= size(range);
                }
            }
            Node::Group(pattern) => pattern.write(random, out),
            Node::Repeat(node, least, most) => {
                let times = u64::from(*least) + random.below(u64::from(most - least) + 1);
                (0..times).for_each(|_| node.write(random, out));
            }
        }
    }
}

fn wrong(text: &str, reason: &str) -> Error {
    Error::input(format!("'{text}' is no pattern for regexify: {reason}"))
        .hint("known are literals, classes like [a-z] and \\d, groups like (a|b), and the counts ? * + {n} {n,m}")
}

/// How deep groups may be nested.
const DEEPEST: usize = 50;

fn alternatives(rest: &mut Peekable<Chars<'_>>, depth: usize) -> Result<Pattern, &'static str> {
    if depth > DEEPEST {
        return Err("its groups are nested too deeply");
    }
    let mut all = vec![Vec::new()];
    while let Some(&c) = rest.peek() {
        let node = match c {
            ')' => break,
            '|' => {
                rest.next();
                all.push(Vec::new());
                continue;
            }
            _ => {
                rest.next();
                item(c, rest, depth)?
            }
        };
        let node = counted(node, rest)?;
        if let Some(sequence) = all.last_mut() {
            sequence.push(node);
        }
    }
    Ok(Pattern(all))
}

fn item(c: char, rest: &mut Peekable<Chars<'_>>, depth: usize) -> Result<Node, &'static str> {
    Ok(match c {
        '(' => {
            let group = alternatives(rest, depth + 1)?;
            rest.next().ok_or("a '(' has no ')'")?;
            Node::Group(group)
        }
        '[' => class(rest)?,
        '.' => Node::Class(vec![('a', 'z'), ('A', 'Z'), ('0', '9')]),
        '\\' => {
            let escaped = rest.next().ok_or("it ends in a backslash")?;
            escape(escaped).map_or(Node::Literal(escaped), Node::Class)
        }
        '?' | '*' | '+' | '{' => return Err("a count has nothing to repeat"),
        other => Node::Literal(other),
    })
}

fn escape(c: char) -> Option<Vec<(char, char)>> {
    match c {
        'd' => Some(vec![('0', '9')]),
        'w' => Some(vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')]),
        's' => Some(vec![(' ', ' ')]),
        _ => None,
    }
}

fn class(rest: &mut Peekable<Chars<'_>>) -> Result<Node, &'static str> {
    let mut ranges = Vec::new();
    loop {
        let c = match rest.next().ok_or("a '[' has no ']'")? {
            ']' if ranges.is_empty() => return Err("a class is empty"),
            ']' => return Ok(Node::Class(ranges)),
            '^' if ranges.is_empty() => return Err("classes of all other characters are not known"),
            '\\' => {
                let escaped = rest.next().ok_or("a '[' has no ']'")?;
                if let Some(class) = escape(escaped) {
                    ranges.extend(class);
                    continue;
                }
                escaped
            }
            other => other,
        };
        let mut ahead = rest.clone();
        let last = match (ahead.next(), ahead.next()) {
            (Some('-'), Some(last)) if last != ']' => {
                rest.next();
                rest.next();
                last
            }
            _ => c,
        };
        if last < c {
            return Err("a range of a class ends before it begins");
        }
        ranges.push((c, last));
    }
}

fn counted(node: Node, rest: &mut Peekable<Chars<'_>>) -> Result<Node, &'static str> {
    let (least, most) = match rest.peek() {
        Some('?') => (0, 1),
        Some('*') => (0, MOST),
        Some('+') => (1, MOST),
        Some('{') => {
            let text: String = rest.by_ref().skip(1).take_while(|c| *c != '}').collect();
            let (least, most) = text.split_once(',').unwrap_or((&text, &text));
            let number = |text: &str| text.trim().parse::<u32>().ok().filter(|count| *count <= LONGEST);
            let least = number(least).ok_or("a count in braces is no number up to 1000")?;
            let most = if most.is_empty() { Some(least + MOST) } else { number(most) };
            let most = most.filter(|most| *most >= least).ok_or("a count in braces is no number up to 1000")?;
            return Ok(Node::Repeat(Box::new(node), least, most));
        }
        _ => return Ok(node),
    };
    rest.next();
    Ok(Node::Repeat(Box::new(node), least, most))
}
