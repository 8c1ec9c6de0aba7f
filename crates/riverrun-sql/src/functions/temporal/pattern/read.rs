//! Reading a text by a pattern.

use super::{Fields, Flavour, Item, MONTHS, WEEKDAYS, short};

struct Reader<'a> {
    rest: &'a str,
    fields: Fields,
    flavour: Flavour,
}

/// Reads a text; with strict rules all of it.
pub(super) fn read(items: &[Item], flavour: Flavour, text: &str) -> Option<Fields> {
    let mut reader = Reader { rest: text, fields: Fields::default(), flavour };
    reader.items(items)?;
    if flavour == Flavour::Formatter && !reader.rest.is_empty() {
        return None;
    }
    Some(reader.fields)
}

/// Whether an item is read as digits.
fn is_numeric(item: Option<&Item>) -> bool {
    match item {
        Some(Item::Field(letter, count)) => match letter {
            'M' | 'L' => *count < 3,
            letter => "yudDHkKhmsSAnNwWFY".contains(*letter),
        },
        _ => false,
    }
}

impl Reader<'_> {
    fn items(&mut self, items: &[Item]) -> Option<()> {
        for (index, item) in items.iter().enumerate() {
            match item {
                Item::Literal(text) => self.literal(text)?,
                Item::Optional(inner) => {
                    let (rest, fields) = (self.rest, self.fields);
                    if self.items(inner).is_none() {
                        (self.rest, self.fields) = (rest, fields);
                    }
                }
                Item::Field(letter, count) => {
                    // Digits that the fields behind need are left to them.
                    let reserved: usize = items[index + 1..]
                        .iter()
                        .take_while(|item| is_numeric(Some(item)))
                        .map(|item| match item {
                            Item::Field(_, count) => *count,
                            _ => 0,
                        })
                        .sum();
                    self.field(*letter, *count, reserved)?;
                }
            }
        }
        Some(())
    }

    fn literal(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    /// Reads from `least` to `most` digits.
    fn digits(&mut self, least: usize, most: usize) -> Option<i64> {
        let available = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if available < least || available == 0 {
            return None;
        }
        let (digits, rest) = self.rest.split_at(available);
        self.rest = rest;
        digits.parse().ok()
    }

    /// Reads the number of a field.
    fn number(&mut self, count: usize, reserved: usize) -> Option<i64> {
        if self.flavour == Flavour::Simple {
            self.rest = self.rest.trim_start_matches([' ', '\t']);
            if reserved > 0 {
                return self.digits(1, count);
            }
            if let Some(rest) = self.rest.strip_prefix('-')
                && rest.starts_with(|c: char| c.is_ascii_digit())
            {
                self.rest = rest;
                return self.digits(1, 18).map(|value| -value);
            }
            return self.digits(1, 18);
        }
        if count > 1 {
            return self.digits(count, count);
        }
        let available = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        self.digits(1, available.saturating_sub(reserved).clamp(1, 18))
    }

    fn year(&mut self, count: usize, reserved: usize) -> Option<i64> {
        let simple = self.flavour == Flavour::Simple;
        if count == 2 {
            let before = self.rest.len();
            let year = self.number(2, reserved)?;
            // Only two digits mean a year of this century or of the end of the last one.
            let two = before - self.rest.trim_start().len() == 2 || before - self.rest.len() == 2;
            return Some(match (simple, two) {
                (true, true) if year > 45 => 1900 + year,
                (_, true) => 2000 + year,
                _ => year,
            });
        }
        if simple {
            return self.number(count, reserved);
        }
        if count >= 4 {
            // More digits than letters need a sign.
            if let Some(rest) = self.rest.strip_prefix('+') {
                self.rest = rest;
                return self.digits(count + 1, 9);
            }
            if let Some(rest) = self.rest.strip_prefix('-') {
                self.rest = rest;
                return self.digits(count, 9).map(|year| -year);
            }
            return self.digits(count, count);
        }
        self.number(1, reserved)
    }

    fn name(&mut self, names: &[&str], full: bool) -> Option<i64> {
        let simple = self.flavour == Flavour::Simple;
        let matches = |text: &str, name: &str| match text.get(..name.len()) {
            Some(head) if simple => head.eq_ignore_ascii_case(name),
            Some(head) => head == name,
            None => false,
        };
        // The simple format takes long and short names, whatever the pattern says.
        for (index, name) in names.iter().enumerate() {
            let forms: &[&str] = if simple { &[name, short(name)] } else { &[if full { name } else { short(name) }] };
            for form in forms {
                if matches(self.rest, form) {
                    self.rest = &self.rest[form.len()..];
                    return Some(index as i64);
                }
            }
        }
        None
    }

    fn field(&mut self, letter: char, count: usize, reserved: usize) -> Option<()> {
        let simple = self.flavour == Flavour::Simple;
        match letter {
            'y' => self.fields.year = Some(self.year(count, reserved)?),
            'u' if !simple => self.fields.year = Some(self.year(count, reserved)?),
            'M' | 'L' if count >= 3 => self.fields.month = Some(self.name(&MONTHS, count == 4)? + 1),
            'M' | 'L' => self.fields.month = Some(self.number(count, reserved)?),
            'd' => self.fields.day = Some(self.number(count, reserved)?),
            'D' => self.fields.day_of_year = Some(self.number(count, reserved)?),
            'H' => self.fields.hour = Some(self.number(count, reserved)?),
            'k' => self.fields.hour = Some(self.number(count, reserved)? % 24),
            'K' => self.fields.hour_of_half = Some(self.number(count, reserved)?),
            'h' => {
                let hour = self.number(count, reserved)?;
                if !simple && !(1..=12).contains(&hour) {
                    return None;
                }
                self.fields.hour_of_half = Some(hour % 12);
            }
            'm' => self.fields.minute = Some(self.number(count, reserved)?),
            's' => self.fields.second = Some(self.number(count, reserved)?),
            // In the simple format milliseconds are a number, not a fraction: .5 is 5 ms.
            'S' if simple => self.fields.nanos = Some(self.number(count, reserved)?.checked_mul(1_000_000)?),
            'S' => {
                let digits = self.digits(count, count)?;
                self.fields.nanos = Some(digits * 10i64.pow(9u32.saturating_sub(count as u32)));
            }
            'A' => self.fields.millis_of_day = Some(self.number(count, reserved)?),
            'n' => self.fields.nanos = Some(self.number(count, reserved)?),
            'a' => {
                let half = self.name(&["AM", "PM"], true)?;
                self.fields.afternoon = Some(half == 1);
            }
            'E' => self.fields.weekday = Some(self.name(&WEEKDAYS, count == 4)? + 1),
            'G' => {
                self.name(&["BC", "AD"], true)?;
            }
            'X' | 'x' | 'Z' | 'z' | 'O' | 'V' => self.fields.offset = Some(self.zone(letter)?),
            // Weeks and quarters alone make no date; what stands there is read over.
            _ => {
                self.number(count, reserved)?;
            }
        }
        Some(())
    }

    /// `Z`, `+01`, `+0100`, `+01:00`, `GMT+01:00`, `UTC`.
    fn zone(&mut self, letter: char) -> Option<i64> {
        if matches!(letter, 'z' | 'O' | 'V') || self.flavour == Flavour::Simple {
            for name in ["GMT", "UTC"] {
                if let Some(rest) = self.rest.strip_prefix(name) {
                    self.rest = rest;
                    if !rest.starts_with(['+', '-']) {
                        return Some(0);
                    }
                }
            }
        }
        if let Some(rest) = self.rest.strip_prefix('Z')
            && letter != 'x'
        {
            self.rest = rest;
            return Some(0);
        }
        let sign = match self.rest.bytes().next()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        self.rest = &self.rest[1..];
        let hours = self.digits(1, 2)?;
        if let Some(rest) = self.rest.strip_prefix(':') {
            self.rest = rest;
        }
        let minutes = self.digits(2, 2).unwrap_or(0);
        (hours <= 18 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
    }
}
