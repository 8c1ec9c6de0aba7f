//! Components in text form, for tests.
#![allow(dead_code, reason = "each test takes some of them")]

use std::path::Path;

/// Memory from which arguments are given room: up to what the function has given is taken back after the call.
const ALLOCATOR: &str = r#"
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and
        (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $next (i32.add (local.get $at) (local.get $size)))
      (block $enough (loop $more
        (br_if $enough (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
        (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (unreachable)))
        (br $more)))
      (memory.copy (local.get $at) (local.get $old) (local.get $old-size))
      (local.get $at))
    (func (export "reset") (param i32) (global.set $next (i32.const 1024)))
    ;; A list or a text of the pointer and the length: they are returned by a pointer to both.
    (func $pair (param $at i32) (param $length i32) (result i32)
      (i32.store (i32.const 512) (local.get $at))
      (i32.store (i32.const 516) (local.get $length))
      (i32.const 512))
"#;

/// How a function that takes or gives more than numbers is lifted.
fn lift(core: &str) -> String {
    format!(
        r#"(canon lift (core func $i "{core}") (memory (core memory $i "memory"))
          (realloc (core func $i "realloc")) (post-return (core func $i "reset")))"#
    )
}

/// Writes the components of these tests into a folder.
pub fn write_all(folder: &Path) {
    write(folder, "numbers.wasm", &numbers());
    write(folder, "echoes.wasm", &echoes());
    write(folder, "tables.wasm", &tables());
    write(folder, "aggregates.wasm", &aggregates());
    write(folder, "faults.wasm", &faults());
    write(folder, "large.wasm", &large());
}

/// A component of functions of WebAssembly and of exports, in which `{lift NAME}` stands for the lifted function.
pub fn component(functions: &str, exports: &str) -> String {
    let mut lifted = String::new();
    let mut rest = exports;
    while let Some((before, after)) = rest.split_once("{lift ") {
        let (name, after) = after.split_once('}').unwrap();
        lifted.push_str(before);
        lifted.push_str(&lift(name));
        rest = after;
    }
    lifted.push_str(rest);
    format!("(component (core module $m {ALLOCATOR} {functions}) (core instance $i (instantiate $m)) {lifted})")
}

/// Writes a component as a file of the folder.
pub fn write(folder: &Path, name: &str, text: &str) {
    let bytes = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    std::fs::write(folder.join(name), bytes).unwrap();
}

