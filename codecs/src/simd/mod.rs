//! Kernels: the few loops over bytes that decide how fast records are read, many bytes at a time.
//!
//! This is the one module of the crate with `unsafe` (D28). The reasons are two: the instructions themselves, which may
//! run only where the processor has them, and writing into the spare room of a vector without setting it to zero first.
//! Every face is safe: a [`Level`] can only be had by asking the processor, and each kernel makes room before it
//! writes. What a kernel gives is what its twin in `scalar` gives, for every input; `tests.rs` holds them together for
//! all lengths, alignments and byte values.
//!
//! Three levels: AVX-512 with VBMI (a whole code page in four registers), AVX2, and plain Rust for every other
//! processor. Kernels know bytes, tables and digits; they know nothing of layouts, pages or faults: where something is
//! not plain they stop, and the caller says what it is.
#![allow(unsafe_code, reason = "D28: see above")]

mod append;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avx512_numbers;
mod form;
mod kernels;
mod moment;
mod packed;
mod pen;
mod scalar;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

pub(crate) use append::{Block, pairs};
pub(crate) use form::{Form, Sign};
pub(crate) use kernels::{Kernels, STOP, Task, Translation};
pub(crate) use moment::Moment;
pub(crate) use packed::{EIGHT, Packed};
pub(crate) use pen::Pen;

/// What this processor can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level(Has);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Has {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Nothing,
}

impl Level {
    /// The best this processor has; asked once.
    #[inline]
    pub(crate) fn best() -> Level {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(|| Level::all().next().unwrap_or(Level(Has::Nothing)))
    }

    /// All this processor has, the best first.
    fn all() -> impl Iterator<Item = Level> {
        [
            #[cfg(target_arch = "x86_64")]
            avx512::is_there().then_some(Level(Has::Avx512)),
            #[cfg(target_arch = "x86_64")]
            avx2::is_there().then_some(Level(Has::Avx2)),
            Some(Level(Has::Nothing)),
        ]
        .into_iter()
        .flatten()
    }

    /// Does a task with the kernels of this level.
    #[inline(always)]
    pub(crate) fn run<T: Task>(self, task: T) -> T::Output {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `all` found every feature that `avx512` is compiled for.
            Has::Avx512 => unsafe { avx512::run(task) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `all` found every feature that `avx2` is compiled for.
            Has::Avx2 => unsafe { avx2::run(task) },
            Has::Nothing => task.run(scalar::Scalar),
        }
    }
}
