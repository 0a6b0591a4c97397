//! Reads one source after the other: opens it, tells gzip from text by content, and hands on what is found.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read};

use super::classify::{Class, classify};
use super::gzip::{self, OneShot};
use super::split::{End, Piece, Splitter};
use super::{Item, Limits, Position, Problem, ProblemKind, Sink, Source};

/// How much is read, inflated and looked at together: small enough for the processor's cache.
const CHUNK: usize = 256 << 10;

/// How much is looked at to tell text from binary data.
const HEAD: usize = 8 << 10;

/// Reads sources; one for each thread, to use its buffers again.
pub(crate) struct Reader {
    limits: Limits,
    one_shot: OneShot,
}

impl Reader {
    /// A reader that keeps to `limits`.
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            one_shot: OneShot::new(),
        }
    }

    /// Reads all of `source`. What cannot be read is told to the sink.
    pub(crate) fn read(&mut self, source: &Source, sink: &mut dyn Sink) {
        let name = source.to_string();
        match source {
            Source::Stdin => self.read_from(&name, &mut io::stdin().lock(), sink),
            Source::File(path) => match File::open(path) {
                Ok(mut file) => self.read_from(&name, &mut file, sink),
                Err(error) => sink.problem(Problem {
                    file: name,
                    position: None,
                    kind: ProblemKind::Open(error),
                }),
            },
        }
    }

    /// Reads all of `input`, which problems call `name`.
    pub(crate) fn read_from(&mut self, name: &str, input: &mut dyn Read, sink: &mut dyn Sink) {
        let bytes = Cell::new(0);
        let mut pass = Pass {
            splitter: Splitter::new(self.limits.record),
            report: Report {
                file: name,
                sink,
                limit: self.limits.problems,
                problems: 0,
            },
            read: &bytes,
            fed: 0,
        };
        let mut input = Metered {
            input,
            bytes: &bytes,
            failed: None,
        };
        let outcome = self.read_all(&mut input, &mut pass);
        pass.progress();
        pass.finish(outcome);
    }

    fn read_all(
        &mut self,
        input: &mut Metered<'_>,
        pass: &mut Pass<'_>,
    ) -> Result<(), ProblemKind> {
        let mut chunk = Vec::with_capacity(CHUNK);
        input.fill(&mut chunk, CHUNK);
        if chunk.starts_with(gzip::MAGIC) {
            return self.read_gzip(chunk, input, pass);
        }
        loop {
            pass.progress();
            pass.feed(&chunk)?;
            if chunk.len() < CHUNK {
                return input
                    .failed
                    .take()
                    .map_or(Ok(()), |error| Err(ProblemKind::Read(error)));
            }
            chunk.clear();
            input.fill(&mut chunk, CHUNK);
        }
    }

    fn read_gzip(
        &mut self,
        mut data: Vec<u8>,
        input: &mut Metered<'_>,
        pass: &mut Pass<'_>,
    ) -> Result<(), ProblemKind> {
        input.fill(&mut data, gzip::ONE_SHOT);
        pass.progress();
        let limit = self.limits.inflated;
        let whole = data.len() < gzip::ONE_SHOT && input.failed.is_none();
        if whole && let Some(text) = self.one_shot.inflate(&data, limit) {
            return text.chunks(CHUNK).try_for_each(|chunk| pass.feed(chunk));
        }
        let input = BufReader::with_capacity(CHUNK, input);
        let mut stream = gzip::Stream::new(data.as_slice().chain(input));
        let mut chunk = Vec::with_capacity(CHUNK);
        loop {
            chunk.clear();
            let outcome = stream.fill(&mut chunk);
            pass.progress();
            let left = usize::try_from(limit - pass.fed).unwrap_or(usize::MAX);
            if let Some((allowed, [_, ..])) = chunk.split_at_checked(left) {
                pass.feed(allowed)?;
                return Err(ProblemKind::CutOff { limit });
            }
            pass.feed(&chunk)?;
            outcome?;
            if chunk.len() < CHUNK {
                return Ok(());
            }
        }
    }
}