/// `gcd` of each row; `calls-in-rows` and `calls-in-lists` add to each number how many came with it.
pub fn numbers() -> String {
    component(
        r#"
        (func (export "gcd") (param $a i64) (param $b i64) (result i64)
          (local $rest i64)
          (loop $again
            (if (i64.eqz (local.get $b)) (then (return (local.get $a))))
            (local.set $rest (i64.rem_s (local.get $a) (local.get $b)))
            (local.set $a (local.get $b))
            (local.set $b (local.get $rest))
            (br $again))
          (unreachable))
        (func (export "add-count") (param $at i32) (param $length i32) (result i32)
          (local $row i32)
          (block $done (loop $more
            (br_if $done (i32.ge_u (local.get $row) (local.get $length)))
            (i64.store
              (i32.add (local.get $at) (i32.mul (local.get $row) (i32.const 8)))
              (i64.add
                (i64.load (i32.add (local.get $at) (i32.mul (local.get $row) (i32.const 8))))
                (i64.extend_i32_u (local.get $length))))
            (local.set $row (i32.add (local.get $row) (i32.const 1)))
            (br $more)))
          (call $pair (local.get $at) (local.get $length)))
        ;; One value fewer than came.
        (func (export "too-few") (param $at i32) (param $length i32) (result i32)
          (call $pair (local.get $at) (i32.sub (local.get $length) (i32.const 1))))
        ;; 1000 for NULL.
        (func (export "or-thousand") (param $some i32) (param $x i64) (result i64)
          (select (local.get $x) (i64.const 1000) (local.get $some)))
        ;; NULL for odd numbers: the case of the option is at 512, its value at 520.
        (func (export "even") (param $x i64) (result i32)
          (i32.store8 (i32.const 512) (i64.eqz (i64.and (local.get $x) (i64.const 1))))
          (i64.store (i32.const 520) (local.get $x))
          (i32.const 512))
        ;; "odd" is the error for odd numbers.
        (data (i32.const 600) "it is odd")
        (func (export "half") (param $x i64) (result i32)
          (i32.store8 (i32.const 512) (i32.wrap_i64 (i64.and (local.get $x) (i64.const 1))))
          (i64.store (i32.const 520) (i64.div_s (local.get $x) (i64.const 2)))
          (if (i32.load8_u (i32.const 512)) (then
            (i32.store (i32.const 520) (i32.const 600))
            (i32.store (i32.const 524) (i32.const 9))))
          (i32.const 512))
        (global $count (mut i64) (i64.const 0))
        (func (export "count") (result i64)
          (global.set $count (i64.add (global.get $count) (i64.const 1)))
          (global.get $count))
        "#,
        r#"
        (func (export "gcd") (param "a" s64) (param "b" s64) (result s64) (canon lift (core func $i "gcd")))
        (func (export "add-count") (param "x" (list s64)) (result (list s64)) {lift add-count})
        (func (export "too-few") (param "x" (list s64)) (result (list s64)) {lift too-few})
        (func (export "or-thousand") (param "x" (option s64)) (result s64) (canon lift (core func $i "or-thousand")))
        (func (export "even") (param "x" s64) (result (option s64)) {lift even})
        (func (export "half") (param "x" s64) (result (result s64 (error string))) {lift half})
        (func (export "count") (result s64) (canon lift (core func $i "count")))
        (func $gcd (param "a" s64) (param "b" s64) (result s64) (canon lift (core func $i "gcd")))
        (instance $math (export "gcd" (func $gcd)))
        (export "local:demo/math@0.1.0" (instance $math))
        "#,
    )
}

/// Functions that give what they take, of every type.
pub fn echoes() -> String {
    component(
        r#"
        (func (export "i32") (param $x i32) (result i32) (local.get $x))
        (func (export "i64") (param $x i64) (result i64) (local.get $x))
        (func (export "f32") (param $x f32) (result f32) (local.get $x))
        (func (export "f64") (param $x f64) (result f64) (local.get $x))
        (func (export "list") (param $at i32) (param $length i32) (result i32)
          (call $pair (local.get $at) (local.get $length)))
        (func (export "fields") (param $number i32) (param $some i32) (param $at i32) (param $length i32) (result i32)
          (i32.store (i32.const 512) (local.get $number))
          (i32.store8 (i32.const 516) (local.get $some))
          (i32.store (i32.const 520) (local.get $at))
          (i32.store (i32.const 524) (local.get $length))
          (i32.const 512))
        "#,
        r#"
        (func (export "bool") (param "x" bool) (result bool) (canon lift (core func $i "i32")))
        (func (export "s8") (param "x" s8) (result s8) (canon lift (core func $i "i32")))
        (func (export "s16") (param "x" s16) (result s16) (canon lift (core func $i "i32")))
        (func (export "s32") (param "x" s32) (result s32) (canon lift (core func $i "i32")))
        (func (export "s64") (param "x" s64) (result s64) (canon lift (core func $i "i64")))
        (func (export "f32") (param "x" f32) (result f32) (canon lift (core func $i "f32")))
        (func (export "f64") (param "x" f64) (result f64) (canon lift (core func $i "f64")))
        (func (export "text") (param "x" string) (result string) {lift list})
        (func (export "bytes") (param "x" (list u8)) (result (list u8)) {lift list})
        (func (export "array") (param "x" (list (option s64))) (result (list (option s64))) {lift list})
        (func (export "days") (param "x" (list s32)) (result (list s32)) {lift list})
        (func (export "map") (param "x" (list (tuple string (option s32)))) (result (list (tuple string (option s32)))) {lift list})
        (func (export "pair") (param "x" (tuple s32 (option string))) (result (tuple s32 (option string))) {lift fields})
        (type $fields (record (field "some-number" s32) (field "t" (option string))))
        (export $named "named" (type $fields))
        (func (export "fields") (param "x" $named) (result $named) {lift fields})
        (func (export "texts") (param "x" (list string)) (result (list string)) {lift list})
        (func (export "optional") (param "x" (list (option string))) (result (list (option string))) {lift list})
        "#,
    )
}

