//! Cuts a stream of bytes into JSON objects: one, many, one per line, in a list, or in the `Records` of a document.
//!
//! Only the object in progress is held. After a break, reading goes on at the next line that begins like a record, even if
//! the broken text had swallowed that line. What the objects mean is left to `classify`.

mod lost;
#[cfg(test)]
mod tests;

use lost::Lost;
use memchr::memchr_iter;

use super::structure::{MAX_DEPTH, Step, Structure};
use super::{Break, Position, ProblemKind};

/// What is kept of text that was dealt with: enough to see the name and colon before a bracket.
const LOOKBACK: usize = 64;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What a [`Splitter`] finds.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// The bytes of one object.
    Object(Position, &'a [u8]),
    /// Text that is no object.
    Problem(Position, ProblemKind),
}

/// How a stream came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// All of it was read.
    Complete,
    /// The reader gave up and has said so: a record cut short by that is no problem of its own.
    Cut,
}

/// The splitter; see the head of the file.
#[derive(Debug)]
pub(super) struct Splitter {
    max_record: usize,
    /// The text from the start of the object in progress, or from shortly before `at`.
    buffer: Vec<u8>,
    /// Offset of the buffer's first byte in the stream.
    base: u64,
    /// Index of the next byte to look at.
    at: usize,
    /// The line of the byte at offset `counted`.
    line: u64,
    counted: u64,
    /// Objects and broken ones so far.
    records: u64,
    structure: Structure,
    mode: Mode,
    /// After a break the end of its list may be left over, which says nothing new.
    recovered: bool,
    blank: bool,
}

#[derive(Debug, Clone, Copy)]
enum Mode {
    /// Between values, at the top level or in a list of records.
    Between(Before),
    /// Inside a value.
    Value(Value),
    /// Inside a number or word in a list of records.
    Word(Position),
    /// After a break, looking for a line to go on with.
    Lost(Lost),
}

/// What went before, in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Bracket,
    Value,
    Comma,
}

#[derive(Debug, Clone, Copy)]
struct Value {
    position: Position,
    /// The depth outside of the value.
    floor: usize,
    role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// An object to hand on, unless it turns out to be a document.
    Object,
    /// A string or list in a list of records.
    NotAnObject,
    /// What follows the list of records in its document.
    Document,
}

/// Whether there is more to do with the text at hand.
#[derive(PartialEq, Eq)]
enum Flow {
    Continue,
    Wait,
}

