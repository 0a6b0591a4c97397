//! Inflates gzip: in one go where that is safe and exact, else as a stream that keeps what comes before any damage.

use std::io::{self, BufRead};

use flate2::{Decompress, FlushDecompress, Status};
use memchr::memmem;

use super::ProblemKind;

/// The two bytes that every gzip member begins with.
pub(super) const MAGIC: &[u8] = &[0x1F, 0x8B];

/// Compressed files up to this size are read whole, and inflated in one go if the result is no larger either.
///
/// Each thread holds that much twice at most. CloudTrail's files are far smaller.
pub(super) const ONE_SHOT: usize = 64 << 20;

/// Deflate cannot make more than this many bytes of one.
const MAX_RATIO: usize = 1032;

/// Inflates whole files into a buffer that is used again.
pub(super) struct OneShot {
    decompressor: libdeflater::Decompressor,
    output: Vec<u8>,
}

impl OneShot {
    pub(super) fn new() -> Self {
        Self {
            decompressor: libdeflater::Decompressor::new(),
            output: Vec::new(),
        }
    }

    /// The content of a file of one undamaged member, or nothing if the file is not exactly that or inflates to over `limit`.
    ///
    /// libdeflate stops behind the first member without a word about what follows. A further member would have to begin
    /// with a header, of which there is none, and other data would have to end in the very length of the first to be missed.
    pub(super) fn inflate(&mut self, data: &[u8], limit: u64) -> Option<&[u8]> {
        let (header, rest) = data.split_at_checked(3)?;
        if memmem::find(rest, header).is_some() {
            return None;
        }
        let length = usize::try_from(u32::from_le_bytes(*data.last_chunk()?)).ok()?;
        let most = data.len().saturating_mul(MAX_RATIO).min(ONE_SHOT);
        if length > most || length as u64 > limit {
            return None;
        }
        if self.output.len() < length {
            self.output.resize(length, 0);
        }
        let output = self.output.get_mut(..length)?;
        let inflated = self.decompressor.gzip_decompress(data, output).ok()?;
        (inflated == length).then_some(output)
    }
}

/// Inflates any number of members, piece by piece.
pub(super) struct Stream<R> {
    input: R,
    /// None between members.
    member: Option<Decompress>,
    /// Compressed bytes used.
    used: u64,
}

impl<R: BufRead> Stream<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            member: None,
            used: 0,
        }
    }

    /// Appends to `output` until its capacity is used up or the data ends; what was inflated before an error is kept.
    pub(super) fn fill(&mut self, output: &mut Vec<u8>) -> Result<(), ProblemKind> {
        while output.len() < output.capacity() {
            let input = match self.input.fill_buf() {
                Ok(input) => input,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(ProblemKind::Read(error)),
            };
            let member = match (&mut self.member, input.first()) {
                (None, None) => return Ok(()),
                (Some(_), None) => return Err(ProblemKind::GzipTruncated),
                (None, Some(first)) if !MAGIC.starts_with(&[*first]) => {
                    return Err(ProblemKind::GzipTrailing { at: self.used });
                }
                (member, Some(_)) => member.get_or_insert_with(|| Decompress::new_gzip(15)),
            };
            let before = (member.total_in(), member.total_out());
            let status = member.decompress_vec(input, output, FlushDecompress::None);
            let used = member.total_in() - before.0;
            let stuck = (member.total_in(), member.total_out()) == before;
            self.used += used;
            self.input
                .consume(usize::try_from(used).unwrap_or(usize::MAX));
            match status.map_err(ProblemKind::GzipDamaged)? {
                Status::StreamEnd => self.member = None,
                // Cannot be, with input at hand and room for output, and would never end.
                _ if stuck => return Err(ProblemKind::GzipTruncated),
                Status::Ok | Status::BufError => {}
            }
        }
        Ok(())
    }
}
