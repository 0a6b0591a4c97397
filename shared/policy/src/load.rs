//! Files to policies: each has an id and a reason, and fits the schema.
//!
//! The embedded ones are validated by tests, not when a function starts: that costs more than parsing them.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::{fs, io};

use cedar_policy::ffi::DetailedError;
use cedar_policy::{
    ParseErrors, Policy, PolicyId, PolicySet, Schema, ValidationError, ValidationMode, Validator,
};

use crate::question::Names;
use crate::{CedarPolicy, PolicyError};

/// The policies that come with Portcullis.
const FILE: (&str, &str) = (
    "portcullis.cedar",
    include_str!("../../../policies/cedar/portcullis.cedar"),
);

/// What policies are asked.
const SCHEMA: &str = include_str!("../../../policies/cedar/portcullis.cedarschema");

impl CedarPolicy {
    /// The policies that come with Portcullis. A test has validated them.
    ///
    /// # Errors
    /// Never, as a test shows; the file is part of the program.
    pub fn embedded() -> Result<Self, PolicyError> {
        Self::parse([FILE])
    }

    /// Reads policies from the texts of files, by file name; nothing else applies beside them. They are
    /// parsed, not validated: see [`Self::validate`].
    ///
    /// # Errors
    /// When one is no policy, or a template, has no id or no reason, or an id twice; when there is none.
    pub fn parse<N, T>(files: impl IntoIterator<Item = (N, T)>) -> Result<Self, PolicyError>
    where
        N: Into<String>,
        T: AsRef<str>,
    {
        let mut all = Self {
            set: PolicySet::new(),
            files: BTreeMap::new(),
            names: Names::new()?,
            reads_tags: false,
        };
        let mut names = Vec::new();
        for (file, text) in files {
            let file = file.into();
            all.add(&file, text.as_ref())?;
            names.push(file);
        }
        if all.set.is_empty() {
            let place = names.join(", ");
            return Err(PolicyError::Nothing { place });
        }
        Ok(all)
    }

    /// Reads and validates every file of a folder that ends in `.cedar`, in the order of their names.
    ///
    /// # Errors
    /// As [`Self::parse`] and [`Self::validate`], and when something cannot be read.
    pub fn from_folder(folder: &Path) -> Result<Self, PolicyError> {
        let unread = |path: &Path| {
            let path = path.to_owned();
            move |source: io::Error| PolicyError::Read { path, source }
        };
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(folder).map_err(unread(folder))? {
            let path = entry.map_err(unread(folder))?.path();
            if path.extension() == Some(OsStr::new("cedar")) {
                let text = fs::read_to_string(&path).map_err(unread(&path))?;
                files.insert(path.display().to_string(), text);
            }
        }
        if files.is_empty() {
            let place = folder.display().to_string();
            return Err(PolicyError::Nothing { place });
        }
        let all = Self::parse(files)?;
        all.validate()?;
        Ok(all)
    }

    /// Holds every policy against the schema: unknown actions, attributes and types, and policies that
    /// could never apply.
    ///
    /// # Errors
    /// Naming the first policy that does not fit, in the order of ids.
    pub fn validate(&self) -> Result<(), PolicyError> {
        let result = Validator::new(schema()?).validate(&self.set, ValidationMode::Strict);
        let file = |id: &str| self.files.get(id).cloned().unwrap_or_default();
        // "No action applies" follows from the unknown name of one: the name tells more.
        let follows =
            |error: &ValidationError| matches!(error, ValidationError::InvalidActionApplication(_));
        let errors = result.validation_errors();
        let first = errors.min_by_key(|error| (error.policy_id(), follows(error)));
        if let Some(error) = first {
            let id = error.policy_id().to_string();
            return Err(PolicyError::Invalid {
                file: file(&id),
                id,
                hint: hint(error),
                source: Box::new(error.clone()),
            });
        }
        let warnings = result.validation_warnings();
        let first = warnings.min_by_key(|warning| warning.policy_id());
        first.map_or(Ok(()), |warning| {
            let id = warning.policy_id().to_string();
            Err(PolicyError::Suspicious {
                file: file(&id),
                id,
                source: Box::new(warning.clone()),
            })
        })
    }

    fn add(&mut self, file: &str, text: &str) -> Result<(), PolicyError> {
        let set: PolicySet = text.parse().map_err(|source: ParseErrors| {
            let line = line(text, &source);
            PolicyError::Syntax {
                file: file.to_owned(),
                line,
                source: Box::new(source),
            }
        })?;
        if set.num_of_templates() > 0 {
            let file = file.to_owned();
            return Err(PolicyError::Template { file });
        }
        let mut policies: Vec<(usize, &Policy)> =
            set.policies().map(|one| (number(one), one)).collect();
        policies.sort_unstable_by_key(|(number, _)| *number);
        for (number, policy) in policies {
            self.add_policy(file, number, policy)?;
            // Both `hasTag(` and `getTag(`. In a text it costs reads and no more.
            self.reads_tags |= policy.to_string().contains("Tag(");
        }
        Ok(())
    }

    fn add_policy(
        &mut self,
        file: &str,
        number: usize,
        policy: &Policy,
    ) -> Result<(), PolicyError> {
        let given = |name| {
            policy
                .annotation(name)
                .filter(|text| !text.trim().is_empty())
        };
        let file = file.to_owned();
        let Some(id) = given("id") else {
            return Err(PolicyError::NoId { file, number });
        };
        let id = id.to_owned();
        if given("reason").is_none() {
            return Err(PolicyError::NoReason { file, id });
        }
        if let Some(other) = self.files.get(&id) {
            let other = other.clone();
            return Err(PolicyError::Duplicate { file, id, other });
        }
        let named = policy.new_id(PolicyId::new(&id));
        if self.set.add(named).is_err() {
            let other = file.clone();
            return Err(PolicyError::Duplicate { file, id, other });
        }
        self.files.insert(id, file);
        Ok(())
    }
}

/// The schema that policies are written for.
pub(crate) fn schema() -> Result<Schema, PolicyError> {
    let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(Box::new)?;
    Ok(schema)
}

/// Which policy of its file it is, from 1: Cedar calls them `policy0`, `policy1` ...
fn number(policy: &Policy) -> usize {
    let id = policy.id().to_string();
    let digits = id.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.parse().map_or(0, |number: usize| number + 1)
}

/// What Cedar proposes instead, to be read after a statement; empty when it proposes nothing.
fn hint(error: &ValidationError) -> String {
    let help = DetailedError::from(error).help;
    help.map_or_else(String::new, |help| format!(", {help}"))
}

/// The line of the first mistake.
fn line(text: &str, errors: &ParseErrors) -> usize {
    let errors = errors.iter().map(DetailedError::from);
    let starts = errors.flat_map(|error| error.source_locations);
    let start = starts.map(|label| label.loc.start).min().unwrap_or(0);
    let before = text.bytes().take(start);
    before.filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests;
