//! Finds where a JSON value ends, from brackets and strings alone: no numbers, names or escapes are checked.
//!
//! The state is kept between calls, so a value may come in any number of pieces.
//! Brackets must match, and one may only open where a value can begin: that is what shows a line that was cut short.

use memchr::{memchr3, memrchr};

use super::Break;

/// How deep brackets may nest: `serde_json`'s own limit, and so no loss.
pub(super) const MAX_DEPTH: usize = 128;

/// The brackets that are open, and whether the text is inside a string.
#[derive(Debug, Default)]
pub(super) struct Structure {
    depth: usize,
    /// One bit for each open bracket, the innermost lowest: set for `[`. Brackets past `MAX_DEPTH` are only counted.
    lists: u128,
    in_string: bool,
    too_deep: bool,
}

/// Why [`Structure::scan`] stopped, with the index of the byte to go on with.
#[derive(Debug)]
pub(super) enum Step {
    /// The text ran out.
    More(usize),
    /// The value is complete.
    End(usize),
    /// A list of records opened, see [`Structure::scan`].
    List(usize),
    /// The text cannot be right; the index is that of the byte that shows it.
    Broken(usize, Break),
}

impl Structure {
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// Whether a bracket nested too deeply to be checked since this was last asked.
    pub(super) fn take_too_deep(&mut self) -> bool {
        std::mem::take(&mut self.too_deep)
    }

    /// Opens an object without a scan.
    pub(super) fn open_object(&mut self) {
        self.open(false);
    }

    /// Opens a list without a scan.
    pub(super) fn open_list(&mut self) {
        self.open(true);
    }

    /// Closes the innermost bracket without a scan.
    pub(super) fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth < MAX_DEPTH {
            self.lists >>= 1;
        }
    }

    fn open(&mut self, list: bool) {
        if self.depth < MAX_DEPTH {
            self.lists = self.lists << 1 | u128::from(list);
        } else {
            self.too_deep = true;
        }
        self.depth += 1;
    }

    /// Whether the innermost bracket is `[`; unknown if it is too deep.
    fn in_list(&self) -> Option<bool> {
        (self.depth <= MAX_DEPTH).then_some(self.lists & 1 == 1)
    }

    /// Scans `text` from `at` to the end of the value that began at depth `floor`.
    ///
    /// `text` must still hold what precedes `at`. If `documents` is set, a list that is the value of `Records` or `Events` on
    /// the first level of the value stops the scan.
    pub(super) fn scan(
        &mut self,
        text: &[u8],
        mut at: usize,
        floor: usize,
        documents: bool,
    ) -> Step {
        loop {
            if let Some(step) = self.scan_blocks(text, &mut at, floor, documents) {
                return step;
            }
            if self.in_string {
                match string_end(text, at) {
                    Ok(end) => at = end,
                    Err(step) => return step,
                }
                self.in_string = false;
                if self.depth == floor {
                    return Step::End(at);
                }
            }
            let Some((index, byte)) = next_structural(text, at) else {
                return Step::More(text.len());
            };
            at = index + 1;
            if byte == b'"' {
                self.in_string = true;
            } else if let Some(step) = self.bracket(text, index, byte, floor, documents) {
                return step;
            }
        }
    }

    /// Scans whole blocks, from `at` up to one with an escape or a break in a string, which is left for a closer look.
    fn scan_blocks(
        &mut self,
        text: &[u8],
        at: &mut usize,
        floor: usize,
        documents: bool,
    ) -> Option<Step> {
        // A string that is the value itself ends it; the closer look sees to that.
        while self.depth > floor {
            let block = text.get(*at..)?.first_chunk::<BLOCK>()?;
            let quotes = bits(block, |byte| byte == b'"');
            let inside = fill_between(quotes) ^ if self.in_string { u64::MAX } else { 0 };
            let odd = bits(block, |byte| byte == b'\\' || byte == b'\n');
            if odd & inside != 0 {
                return None;
            }
            // The brackets differ from the braces in one bit.
            let mut brackets = bits(block, |byte| matches!(byte | 0x20, b'{' | b'}')) & !inside;
            while brackets != 0 {
                let index = *at + brackets.trailing_zeros() as usize;
                let byte = *text.get(index)?;
                if let Some(step) = self.bracket(text, index, byte, floor, documents) {
                    self.in_string = false;
                    return Some(step);
                }
                brackets &= brackets - 1;
            }
            self.in_string ^= quotes.count_ones() % 2 == 1;
            *at += BLOCK;
        }
        None
    }

    /// Takes one bracket outside of strings; some if that stops the scan.
    fn bracket(
        &mut self,
        text: &[u8],
        index: usize,
        byte: u8,
        floor: usize,
        documents: bool,
    ) -> Option<Step> {
        let list = matches!(byte, b'[' | b']');
        if matches!(byte, b'{' | b'[') {
            if self.depth > floor && !self.may_open(text, index) {
                return Some(Step::Broken(index, Break::Opener));
            }
            let first_level = self.depth == floor + 1;
            self.open(list);
            let stops = documents && list && first_level && names_records(text, index);
            stops.then_some(Step::List(index + 1))
        } else {
            if self.in_list().is_some_and(|open| open != list) {
                return Some(Step::Broken(index, Break::Closer));
            }
            self.close();
            (self.depth <= floor).then_some(Step::End(index + 1))
        }
    }

    /// Whether a value can begin at `index`, going by the byte before it.
    fn may_open(&self, text: &[u8], index: usize) -> bool {
        let before = text.get(..index).unwrap_or_default().trim_ascii_end();
        match (before.last(), self.in_list()) {
            // A record over the limit whose text was dropped, or one nested too deeply: it is not read anyway.
            (None, _) | (_, None) => true,
            (Some(byte), Some(true)) => matches!(byte, b'[' | b','),
            (Some(byte), Some(false)) => *byte == b':',
        }
    }
}

