//! After a break: what is given up, and where reading goes on.

use memchr::memchr;

use super::{Before, Flow, Mode, Out, Piece, Splitter, Value};
use crate::input::structure::Structure;
use crate::input::{Break, Position, ProblemKind};

/// A break that is reported once it is known where reading goes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lost {
    pub(super) position: Position,
    pub(super) cause: Break,
    pub(super) at: u64,
}

impl Lost {
    pub(super) fn report(self, resumes: Option<u64>) -> Piece<'static> {
        let Self {
            position,
            cause,
            at,
        } = self;
        Piece::Problem(position, ProblemKind::Broken { cause, at, resumes })
    }
}

impl Splitter {
    /// Gives up the lists around a line or document that must stand outside of them; reading goes on with it.
    pub(super) fn leave_list(&mut self, position: Position, out: Out<'_>) {
        let lost = Lost {
            position,
            cause: Break::EndOfList,
            at: position.byte,
        };
        out(lost.report(Some(position.byte)));
        self.structure = Structure::default();
        self.recovered = true;
    }

    /// Gives up what stands here, outside of values.
    pub(super) fn lose(&mut self, cause: Break) {
        let lost = Lost {
            position: self.position_at(self.at),
            cause,
            at: self.offset(self.at),
        };
        self.lose_to(lost, self.at);
    }

    /// Gives up a value that broke at index `at`, and goes back to the end of its first line.
    pub(super) fn lose_value(&mut self, value: Value, at: usize, cause: Break) {
        let lost = Lost {
            position: value.position,
            cause,
            at: self.offset(at),
        };
        // INVARIANT: the lines that a value can swallow unread nest in each other, so that going back only in values of
        // at most `MAX_DEPTH` levels and `max_record` bytes looks at no byte more than `MAX_DEPTH` times.
        let too_deep = self.structure.take_too_deep();
        let goes_back = !too_deep && !self.is_too_long(value, at);
        let start = if goes_back {
            self.index(value.position.byte)
        } else {
            at
        };
        let swallowed = self.buffer.get(start..at).unwrap_or_default();
        let restart = memchr(b'\n', swallowed).map_or(at, |newline| start + newline);
        self.lose_to(lost, restart);
    }

    fn lose_to(&mut self, lost: Lost, restart: usize) {
        self.blank = false;
        self.records += 1;
        self.at = restart;
        self.structure = Structure::default();
        self.mode = Mode::Lost(lost);
    }

    pub(super) fn find_line(&mut self, lost: Lost, out: Out<'_>) -> Flow {
        while let Some(newline) = memchr(b'\n', self.rest()) {
            match self.rest().get(newline + 1) {
                None => {
                    self.at += newline;
                    return Flow::Wait;
                }
                Some(b'{' | b'[') => {
                    self.at += newline + 1;
                    self.recovered = true;
                    self.mode = Mode::Between(Before::Bracket);
                    out(lost.report(Some(self.offset(self.at))));
                    return Flow::Continue;
                }
                Some(_) => self.at += newline + 1,
            }
        }
        self.at = self.buffer.len();
        Flow::Wait
    }
}
