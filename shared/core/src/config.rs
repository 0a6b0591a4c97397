//! What a function is told by its environment: names that only the deployment knows. Read once.

use crate::nearest;
use crate::remediation::Mode;
use crate::responders::Responders;

/// Why the environment is not enough.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A variable is not there.
    #[error("environment variable `{name}` is missing: the deployment sets it")]
    Missing {
        /// The variable.
        name: &'static str,
    },
    /// A variable names no mode.
    #[error("environment variable `{name}`: `{value}` is no mode, did you mean `{nearest}`?")]
    Mode {
        /// The variable.
        name: &'static str,
        /// What stands there.
        value: String,
        /// A mode.
        nearest: &'static str,
    },
}

/// The environment of a function. Names of variables: see [`Config::from_lookup`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Table of windows, findings and ledger.
    pub table: String,
    /// Table of the last known good settings.
    pub baseline_table: String,
    /// Topic that people subscribe to.
    pub topic_arn: String,
    /// Role that reads in the account of an event; none to use the function's own credentials.
    pub reader_role: Option<String>,
    /// Role that writes there.
    pub remediator_role: Option<String>,
    /// Caps the mode of every remediation.
    pub remediation_max: Mode,
    /// Name of the SSM parameter that stops every write.
    pub kill_switch: Option<String>,
    /// Folder with `thresholds.toml`, `remediation.toml` and `cedar/`; none for `config/` beside the binary.
    pub folder: Option<String>,
}

impl Config {
    /// Reads the variables through `lookup`, so that tests need no environment. An empty one is missing.
    ///
    /// # Errors
    /// Naming the first variable that is missing and has no default.
    pub fn from_lookup(
        lookup: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let optional = |name| lookup(name).filter(|value| !value.is_empty());
        let required = |name| optional(name).ok_or(ConfigError::Missing { name });
        Ok(Self {
            table: required("PORTCULLIS_TABLE")?,
            baseline_table: required("PORTCULLIS_BASELINE_TABLE")?,
            topic_arn: required("PORTCULLIS_TOPIC_ARN")?,
            reader_role: optional("PORTCULLIS_READER_ROLE"),
            remediator_role: optional("PORTCULLIS_REMEDIATOR_ROLE"),
            remediation_max: mode("PORTCULLIS_REMEDIATION_MAX", optional)?,
            kill_switch: optional("PORTCULLIS_KILL_SWITCH"),
            folder: optional("PORTCULLIS_CONFIG"),
        })
    }

    /// The roles that only the responder may use.
    pub fn responders(&self) -> Responders {
        Responders::new(self.reader_role.clone(), self.remediator_role.clone())
    }
}

fn mode(
    name: &'static str,
    optional: impl Fn(&'static str) -> Option<String>,
) -> Result<Mode, ConfigError> {
    let Some(value) = optional(name) else {
        return Ok(Mode::Notify);
    };
    Mode::parse(&value).ok_or_else(|| ConfigError::Mode {
        name,
        nearest: nearest(&value, Mode::ALL.into_iter().map(Mode::as_str)),
        value,
    })
}

/// The environment of the function `baseline`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeeperConfig {
    /// Table of the last known good settings.
    pub baseline_table: String,
    /// Queue of sweeps.
    pub sweep_queue: String,
    /// Role that reads in other accounts; none to read the function's own account only.
    pub reader_role: Option<String>,
    /// Folder with `accounts.toml`; none for `config/` beside the binary.
    pub folder: Option<String>,
}

impl KeeperConfig {
    /// As [`Config::from_lookup`].
    ///
    /// # Errors
    /// Naming the first variable that is missing and has no default.
    pub fn from_lookup(
        lookup: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let optional = |name| lookup(name).filter(|value| !value.is_empty());
        let required = |name| optional(name).ok_or(ConfigError::Missing { name });
        Ok(Self {
            baseline_table: required("PORTCULLIS_BASELINE_TABLE")?,
            sweep_queue: required("PORTCULLIS_SWEEP_QUEUE")?,
            reader_role: optional("PORTCULLIS_READER_ROLE"),
            folder: optional("PORTCULLIS_CONFIG"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_function_baseline_needs_a_table_and_a_queue() {
        let read = |missing| {
            KeeperConfig::from_lookup(|name| (name != missing).then(|| name.to_lowercase()))
        };
        let config = read("PORTCULLIS_READER_ROLE").unwrap();
        assert_eq!(config.baseline_table, "portcullis_baseline_table");
        assert_eq!(config.sweep_queue, "portcullis_sweep_queue");
        assert_eq!(config.reader_role, None);
        for missing in ["PORTCULLIS_BASELINE_TABLE", "PORTCULLIS_SWEEP_QUEUE"] {
            let error = read(missing).unwrap_err().to_string();
            assert!(error.contains(missing), "{error}");
        }
    }

    fn config(set: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_lookup(|name| {
            let found = set.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn names_are_read_and_an_empty_one_is_missing() {
        let mut set = vec![
            ("PORTCULLIS_TABLE", "t"),
            ("PORTCULLIS_BASELINE_TABLE", "b"),
            ("PORTCULLIS_TOPIC_ARN", "arn"),
            ("PORTCULLIS_READER_ROLE", ""),
        ];
        let read = config(&set).unwrap();
        assert_eq!(read.table, "t");
        assert_eq!(read.reader_role, None);
        assert_eq!(read.responders(), Responders::default());
        assert_eq!(read.remediation_max, Mode::Notify);
        assert_eq!(read.kill_switch, None);

        set.push(("PORTCULLIS_REMEDIATION_MAX", "automatic"));
        let error = config(&set).unwrap_err().to_string();
        assert_eq!(
            error,
            "environment variable `PORTCULLIS_REMEDIATION_MAX`: `automatic` is no mode, did you mean `auto`?"
        );
        set.pop();
        set.push(("PORTCULLIS_REMEDIATION_MAX", "dry-run"));
        assert_eq!(config(&set).unwrap().remediation_max, Mode::DryRun);

        set.retain(|(name, _)| *name != "PORTCULLIS_TOPIC_ARN");
        let error = config(&set).unwrap_err().to_string();
        assert!(error.contains("`PORTCULLIS_TOPIC_ARN`"), "{error}");
    }
}
