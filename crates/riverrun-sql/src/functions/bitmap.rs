//! Sets of integers: BITMAP_BUILD and its kin.
//!
//! A BITMAP is held as its bytes in the portable format of Roaring bitmaps, run containers included, as Flink writes them: equal sets are equal bytes.

use super::array::lists::Lists;
use super::encode::binaries;
use super::kernels::{Accept, Arguments, Column, accept, any_nullable, kernel, mismatch, primitives, try_texts};
use super::{Argument, FunctionDef, Resolved};
use arrow::array::{ArrayRef, AsArray, BinaryArray, BinaryBuilder, Int32Builder, ListBuilder};
use arrow::datatypes::{Int8Type, Int16Type, Int32Type, Int64Type};
use riverrun_core::bitmap::write_bitmap;
use riverrun_core::{DataType, Error, Result, TypeKind};
use roaring::RoaringBitmap;
use std::sync::Arc;

#[cfg(test)]
mod tests;

const BITMAP_BUILD: &str = "BITMAP_BUILD(array)";
const BITMAP_CARDINALITY: &str = "BITMAP_CARDINALITY(bitmap)";
const BITMAP_TO_STRING: &str = "BITMAP_TO_STRING(bitmap)";
const BITMAP_TO_ARRAY: &str = "BITMAP_TO_ARRAY(bitmap)";
const BITMAP_TO_BYTES: &str = "BITMAP_TO_BYTES(bitmap)";
const BITMAP_FROM_BYTES: &str = "BITMAP_FROM_BYTES(bytes)";
const BITMAP_AND: &str = "BITMAP_AND(bitmap, bitmap)";
const BITMAP_OR: &str = "BITMAP_OR(bitmap, bitmap)";
const BITMAP_XOR: &str = "BITMAP_XOR(bitmap, bitmap)";
const BITMAP_ANDNOT: &str = "BITMAP_ANDNOT(bitmap, bitmap)";

/// The functions of this file.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef::new(
        "bitmap",
        "BITMAP_BUILD",
        BITMAP_BUILD,
        "The set of an array's integers, a negative one taken as unsigned; NULLs don't count.",
        |_, arguments| resolve_build(arguments),
    ),
    FunctionDef::new(
        "bitmap",
        "BITMAP_CARDINALITY",
        BITMAP_CARDINALITY,
        "How many integers there are.",
        |_, arguments| resolve_cardinality(arguments),
    ),
    FunctionDef::new("bitmap", "BITMAP_TO_STRING", BITMAP_TO_STRING, "The integers, as {1,2,3}.", |_, arguments| {
        resolve_to_string(arguments)
    }),
    FunctionDef::new(
        "bitmap",
        "BITMAP_TO_ARRAY",
        BITMAP_TO_ARRAY,
        "The integers in unsigned order.",
        |_, arguments| resolve_to_array(arguments),
    ),
    FunctionDef::new(
        "bitmap",
        "BITMAP_TO_BYTES",
        BITMAP_TO_BYTES,
        "The set in the portable format of Roaring bitmaps.",
        |_, arguments| resolve_to_bytes(arguments),
    ),
    FunctionDef::new(
        "bitmap",
        "BITMAP_FROM_BYTES",
        BITMAP_FROM_BYTES,
        "The set that bytes in the portable format of Roaring bitmaps hold; other bytes fail.",
        |_, arguments| resolve_from_bytes(arguments),
    ),
    FunctionDef::new("bitmap", "BITMAP_AND", BITMAP_AND, "The integers of both sets.", |_, arguments| {
        resolve_combination(BITMAP_AND, arguments, |a, b| a & b)
    }),
    FunctionDef::new("bitmap", "BITMAP_OR", BITMAP_OR, "The integers of either set.", |_, arguments| {
        resolve_combination(BITMAP_OR, arguments, |a, b| a | b)
    }),
    FunctionDef::new("bitmap", "BITMAP_XOR", BITMAP_XOR, "The integers of one set but not both.", |_, arguments| {
        resolve_combination(BITMAP_XOR, arguments, |a, b| a ^ b)
    }),
    FunctionDef::new(
        "bitmap",
        "BITMAP_ANDNOT",
        BITMAP_ANDNOT,
        "The integers of the first set only.",
        |_, arguments| resolve_combination(BITMAP_ANDNOT, arguments, |a, b| a - b),
    ),
];

fn read(bytes: &[u8]) -> Result<RoaringBitmap> {
    RoaringBitmap::deserialize_from(bytes)
        .map_err(|error| Error::failure("the bytes are no bitmap").detail(error.to_string()))
}

/// The bytes of a set, in their one form.
fn write(mut set: RoaringBitmap, builder: &mut BinaryBuilder, buffer: &mut Vec<u8>) -> Result<()> {
    set.optimize();
    buffer.clear();
    set.serialize_into(&mut *buffer).map_err(|error| Error::bug(format!("a bitmap: {error}")))?;
    builder.append_value(&buffer);
    Ok(())
}