/// `squares(n)` gives the numbers below n and their squares, `numbers(n)` the numbers alone; `words` a list for each row.
pub fn tables() -> String {
    component(
        r#"
        (func (export "squares") (param $n i32) (result i32)
          (local $i i32)
          (block $done (loop $more
            (br_if $done (i32.ge_s (local.get $i) (local.get $n)))
            (i32.store (i32.add (i32.const 4096) (i32.mul (local.get $i) (i32.const 8))) (local.get $i))
            (i32.store (i32.add (i32.const 4100) (i32.mul (local.get $i) (i32.const 8)))
              (i32.mul (local.get $i) (local.get $i)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $more)))
          (call $pair (i32.const 4096) (local.get $i)))
        (func (export "numbers") (param $n i32) (result i32)
          (local $i i32)
          (block $done (loop $more
            (br_if $done (i32.ge_s (local.get $i) (local.get $n)))
            (i32.store (i32.add (i32.const 4096) (i32.mul (local.get $i) (i32.const 4))) (local.get $i))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $more)))
          (call $pair (i32.const 4096) (local.get $i)))
        ;; For each of a list of numbers: itself, as often as the list is long.
        (func (export "repeated") (param $at i32) (param $length i32) (result i32)
          (local $row i32) (local $i i32) (local $to i32)
          (local.set $to (i32.const 8192))
          (block $done (loop $more
            (br_if $done (i32.ge_u (local.get $row) (local.get $length)))
            (i32.store (i32.add (i32.const 4096) (i32.mul (local.get $row) (i32.const 8))) (local.get $to))
            (i32.store (i32.add (i32.const 4100) (i32.mul (local.get $row) (i32.const 8))) (local.get $length))
            (local.set $i (i32.const 0))
            (block $filled (loop $next
              (br_if $filled (i32.ge_u (local.get $i) (local.get $length)))
              (i32.store (local.get $to) (i32.load (i32.add (local.get $at) (i32.mul (local.get $row) (i32.const 4)))))
              (local.set $to (i32.add (local.get $to) (i32.const 4)))
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br $next)))
            (local.set $row (i32.add (local.get $row) (i32.const 1)))
            (br $more)))
          (call $pair (i32.const 4096) (local.get $length)))
        "#,
        r#"
        (func (export "squares") (param "n" s32) (result (list (tuple s32 s32))) {lift squares})
        (type $row (record (field "i" s32) (field "square" s32)))
        (export $named "row" (type $row))
        (func (export "named-squares") (param "n" s32) (result (list $named)) {lift squares})
        (func (export "numbers") (param "n" s32) (result (list s32)) {lift numbers})
        (func (export "repeated") (param "n" (list s32)) (result (list (list s32))) {lift repeated})
        "#,
    )
}

