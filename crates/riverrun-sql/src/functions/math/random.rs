//! RAND, RAND_INTEGER, UUID.
//!
//! With a seed they give the numbers of Java's `java.util.Random`, so that a pipeline gives the same rows as in Flink: a constant seed
//! starts one sequence over the rows, a seed from a column starts one for each row.

use crate::functions::kernels::{Accept, Arguments, accept, any_nullable, mismatch};
use crate::functions::{Argument, FunctionContext, FunctionDef, Kernel, Resolved};
use arrow::array::{ArrayRef, Float64Array, Int32Array, StringArray};
use datafusion_common::ScalarValue;
use datafusion_expr::ColumnarValue;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use riverrun_core::{Error, Result, TypeKind};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

/// The functions.
pub const FUNCTIONS: &[FunctionDef] = &[
    FunctionDef {
        name: "RAND",
        aliases: &[],
        group: "math",
        syntax: "RAND([seed])",
        doc: "A random DOUBLE of at least 0 and below 1",
        deterministic: false,
        resolve: rand,
    },
    FunctionDef {
        name: "RAND_INTEGER",
        aliases: &[],
        group: "math",
        syntax: "RAND_INTEGER([seed,] bound)",
        doc: "A random INT of at least 0 and below the bound",
        deterministic: false,
        resolve: rand_integer,
    },
    FunctionDef {
        name: "UUID",
        aliases: &[],
        group: "math",
        syntax: "UUID()",
        doc: "A random identifier: a version 4 UUID",
        deterministic: false,
        resolve: uuid,
    },
];

/// `java.util.Random`: a linear congruential generator of 48 bits.
#[derive(Clone, Debug)]
struct JavaRandom(u64);

impl JavaRandom {
    const MULTIPLIER: u64 = 0x5_DEEC_E66D;
    const MASK: u64 = (1 << 48) - 1;

    fn new(seed: i64) -> Self {
        JavaRandom((seed as u64 ^ Self::MULTIPLIER) & Self::MASK)
    }

    fn next(&mut self, bits: u32) -> i32 {
        self.0 = self.0.wrapping_mul(Self::MULTIPLIER).wrapping_add(0xB) & Self::MASK;
        (self.0 >> (48 - bits)) as i32
    }

    fn next_double(&mut self) -> f64 {
        let high = i64::from(self.next(26)) << 27;
        (high + i64::from(self.next(27))) as f64 / (1u64 << 53) as f64
    }

    fn next_int(&mut self, bound: i32) -> Result<i32> {
        if bound <= 0 {
            return Err(
                Error::failure("bound must be positive").detail(format!("the bound of RAND_INTEGER is {bound}"))
            );
        }
        let mut bits = self.next(31);
        if bound & (bound - 1) == 0 {
            return Ok(((i64::from(bound) * i64::from(bits)) >> 31) as i32);
        }
        // Numbers above the last multiple of the bound would favour the small ones.
        loop {
            let value = bits % bound;
            if bits.wrapping_sub(value).wrapping_add(bound - 1) >= 0 {
                return Ok(value);
            }
            bits = self.next(31);
        }
    }
}

/// Random bytes from the operating system, by way of the seed that the standard library gives its hash maps.
fn entropy() -> [u8; 32] {
    let mut seed = [0; 32];
    for (index, part) in seed.chunks_exact_mut(8).enumerate() {
        part.copy_from_slice(&RandomState::new().hash_one(index).to_le_bytes());
    }
    seed
}

/// Where a call's random numbers come from.
enum Source {
    /// One sequence over all rows.
    Sequence(Mutex<JavaRandom>),
    /// A sequence for each row, begun by the seed in the first argument.
    Seeded,
}

impl Source {
    /// The source of a call whose seed, if any, is this argument.
    fn of(seed: Option<&Argument<'_>>) -> Source {
        match seed.map(|seed| seed.literal) {
            None => {
                let [a, b, c, d, e, f, g, h, ..] = entropy();
                Source::Sequence(Mutex::new(JavaRandom::new(i64::from_le_bytes([a, b, c, d, e, f, g, h]))))
            }
            Some(Some(ScalarValue::Int32(Some(seed)))) => Source::Sequence(Mutex::new(JavaRandom::new((*seed).into()))),
            Some(_) => Source::Seeded,
        }
    }
}

/// A kernel that is asked for every row, though its arguments are constants.
struct PerRow<F> {
    name: &'static str,
    compute: F,
}

impl<F> fmt::Debug for PerRow<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<F> Kernel for PerRow<F>
where
    F: Fn(&Arguments) -> Result<ArrayRef> + Send + Sync,
{
    fn invoke(&self, arguments: &[ColumnarValue], rows: usize) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Array((self.compute)(&Arguments::new(arguments, rows)?)?))
    }
}

fn per_row(
    name: &'static str,
    compute: impl Fn(&Arguments) -> Result<ArrayRef> + Send + Sync + 'static,
) -> Arc<dyn Kernel> {
    Arc::new(PerRow { name, compute })
}