/// Counts what is read, and keeps an error until all that was read before it is dealt with.
struct Metered<'a> {
    input: &'a mut dyn Read,
    bytes: &'a Cell<u64>,
    failed: Option<io::Error>,
}

impl Metered<'_> {
    /// Appends to `data` until it has `length` bytes, or the input ends or fails.
    fn fill(&mut self, data: &mut Vec<u8>, length: usize) {
        let wanted = length.saturating_sub(data.len()) as u64;
        if let Err(error) = self.take(wanted).read_to_end(data) {
            self.failed = Some(error);
        }
    }
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let read = self.input.read(buffer)?;
        self.bytes.set(self.bytes.get() + read as u64);
        Ok(read)
    }
}

/// One source on its way to the sink.
struct Pass<'a> {
    splitter: Splitter,
    report: Report<'a>,
    /// Bytes read and not yet told to the sink.
    read: &'a Cell<u64>,
    /// Bytes of text so far.
    fed: u64,
}

impl Pass<'_> {
    fn progress(&mut self) {
        let bytes = self.read.take();
        if bytes > 0 {
            self.report.sink.progress(bytes);
        }
    }

    fn feed(&mut self, chunk: &[u8]) -> Result<(), ProblemKind> {
        if self.fed == 0 && is_binary(chunk.get(..HEAD).unwrap_or(chunk)) {
            return Err(ProblemKind::Binary);
        }
        self.fed += chunk.len() as u64;
        let report = &mut self.report;
        self.splitter.feed(chunk, &mut |piece| report.piece(piece));
        Ok(())
    }

    fn finish(mut self, outcome: Result<(), ProblemKind>) {
        let report = &mut self.report;
        match outcome {
            Ok(()) => {
                self.splitter
                    .finish(End::Complete, &mut |piece| report.piece(piece));
                if self.splitter.is_blank() {
                    report.problem(None, ProblemKind::Empty);
                }
            }
            Err(kind) => {
                let position = (self.fed > 0).then(|| self.splitter.position());
                self.splitter
                    .finish(End::Cut, &mut |piece| report.piece(piece));
                report.problem(position, kind);
            }
        }
        report.count_the_rest();
    }
}

/// Whether a file that begins like this is no JSON text: it is UTF-16, or it begins with no bracket and holds what text
/// does not.
fn is_binary(head: &[u8]) -> bool {
    match head.trim_ascii_start() {
        [b'{' | b'[', rest @ ..] => rest.first() == Some(&0),
        text => {
            let not_utf8 =
                std::str::from_utf8(text).is_err_and(|error| error.error_len().is_some());
            not_utf8 || text.iter().any(|byte| matches!(byte, 0..=8 | 14..=26))
        }
    }
}

/// Names the file in problems, and bounds their number.
struct Report<'a> {
    file: &'a str,
    sink: &'a mut dyn Sink,
    limit: u64,
    problems: u64,
}

impl Report<'_> {
    fn piece(&mut self, piece: Piece<'_>) {
        let (position, json) = match piece {
            Piece::Object(position, json) => (position, json),
            Piece::Problem(position, kind) => return self.problem(Some(position), kind),
        };
        match classify(json) {
            Ok(Class::ApiGateway(form, json)) => self.sink.item(Item {
                position,
                form,
                json,
            }),
            Ok(Class::Other) => self.sink.other(),
            Ok(Class::Digest) => self.sink.digest(),
            Err(error) => self.problem(Some(position), ProblemKind::Object(error)),
        }
    }

    fn problem(&mut self, position: Option<Position>, kind: ProblemKind) {
        self.problems += 1;
        if self.problems <= self.limit {
            self.send(position, kind);
        }
    }

    fn count_the_rest(&mut self) {
        let count = self.problems.saturating_sub(self.limit);
        if count > 0 {
            self.send(None, ProblemKind::More { count });
        }
    }

    fn send(&mut self, position: Option<Position>, kind: ProblemKind) {
        let file = self.file.to_owned();
        self.sink.problem(Problem {
            file,
            position,
            kind,
        });
    }
}