/// `tally`: 1,000 times the sum and the count, which can be taken back; `largest`, which takes nothing back; `pairs`, of two
/// arguments of which the second may be NULL.
pub fn aggregates() -> String {
    component(
        r#"
        ;; A state of 16 bytes at 544, sum and count, from the one that came, if any did.
        (func $load (param $state i32) (param $length i32)
          (memory.fill (i32.const 544) (i32.const 0) (i32.const 16))
          (memory.copy (i32.const 544) (local.get $state) (local.get $length)))
        (func $add (param $sum i64) (param $count i64)
          (i64.store (i32.const 544) (i64.add (i64.load (i32.const 544)) (local.get $sum)))
          (i64.store (i32.const 552) (i64.add (i64.load (i32.const 552)) (local.get $count))))
        (func $each (param $at i32) (param $length i32) (param $sign i64)
          (local $row i32)
          (block $done (loop $more
            (br_if $done (i32.ge_u (local.get $row) (local.get $length)))
            (call $add
              (i64.mul (local.get $sign)
                (i64.load32_s (i32.add (local.get $at) (i32.mul (local.get $row) (i32.const 4)))))
              (local.get $sign))
            (local.set $row (i32.add (local.get $row) (i32.const 1)))
            (br $more))))
        (func (export "accumulate") (param $state i32) (param $length i32) (param $at i32) (param $rows i32) (result i32)
          (call $load (local.get $state) (local.get $length))
          (call $each (local.get $at) (local.get $rows) (i64.const 1))
          (call $pair (i32.const 544) (i32.const 16)))
        (func (export "retract") (param $state i32) (param $length i32) (param $at i32) (param $rows i32) (result i32)
          (call $load (local.get $state) (local.get $length))
          (call $each (local.get $at) (local.get $rows) (i64.const -1))
          (call $pair (i32.const 544) (i32.const 16)))
        (func (export "merge") (param $state i32) (param $length i32) (param $other i32) (param $other-length i32) (result i32)
          (call $load (local.get $state) (local.get $length))
          (call $add (i64.load (local.get $other)) (i64.load (i32.add (local.get $other) (i32.const 8))))
          (call $pair (i32.const 544) (i32.const 16)))
        (func (export "value") (param $state i32) (param $length i32) (result i64)
          (call $load (local.get $state) (local.get $length))
          (i64.add (i64.mul (i64.load (i32.const 544)) (i64.const 1000)) (i64.load (i32.const 552))))
        (func (export "largest-accumulate") (param $state i32) (param $length i32) (param $at i32) (param $rows i32) (result i32)
          (local $row i32) (local $x i32)
          (call $load (local.get $state) (local.get $length))
          (block $done (loop $more
            (br_if $done (i32.ge_u (local.get $row) (local.get $rows)))
            (local.set $x (i32.load (i32.add (local.get $at) (i32.mul (local.get $row) (i32.const 4)))))
            (if (i64.gt_s (i64.extend_i32_s (local.get $x)) (i64.load (i32.const 544)))
              (then (i64.store (i32.const 544) (i64.extend_i32_s (local.get $x)))))
            (local.set $row (i32.add (local.get $row) (i32.const 1)))
            (br $more)))
          (call $pair (i32.const 544) (i32.const 8)))
        (func (export "largest-merge") (param $state i32) (param $length i32) (param $other i32) (param $other-length i32) (result i32)
          (call $load (local.get $state) (local.get $length))
          (if (i64.gt_s (i64.load (local.get $other)) (i64.load (i32.const 544)))
            (then (i64.store (i32.const 544) (i64.load (local.get $other)))))
          (call $pair (i32.const 544) (i32.const 8)))
        ;; NULL where there was nothing: the case of the option is at 560, its value at 568.
        (func (export "largest-value") (param $state i32) (param $length i32) (result i32)
          (call $load (local.get $state) (local.get $length))
          (i32.store8 (i32.const 560) (i32.ne (local.get $length) (i32.const 0)))
          (i64.store (i32.const 568) (i64.load (i32.const 544)))
          (i32.const 560))
        ;; Rows of a number, the case of an option, and its value: 12 bytes. An absent value is 100.
        (func (export "pairs-accumulate") (param $state i32) (param $length i32) (param $at i32) (param $rows i32) (result i32)
          (local $row i32) (local $x i32)
          (call $load (local.get $state) (local.get $length))
          (block $done (loop $more
            (br_if $done (i32.ge_u (local.get $row) (local.get $rows)))
            (local.set $x (i32.add (local.get $at) (i32.mul (local.get $row) (i32.const 12))))
            (call $add
              (i64.mul (i64.load32_s (local.get $x))
                (select (i64.load32_s (i32.add (local.get $x) (i32.const 8))) (i64.const 100)
                  (i32.load8_u (i32.add (local.get $x) (i32.const 4)))))
              (i64.const 1))
            (local.set $row (i32.add (local.get $row) (i32.const 1)))
            (br $more)))
          (call $pair (i32.const 544) (i32.const 16)))
        "#,
        r#"
        (func $accumulate (param "state" (list u8)) (param "rows" (list s32)) (result (list u8)) {lift accumulate})
        (func $retract (param "state" (list u8)) (param "rows" (list s32)) (result (list u8)) {lift retract})
        (func $merge (param "state" (list u8)) (param "other" (list u8)) (result (list u8)) {lift merge})
        (func $value (param "state" (list u8)) (result s64)
          (canon lift (core func $i "value") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
        (instance $tally
          (export "accumulate" (func $accumulate)) (export "merge" (func $merge))
          (export "value" (func $value)) (export "retract" (func $retract)))
        (export "tally" (instance $tally))
        (func $largest-accumulate (param "state" (list u8)) (param "rows" (list s32)) (result (list u8)) {lift largest-accumulate})
        (func $largest-merge (param "state" (list u8)) (param "other" (list u8)) (result (list u8)) {lift largest-merge})
        (func $largest-value (param "state" (list u8)) (result (option s64)) {lift largest-value})
        (instance $largest
          (export "accumulate" (func $largest-accumulate)) (export "merge" (func $largest-merge))
          (export "value" (func $largest-value)))
        (export "local:demo/largest@0.1.0" (instance $largest))
        (func $pairs-accumulate (param "state" (list u8)) (param "rows" (list (tuple s32 (option s32)))) (result (list u8)) {lift pairs-accumulate})
        (instance $pairs
          (export "accumulate" (func $pairs-accumulate)) (export "merge" (func $merge)) (export "value" (func $value)))
        (export "pairs" (instance $pairs))
        (instance $half (export "accumulate" (func $accumulate)) (export "value" (func $value)))
        (export "half" (instance $half))
        "#,
    )
}

/// Functions that go wrong.
pub fn faults() -> String {
    let core = r#"
        (import "host" "now" (func $now (result i64)))
        (memory (export "memory") 1)
        (func (export "panics") (param $x i64) (result i64) (unreachable))
        (func (export "divides") (param $x i64) (result i64) (i64.div_s (i64.const 1) (local.get $x)))
        (func (export "spins") (param $x i64) (result i64) (loop $more (br $more)) (unreachable))
        (func (export "reads-clock") (param $x i64) (result i64) (call $now))
        (func $recurses (export "recurses") (param $x i64) (result i64)
          (i64.add (call $recurses (local.get $x)) (i64.const 1)))
        ;; 64 kb for each of x, and a trap where there is no more.
        (func (export "hoards") (param $x i64) (result i64)
          (if (i32.eq (memory.grow (i32.wrap_i64 (local.get $x))) (i32.const -1)) (then (unreachable)))
          (i64.extend_i32_u (memory.size)))
        ;; As much as there is, and no trap.
        (func (export "asks") (param $x i64) (result i64)
          (i64.extend_i32_s (memory.grow (i32.wrap_i64 (local.get $x)))))
        ;; Panics for 3, and counts the calls of this instance.
        (global $calls (mut i64) (i64.const 0))
        (func (export "counts") (param $x i64) (result i64)
          (global.set $calls (i64.add (global.get $calls) (i64.const 1)))
          (if (i64.eq (local.get $x) (i64.const 3)) (then (unreachable)))
          (global.get $calls))"#;
    let names = ["panics", "divides", "spins", "reads-clock", "recurses", "hoards", "asks", "counts"];
    let export = |name: &str| {
        format!(r#"(func (export "{name}") (param "x" s64) (result s64) (canon lift (core func $i "{name}")))"#)
    };
    let exports: String = names.into_iter().map(export).collect();
    format!(
        r#"(component
        (import "wasi:clocks/wall-clock@0.2.0" (instance $clock (export "now" (func (result s64)))))
        (core func $now (canon lower (func $clock "now")))
        (core module $m {core})
        (core instance $i (instantiate $m (with "host" (instance (export "now" (func $now))))))
        {exports})"#
    )
}

/// A component that wants four pages of memory at once.
pub fn large() -> String {
    r#"(component
        (core module $m (memory 4) (func (export "f") (param i64) (result i64) (local.get 0)))
        (core instance $i (instantiate $m))
        (func (export "f") (param "x" s64) (result s64) (canon lift (core func $i "f"))))"#
        .to_owned()
}