fn rand(_: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    let parameters = accept("RAND([seed])", arguments, &[Accept::Int], 0)?;
    let source = Source::of(arguments.first());
    Ok(Resolved {
        parameters,
        returns: TypeKind::Double.with_nullable(any_nullable(arguments)),
        kernel: per_row("RAND", move |arguments| {
            let rows = arguments.rows();
            let numbers: Float64Array = match &source {
                Source::Sequence(random) => {
                    let mut random = random.lock().unwrap_or_else(PoisonError::into_inner);
                    (0..rows).map(|_| random.next_double()).collect::<Vec<_>>().into()
                }
                Source::Seeded => {
                    let seeds = arguments.int(0)?;
                    (0..rows).map(|row| seeds.get(row).map(|seed| JavaRandom::new(seed.into()).next_double())).collect()
                }
            };
            Ok(Arc::new(numbers))
        }),
    })
}

fn rand_integer(_: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    const SYNTAX: &str = "RAND_INTEGER([seed,] bound)";
    let parameters = accept(SYNTAX, arguments, &[Accept::Int, Accept::Int], 1)?;
    let seed = if arguments.len() == 2 { arguments.first() } else { None };
    let source = Source::of(seed);
    Ok(Resolved {
        parameters,
        returns: TypeKind::Int.with_nullable(any_nullable(arguments)),
        kernel: per_row("RAND_INTEGER", move |arguments| {
            let rows = arguments.rows();
            let bounds = arguments.int(arguments.len() - 1)?;
            let numbers: Int32Array = match &source {
                Source::Sequence(random) => {
                    let mut random = random.lock().unwrap_or_else(PoisonError::into_inner);
                    (0..rows)
                        .map(|row| bounds.get(row).map(|bound| random.next_int(bound)).transpose())
                        .collect::<Result<_>>()?
                }
                Source::Seeded => {
                    let seeds = arguments.int(0)?;
                    (0..rows)
                        .map(|row| match (seeds.get(row), bounds.get(row)) {
                            (Some(seed), Some(bound)) => JavaRandom::new(seed.into()).next_int(bound).map(Some),
                            _ => Ok(None),
                        })
                        .collect::<Result<_>>()?
                }
            };
            Ok(Arc::new(numbers))
        }),
    })
}

fn uuid(_: &FunctionContext, arguments: &[Argument<'_>]) -> Result<Resolved> {
    if !arguments.is_empty() {
        return Err(mismatch("UUID()", arguments));
    }
    let random = Mutex::new(StdRng::from_seed(entropy()));
    Ok(Resolved {
        parameters: Vec::new(),
        returns: TypeKind::Char(36).not_null(),
        kernel: per_row("UUID", move |arguments| {
            let mut random = random.lock().unwrap_or_else(PoisonError::into_inner);
            let texts = (0..arguments.rows()).map(|_| {
                let mut bytes = [0; 16];
                random.fill_bytes(&mut bytes);
                uuid_text(bytes)
            });
            Ok(Arc::new(StringArray::from_iter_values(texts)))
        }),
    })
}

/// A version 4 UUID of these random bytes.
fn uuid_text(bytes: [u8; 16]) -> String {
    const VERSION_4: u128 = 0x4000 << 64;
    const VARIANT: u128 = 0x8000 << 48;
    let bits = u128::from_be_bytes(bytes) & !((0xF000 << 64) | (0xC000 << 48)) | VERSION_4 | VARIANT;
    let hex = format!("{bits:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_javas() {
        assert_eq!(JavaRandom::new(42).next_double(), 0.7275636800328681);
        assert_eq!(JavaRandom::new(7).next_double(), 0.7306990420600421);
        assert_eq!(JavaRandom::new(-5).next_double(), 0.26930095796932485);
        assert_eq!(JavaRandom::new(10).next_int(100).unwrap(), 13);
        assert_eq!(JavaRandom::new(1).next_int(16).unwrap(), 11);
        assert_eq!(JavaRandom::new(123).next_int(1_000_000).unwrap(), 4782);
        assert!(JavaRandom::new(5).next_int(-3).is_err());
    }

    #[test]
    fn uuids_are_of_version_4() {
        assert_eq!(uuid_text([0xFF; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid_text([0; 16]), "00000000-0000-4000-8000-000000000000");
    }

    #[test]
    fn a_constant_seed_starts_one_sequence_over_the_rows() {
        let int = TypeKind::Int.not_null();
        let seed = ScalarValue::from(7);
        let context = FunctionContext::new(chrono_tz::UTC, Arc::new(riverrun_core::SystemClock));
        let resolved = rand(&context, &[Argument { data_type: &int, literal: Some(&seed) }]).unwrap();
        let result = resolved.kernel.invoke(&[ColumnarValue::Scalar(seed)], 2).unwrap().into_array(2).unwrap();
        let numbers: &Float64Array = arrow::array::AsArray::as_primitive(&result);
        assert_eq!(numbers.value(0), 0.7306990420600421);
        assert_ne!(numbers.value(0), numbers.value(1));
    }
}
