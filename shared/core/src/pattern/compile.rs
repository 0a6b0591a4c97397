//! From the document to rules without `$or`.
//!
//! As in the reference, `$or` is expanded in document order: each member adds its fields to a copy of
//! what stood before. A field that is already there is replaced, and [`PatternLint`] tells.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::error::{PatternError, Problem};
use super::json::{Json, Member};
use super::lint::{self, PatternLint};
use super::operator;
use super::value::Matcher;

/// All its fields must match. The key is the path of the field, joined by dots; sorted, because the
/// order of names decides what `exists: false` is relative to.
pub(super) type Rule = BTreeMap<String, Arc<[Matcher]>>;

/// A document after all its checks.
pub(super) struct Compiled {
    pub(super) rules: Vec<Rule>,
    pub(super) lints: Vec<PatternLint>,
}

/// AWS docs, content filtering: the product of the lengths of all `$or` lists.
const MOST_COMBINATIONS: usize = 1000;

/// Names that the reference keeps for operators inside `$or`, some of them for later.
const RESERVED: [&str; 24] = [
    "exactly",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "regex",
    "not-wildcard",
    "not-equals-ignore-case",
    "date-after",
    "date-on-or-after",
    "date-before",
    "date-on-or-before",
    "in-date-range",
    "ip-address-in-range",
    "ip-address-not-in-range",
];

/// Turns the members of a pattern into rules.
pub(super) fn compile(members: &[Member]) -> Result<Compiled, PatternError> {
    let mut compiler = Compiler {
        rules: vec![Rule::new()],
        lints: Vec::new(),
        path: Vec::new(),
        or_depth: 0,
        combinations: 1,
    };
    compiler.object(members)?;
    Ok(Compiled {
        rules: compiler.rules,
        lints: compiler.lints,
    })
}

struct Compiler<'j> {
    /// The rules so far; every further field goes into each of them.
    rules: Vec<Rule>,
    lints: Vec<PatternLint>,
    /// Where in the document we are, without `$or`.
    path: Vec<&'j str>,
    or_depth: usize,
    combinations: usize,
}

impl<'j> Compiler<'j> {
    fn object(&mut self, members: &'j [Member]) -> Result<(), PatternError> {
        if members.is_empty() {
            return Err(self.refuse(Problem::EmptyObject));
        }
        self.note_duplicate_keys(members);
        for (key, value) in members {
            if key == "$or" {
                self.or(value)?;
                continue;
            }
            if self.or_depth > 0 && RESERVED.contains(&key.as_str()) {
                return Err(self.refuse(Problem::ReservedName(key.clone())));
            }
            self.path.push(key);
            match value {
                Json::Object(members) => self.object(members)?,
                Json::List(items) => self.field(items)?,
                _ => return Err(self.refuse(Problem::NotAList)),
            }
            self.path.pop();
        }
        Ok(())
    }

    fn or(&mut self, value: &'j Json) -> Result<(), PatternError> {
        let Json::List(members) = value else {
            return Err(self.refuse(Problem::OrNotAList));
        };
        if members.len() < 2 {
            return Err(self.refuse(Problem::OrTooShort(members.len())));
        }
        // INVARIANT: checked before the copies are made, so a pattern cannot exhaust memory.
        self.combinations = self.combinations.saturating_mul(members.len());
        if self.combinations > MOST_COMBINATIONS {
            return Err(self.refuse(Problem::TooManyCombinations(self.combinations)));
        }
        let before = std::mem::take(&mut self.rules);
        let mut expanded = Vec::new();
        self.or_depth += 1;
        for member in members {
            let Json::Object(members) = member else {
                return Err(self.refuse(Problem::OrMemberNotAnObject));
            };
            self.rules.clone_from(&before);
            self.object(members)?;
            expanded.append(&mut self.rules);
        }
        self.or_depth -= 1;
        self.rules = expanded;
        Ok(())
    }

    fn field(&mut self, items: &[Json]) -> Result<(), PatternError> {
        let matchers = operator::parse_list(items).map_err(|problem| self.refuse(problem))?;
        let path = self.path.join(".");
        for lint in lint::check_list(&path, &matchers) {
            self.note(lint);
        }
        let matchers: Arc<[Matcher]> = matchers.into();
        let mut replaced = false;
        for rule in &mut self.rules {
            replaced |= rule.insert(path.clone(), Arc::clone(&matchers)).is_some();
        }
        let known = PatternLint::DuplicateKey { path };
        if replaced && !self.lints.contains(&known) {
            let path = self.path.join(".");
            self.note(PatternLint::FieldReplaced { path });
        }
        Ok(())
    }

    fn note_duplicate_keys(&mut self, members: &[Member]) {
        let mut seen = BTreeSet::new();
        for (key, _) in members {
            if !seen.insert(key) {
                let mut path = self.path.clone();
                path.push(key);
                let path = path.join(".");
                self.note(PatternLint::DuplicateKey { path });
            }
        }
    }

    fn note(&mut self, lint: PatternLint) {
        if !self.lints.contains(&lint) {
            self.lints.push(lint);
        }
    }

    fn refuse(&self, problem: Problem) -> PatternError {
        let path = if self.path.is_empty() {
            "pattern".to_owned()
        } else {
            self.path.join(".")
        };
        PatternError::Field { path, problem }
    }
}

#[cfg(test)]
mod tests;