fn bitmaps(syntax: &str, arguments: &[Argument<'_>], count: usize) -> Result<Vec<DataType>> {
    let fit = arguments.len() == count && arguments.iter().all(|argument| argument.data_type.kind == TypeKind::Bitmap);
    if !fit {
        return Err(mismatch(syntax, arguments));
    }
    Ok(arguments.iter().map(|argument| argument.data_type.clone()).collect())
}

fn resolve_build(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(BITMAP_BUILD, arguments, &[Accept::Array], 1)?;
    match &parameters[0].kind {
        TypeKind::Array(element) if matches!(element.kind, TypeKind::TinyInt | TypeKind::SmallInt | TypeKind::Int) => {}
        _ => return Err(mismatch(BITMAP_BUILD, arguments).hint("the elements are INT")),
    }
    let returns = TypeKind::Bitmap.with_nullable(any_nullable(arguments));
    let compute = kernel(BITMAP_BUILD, |arguments| {
        let lists = Lists::new(arguments, 0)?;
        let values: Box<dyn Fn(usize) -> i32> = match lists.values() {
            values if values.as_primitive_opt::<Int8Type>().is_some() => {
                Box::new(|place| values.as_primitive::<Int8Type>().value(place).into())
            }
            values if values.as_primitive_opt::<Int16Type>().is_some() => {
                Box::new(|place| values.as_primitive::<Int16Type>().value(place).into())
            }
            values => Box::new(|place| values.as_primitive::<Int32Type>().value(place)),
        };
        let (mut builder, mut buffer) = (BinaryBuilder::new(), Vec::new());
        for row in 0..arguments.rows() {
            match lists.range(row) {
                Some(places) => {
                    let set = places.filter(|place| !lists.is_null(*place)).map(|place| values(place) as u32).collect();
                    write(set, &mut builder, &mut buffer)?;
                }
                None => builder.append_null(),
            }
        }
        Ok(Arc::new(builder.finish()))
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_cardinality(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = bitmaps(BITMAP_CARDINALITY, arguments, 1)?;
    let returns = TypeKind::BigInt.with_nullable(any_nullable(arguments));
    let compute = kernel(BITMAP_CARDINALITY, |arguments| {
        let sets = arguments.bytes(0)?;
        let counts = (0..arguments.rows())
            .map(|row| sets.get(row).map(|set| Ok(read(set)?.len() as i64)).transpose())
            .collect::<Result<Vec<_>>>()?;
        Ok(primitives::<Int64Type>(arguments.rows(), |row| counts[row]))
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_to_string(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = bitmaps(BITMAP_TO_STRING, arguments, 1)?;
    let returns = TypeKind::STRING.with_nullable(any_nullable(arguments));
    let compute = kernel(BITMAP_TO_STRING, |arguments| {
        let sets = arguments.bytes(0)?;
        try_texts(arguments.rows(), |row, out| {
            let Some(set) = sets.get(row) else { return Ok(None) };
            write_bitmap(set, out);
            Ok(Some(()))
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_to_array(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = bitmaps(BITMAP_TO_ARRAY, arguments, 1)?;
    let returns = TypeKind::Array(Box::new(TypeKind::Int.nullable())).with_nullable(any_nullable(arguments));
    let compute = kernel(BITMAP_TO_ARRAY, |arguments| {
        let sets = arguments.bytes(0)?;
        let mut builder = ListBuilder::new(Int32Builder::new());
        for row in 0..arguments.rows() {
            match sets.get(row) {
                Some(set) => {
                    read(set)?.into_iter().for_each(|value| builder.values().append_value(value as i32));
                    builder.append(true);
                }
                None => builder.append_null(),
            }
        }
        Ok(Arc::new(builder.finish()))
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_to_bytes(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = bitmaps(BITMAP_TO_BYTES, arguments, 1)?;
    let returns = TypeKind::BYTES.with_nullable(any_nullable(arguments));
    let compute = kernel(BITMAP_TO_BYTES, |arguments| {
        let sets = arguments.bytes(0)?;
        Ok(binaries(arguments.rows(), |row, out| {
            out.extend_from_slice(sets.get(row)?);
            Some(())
        }))
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn resolve_from_bytes(arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept(BITMAP_FROM_BYTES, arguments, &[Accept::Bytes], 1)?;
    let returns = TypeKind::Bitmap.with_nullable(any_nullable(arguments));
    let compute = kernel(BITMAP_FROM_BYTES, |arguments| {
        let bytes = arguments.bytes(0)?;
        each(arguments, |row| bytes.get(row).map(read))
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

type Combine = fn(RoaringBitmap, RoaringBitmap) -> RoaringBitmap;

fn resolve_combination(syntax: &'static str, arguments: &[Argument<'_>], combine: Combine) -> Result<Resolved> {
    let parameters = bitmaps(syntax, arguments, 2)?;
    let returns = TypeKind::Bitmap.with_nullable(any_nullable(arguments));
    let compute = kernel(syntax, move |arguments| {
        let (left, right): (Column<&BinaryArray>, _) = (arguments.bytes(0)?, arguments.bytes(1)?);
        each(arguments, |row| {
            let (left, right) = (left.get(row)?, right.get(row)?);
            Some(read(left).and_then(|left| Ok(combine(left, read(right)?))))
        })
    });
    Ok(Resolved { parameters, returns, kernel: compute })
}

fn each(arguments: &Arguments, mut set: impl FnMut(usize) -> Option<Result<RoaringBitmap>>) -> Result<ArrayRef> {
    let (mut builder, mut buffer) = (BinaryBuilder::new(), Vec::new());
    for row in 0..arguments.rows() {
        match set(row) {
            Some(set) => write(set?, &mut builder, &mut buffer)?,
            None => builder.append_null(),
        }
    }
    Ok(Arc::new(builder.finish()))
}