type Out<'a> = &'a mut dyn FnMut(Piece<'_>);

impl Splitter {
    /// A splitter for one stream that hands on objects of up to `max_record` bytes.
    pub(super) fn new(max_record: usize) -> Self {
        Self {
            max_record,
            buffer: Vec::new(),
            base: 0,
            at: 0,
            line: 1,
            counted: 0,
            records: 0,
            structure: Structure::default(),
            mode: Mode::Between(Before::Bracket),
            recovered: false,
            blank: true,
        }
    }

    /// Whether nothing but blanks has come so far.
    pub(super) fn is_blank(&self) -> bool {
        self.blank
    }

    /// Where the value in progress began, or the next one would begin.
    pub(super) fn position(&mut self) -> Position {
        match self.mode {
            Mode::Value(Value { position, .. }) | Mode::Word(position) => position,
            Mode::Between(_) | Mode::Lost(_) => self.position_at(self.at),
        }
    }

    /// Takes the next bytes of the stream.
    pub(super) fn feed(&mut self, chunk: &[u8], out: Out<'_>) {
        self.buffer.extend_from_slice(chunk);
        self.run(out);
        self.discard();
    }

    /// Takes the end of the stream.
    pub(super) fn finish(&mut self, end: End, out: Out<'_>) {
        loop {
            self.run(out);
            let (cause, position) = match self.mode {
                // The unfinished value may have swallowed good lines: look at them again.
                Mode::Value(value) => {
                    self.lose_value(value, self.buffer.len(), Break::End);
                    continue;
                }
                Mode::Lost(lost) => {
                    if end == End::Complete || lost.cause != Break::End {
                        out(lost.report(None));
                    }
                    return;
                }
                Mode::Word(position) => (Break::EndOfList, position),
                Mode::Between(_) if self.structure.depth() > 0 => {
                    (Break::EndOfList, self.position_at(self.at))
                }
                Mode::Between(_) if self.at < self.buffer.len() => {
                    (Break::NotJson, self.position_at(self.at))
                }
                Mode::Between(_) => return,
            };
            if end == End::Complete || cause == Break::NotJson {
                let at = self.offset(self.buffer.len());
                out(Lost {
                    position,
                    cause,
                    at,
                }
                .report(None));
            }
            return;
        }
    }

    fn run(&mut self, out: Out<'_>) {
        loop {
            let flow = match self.mode {
                Mode::Between(before) => self.between(before, out),
                Mode::Value(value) => self.value(value, out),
                Mode::Word(position) => self.word(position, out),
                Mode::Lost(lost) => self.find_line(lost, out),
            };
            if flow == Flow::Wait {
                return;
            }
        }
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    fn between(&mut self, before: Before, out: Out<'_>) -> Flow {
        let Some(blanks) = self.rest().iter().position(|byte| !is_blank(*byte)) else {
            self.at = self.buffer.len();
            return Flow::Wait;
        };
        self.at += blanks;
        let Some(&byte) = self.rest().first() else {
            return Flow::Wait;
        };
        self.blank &= self.rest().starts_with(BYTE_ORDER_MARK);
        let in_list = self.structure.depth() > 0;
        match (byte, in_list) {
            // A line of its own: the list before it was cut short.
            (b'{' | b'[', true)
                if self.at_line_start() && (byte == b'[' || before == Before::Value) =>
            {
                let position = self.position_at(self.at);
                self.leave_list(position, out);
                self.mode = Mode::Between(Before::Bracket);
            }
            (b'{', _) => self.begin(Role::Object, before, out),
            (b'[' | b'"', true) => self.begin(Role::NotAnObject, before, out),
            (b'[', false) => {
                self.structure.open_list();
                self.at += 1;
                self.mode = Mode::Between(Before::Bracket);
            }
            (b',', true) => {
                if before != Before::Value {
                    self.report_comma(out);
                }
                self.at += 1;
                self.mode = Mode::Between(Before::Comma);
            }
            (b']', true) => self.close_list(before, out),
            (b'}' | b':', true) => self.lose(Break::Closer),
            (_, true) => {
                self.check_comma(before, out);
                self.mode = Mode::Word(self.position_at(self.at));
            }
            (b',' | b']' | b'}', false) if self.recovered => self.at += 1,
            (0xEF, false) if self.rest().starts_with(BYTE_ORDER_MARK) => {
                self.at += BYTE_ORDER_MARK.len();
            }
            (0xEF, false) if BYTE_ORDER_MARK.starts_with(self.rest()) => return Flow::Wait,
            (_, false) => self.lose(Break::NotJson),
        }
        Flow::Continue
    }

    fn begin(&mut self, role: Role, before: Before, out: Out<'_>) {
        self.check_comma(before, out);
        self.mode = Mode::Value(Value {
            position: self.position_at(self.at),
            floor: self.structure.depth(),
            role,
        });
    }

    /// Reports a value that follows another one without a comma, in a list.
    fn check_comma(&mut self, before: Before, out: Out<'_>) {
        if self.structure.depth() > 0 && before == Before::Value {
            self.report_comma(out);
        }
    }

    fn at_line_start(&self) -> bool {
        let before = self
            .at
            .checked_sub(1)
            .and_then(|index| self.buffer.get(index));
        before.is_none_or(|byte| *byte == b'\n')
    }

    fn report_comma(&mut self, out: Out<'_>) {
        let at = self.offset(self.at);
        out(Piece::Problem(
            self.position_at(self.at),
            ProblemKind::Comma { at },
        ));
    }

    fn close_list(&mut self, before: Before, out: Out<'_>) {
        if before == Before::Comma {
            self.report_comma(out);
        }
        let position = self.position_at(self.at);
        self.structure.close();
        self.at += 1;
        // A list of records is the top-level one (itself outside of everything) or stands in a document, which goes on.
        self.mode = match self.structure.depth().checked_sub(1) {
            None => Mode::Between(Before::Value),
            Some(floor) => Mode::Value(Value {
                position,
                floor,
                role: Role::Document,
            }),
        };
    }

    fn value(&mut self, value: Value, out: Out<'_>) -> Flow {
        let documents = value.role != Role::NotAnObject;
        match self
            .structure
            .scan(&self.buffer, self.at, value.floor, documents)
        {
            Step::More(at) => {
                self.at = at;
                return Flow::Wait;
            }
            Step::End(at) => {
                self.at = at;
                self.end_value(value, out);
            }
            Step::List(at) => {
                self.at = at;
                self.structure.take_too_deep();
                // Documents stand at the top level or in the top-level list, not in each other: one was cut short.
                if value.floor > 1 {
                    self.leave_list(value.position, out);
                    self.structure.open_object();
                    self.structure.open_list();
                }
                self.mode = Mode::Between(Before::Bracket);
            }
            Step::Broken(at, cause) => self.lose_value(value, at, cause),
        }
        Flow::Continue
    }

    fn end_value(&mut self, value: Value, out: Out<'_>) {
        self.mode = Mode::Between(Before::Value);
        let too_deep = self.structure.take_too_deep();
        if value.role == Role::Document {
            return;
        }
        self.records += 1;
        let start = self.index(value.position.byte);
        let piece = if value.role == Role::NotAnObject {
            Piece::Problem(value.position, ProblemKind::NotAnObject)
        } else if self.is_too_long(value, self.at) {
            let limit = self.max_record;
            Piece::Problem(value.position, ProblemKind::TooLong { limit })
        } else if too_deep {
            let limit = MAX_DEPTH;
            Piece::Problem(value.position, ProblemKind::TooDeep { limit })
        } else {
            let json = self.buffer.get(start..self.at).unwrap_or_default();
            Piece::Object(value.position, json)
        };
        out(piece);
    }

    fn word(&mut self, position: Position, out: Out<'_>) -> Flow {
        let ends =
            |byte: &u8| is_blank(*byte) || matches!(byte, b',' | b'[' | b']' | b'{' | b'}' | b'"');
        let Some(length) = self.rest().iter().position(ends) else {
            self.at = self.buffer.len();
            return Flow::Wait;
        };
        self.at += length;
        self.records += 1;
        self.mode = Mode::Between(Before::Value);
        out(Piece::Problem(position, ProblemKind::NotAnObject));
        Flow::Continue
    }

    fn is_too_long(&self, value: Value, end: usize) -> bool {
        self.offset(end).saturating_sub(value.position.byte) > self.max_record as u64
    }

    /// Forgets the text that no one needs any more.
    fn discard(&mut self) {
        let keep = match self.mode {
            Mode::Value(value) if !self.is_too_long(value, self.buffer.len()) => {
                self.index(value.position.byte)
            }
            _ => self.at.saturating_sub(LOOKBACK),
        };
        if keep > 0 {
            self.position_at(keep);
            self.buffer.drain(..keep);
            self.base += keep as u64;
            self.at -= keep;
        }
    }

    fn offset(&self, index: usize) -> u64 {
        self.base + index as u64
    }

    fn index(&self, offset: u64) -> usize {
        usize::try_from(offset.saturating_sub(self.base)).unwrap_or(usize::MAX)
    }

    /// The position of the byte at `index`, and all lines before it counted.
    fn position_at(&mut self, index: usize) -> Position {
        let byte = self.offset(index);
        if let Some(passed) = self.buffer.get(self.index(self.counted)..index) {
            self.line += memchr_iter(b'\n', passed).count() as u64;
            self.counted = byte;
        }
        Position {
            record: self.records + 1,
            line: self.line,
            byte,
        }
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}
