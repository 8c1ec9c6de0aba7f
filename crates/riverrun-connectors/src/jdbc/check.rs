//! Whether the columns of a table of ours can be those of the database's table.

use super::session::{DbColumn, Described, Family, TableRef};
use riverrun_core::suggest::did_you_mean;
use riverrun_core::{DataType, Error, Result, TypeKind};

/// Which way values go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Out of the database.
    Read,
    /// Into it.
    Write,
}

/// Refuses types that no database column holds.
pub fn check_types(table: &TableRef) -> Result<()> {
    fn holds(data_type: &DataType) -> bool {
        use TypeKind::*;
        match &data_type.kind {
            Null | Multiset(_) | Map(..) | Row(_) | Variant | Bitmap | IntervalMonths | IntervalMillis => false,
            Array(element) => holds(element),
            _ => true,
        }
    }
    let wrong: Vec<String> = (table.schema.fields.iter())
        .filter(|field| !holds(&field.data_type))
        .map(|field| format!("`{}` {}", field.name, field.data_type.kind))
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Error::input(format!("table '{}': a database can't hold {}", table.table, wrong.join(", ")))
        .hint("write it as text: JSON_STRING(…), or CAST(… AS STRING)"))
}

/// Refuses a table whose columns are missing or of types that don't go together, naming all of them.
pub fn check(table: &TableRef, described: &Described, columns: &[usize], way: Way) -> Result<()> {
    let (mut missing, mut wrong, mut hint) = (Vec::new(), Vec::new(), None);
    for &index in columns {
        let field = &table.schema.fields[index];
        let Some(column) = described.columns.iter().find(|column| column.name == field.name) else {
            missing.push(format!("`{}`", field.name));
            let names = described.columns.iter().map(|column| column.name.as_str());
            hint = hint.or_else(|| did_you_mean(&field.name, names));
            continue;
        };
        if way == Way::Write && column.computed {
            wrong.push(format!("`{}` is computed by the database", field.name));
        } else if !fits(&field.data_type.kind, column.family, way) {
            wrong.push(format!("`{}` is {} here and {} there", field.name, field.data_type.kind, column.type_name));
            hint = hint.or_else(|| fitting(&field.name, column, way));
        }
    }
    if way == Way::Write {
        let written = |name: &str| columns.iter().any(|&index| table.schema.fields[index].name == name);
        let required = described.columns.iter().filter(|column| column.required && !written(&column.name));
        wrong.extend(required.map(|column| format!("`{}` there needs a value", column.name)));
    }
    let mut reasons = Vec::new();
    if !missing.is_empty() {
        let all: Vec<_> = described.columns.iter().map(|column| column.name.as_str()).collect();
        reasons.push(format!("no {} in it: its columns are {}", missing.join(", "), all.join(", ")));
    }
    reasons.extend(wrong);
    if reasons.is_empty() {
        return Ok(());
    }
    Err(Error::input(format!("the columns of table '{}' are not those of {}", table.table, table.place()))
        .detail(reasons.join("; "))
        .hint_opt(hint))
}

/// Refuses upserts that the database has no unique index for.
pub fn check_key(table: &TableRef, described: &Described) -> Result<()> {
    let mut key: Vec<&str> = table.primary_key.iter().map(|&index| table.schema.fields[index].name.as_str()).collect();
    key.sort_unstable();
    let is_key = |unique: &Vec<String>| {
        let mut unique: Vec<&str> = unique.iter().map(String::as_str).collect();
        unique.sort_unstable();
        unique == key
    };
    if key.is_empty() || described.unique.iter().any(is_key) {
        return Ok(());
    }
    let columns = key.join(", ");
    let index = table.name.rsplit('.').next().unwrap_or_default();
    Err(Error::input(format!("table '{}' has PRIMARY KEY ({columns}), but the database does not know it", table.table))
        .detail(format!("{} has no primary key or unique index of exactly these columns", table.place()))
        .hint(format!("CREATE UNIQUE INDEX {index}_key ON {} ({columns}) in the database", table.name)))
}

/// A type of ours that the column can have.
fn fitting(name: &str, column: &DbColumn, way: Way) -> Option<String> {
    let data_type = match column.family {
        Family::Boolean => "BOOLEAN",
        Family::Integer(2) => "SMALLINT",
        Family::Integer(4) => "INT",
        Family::Integer(_) => "BIGINT",
        Family::Numeric => "DECIMAL(38, 10)",
        Family::Float => "DOUBLE",
        Family::Bytes => "BYTES",
        Family::Date => "DATE",
        Family::Time => "TIME(3)",
        Family::Timestamp => "TIMESTAMP(6)",
        Family::TimestampTz => "TIMESTAMP_LTZ(6)",
        Family::Array => return None,
        Family::Any | Family::Text | Family::Other => "STRING",
    };
    let verb = if way == Way::Read { "declare" } else { "cast to" };
    Some(format!("{verb} `{name}` {data_type}"))
}

fn fits(kind: &TypeKind, family: Family, way: Way) -> bool {
    use TypeKind::*;
    let integer = |bytes: u8| match (family, way) {
        (Family::Integer(there), Way::Read) => there <= bytes.max(2),
        (Family::Integer(there), Way::Write) => there >= bytes,
        (Family::Numeric | Family::Float, Way::Write) => true,
        _ => false,
    };
    match kind {
        _ if family == Family::Any => !matches!(kind, Array(_)),
        Boolean => family == Family::Boolean,
        TinyInt => integer(1),
        SmallInt => integer(2),
        Int => integer(4),
        BigInt => integer(8),
        Decimal { .. } => family == Family::Numeric || (way == Way::Read && matches!(family, Family::Integer(_))),
        Float | Double => match family {
            Family::Float | Family::Numeric => true,
            Family::Integer(_) => way == Way::Read,
            _ => false,
        },
        // The server makes of a text what the column's type makes of it.
        Char(_) | Varchar(_) => true,
        Binary(_) | Varbinary(_) => family == Family::Bytes,
        Date => family == Family::Date,
        Time(_) => family == Family::Time,
        Timestamp { .. } => family == Family::Timestamp,
        TimestampLtz { .. } => family == Family::TimestampTz,
        Array(_) => family == Family::Array,
        _ => false,
    }
}