/// How many bytes are looked at together.
const BLOCK: usize = 64;

/// One bit for each byte of the block, the first one lowest: set where the test holds.
fn bits(block: &[u8; BLOCK], test: impl Fn(u8) -> bool) -> u64 {
    let mut ones = [0; BLOCK];
    for (one, byte) in ones.iter_mut().zip(block) {
        *one = u8::from(test(*byte));
    }
    // The compiler does the loop above with vector instructions; the product gathers the lowest bits of eight bytes in one.
    let mut bits = 0;
    for (index, eight) in ones.as_chunks::<8>().0.iter().enumerate() {
        let eight = u64::from_le_bytes(*eight);
        bits |= (eight.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * index);
    }
    bits
}

/// Sets the bits from each odd bit that is set up to the next one: the inside of strings, for the bits of quotes.
fn fill_between(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

/// The index behind the string's closing quote, for text that is inside a string at `at`.
fn string_end(text: &[u8], mut at: usize) -> Result<usize, Step> {
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(found) = string_stop(rest) else {
            return Err(Step::More(text.len()));
        };
        let index = at + found;
        match (rest.get(found), rest.get(found + 1)) {
            (Some(b'"'), _) => return Ok(index + 1),
            (Some(b'\n'), _) => return Err(Step::Broken(index, Break::LineFeed)),
            // A backslash at the end waits for the byte that it escapes.
            (_, None) => return Err(Step::More(index)),
            (_, Some(b'\n')) => return Err(Step::Broken(index + 1, Break::LineFeed)),
            (_, Some(_)) => at = index + 2,
        }
    }
}

/// The first byte that matters inside a string. Most strings are short, and a search has a price to start.
fn string_stop(text: &[u8]) -> Option<usize> {
    const SHORT: usize = 16;
    let short = text.get(..SHORT).unwrap_or(text);
    let stop = short
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\' | b'\n'));
    stop.or_else(|| Some(SHORT + memchr3(b'"', b'\\', b'\n', text.get(SHORT..)?)?))
}

/// The first byte from `at` that matters outside of strings.
fn next_structural(text: &[u8], at: usize) -> Option<(usize, u8)> {
    let rest = text.get(at..)?;
    let found = rest
        .iter()
        .position(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'))?;
    Some((at + found, *rest.get(found)?))
}

/// Whether the value at `index` belongs to the name `Records` or `Events`.
fn names_records(text: &[u8], index: usize) -> bool {
    let before = text.get(..index).unwrap_or_default().trim_ascii_end();
    let Some(name) = before.strip_suffix(b":").map(<[u8]>::trim_ascii_end) else {
        return false;
    };
    let Some(name) = name.strip_suffix(b"\"") else {
        return false;
    };
    // INVARIANT: a quote inside a name follows a backslash, so a quote after a blank, brace or comma opens the name.
    let Some(quote) = memrchr(b'"', name) else {
        return false;
    };
    let (before, name) = name.split_at_checked(quote).unwrap_or_default();
    matches!(name, b"\"Records" | b"\"Events")
        && matches!(
            before.last(),
            Some(b'{' | b',' | b' ' | b'\t' | b'\r' | b'\n')
        )
}
