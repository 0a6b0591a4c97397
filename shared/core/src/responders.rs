//! The responder's own roles, by exact name.
//!
//! They are named in the configuration; that their names begin with `portcullis-remediator` and
//! `portcullis-reader` lets an EventBridge pattern and policies find them, and decides nothing here.

use crate::record::Record;

/// Names of roles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Responders {
    reader: Option<String>,
    remediator: Option<String>,
}

impl Responders {
    /// Takes the names of the role that reads and of the one that writes.
    pub fn new(reader: Option<String>, remediator: Option<String>) -> Self {
        Self { reader, remediator }
    }

    /// Whether a session of one of the roles made the call. A role of that name in any account counts:
    /// making one up must raise an alarm, not hide behind it.
    pub fn made(&self, record: &Record) -> bool {
        let role = record.identity.session_issuer().and_then(role_name);
        let names = [&self.reader, &self.remediator];
        role.is_some_and(|role| names.into_iter().flatten().any(|name| name == role))
    }

    /// Whether the role that writes, of the account that was written to, made the call: the only one
    /// whose calls can be ours.
    pub fn wrote(&self, record: &Record) -> bool {
        let arn = record.identity.session_issuer();
        let (Some(arn), Some(name)) = (arn, &self.remediator) else {
            return false;
        };
        let role = format!(":iam::{}:role/{name}", record.account);
        arn.strip_prefix("arn:")
            .and_then(|rest| rest.strip_suffix(&role))
            .is_some_and(|partition| !partition.contains(':'))
    }
}

/// `portcullis-reader` of `arn:aws:iam::111122223333:role/path/portcullis-reader`.
fn role_name(arn: &str) -> Option<&str> {
    let (_, path) = arn.split_once(":role/")?;
    path.rsplit('/').next()
}

#[cfg(test)]
mod tests {
    use super::role_name;

    #[test]
    fn a_role_is_known_by_its_name_whatever_its_path() {
        let name = |arn| role_name(arn);
        assert_eq!(name("arn:aws:iam::111122223333:role/a"), Some("a"));
        assert_eq!(name("arn:aws:iam::111122223333:role/x/y/a"), Some("a"));
        assert_eq!(name("arn:aws:iam::111122223333:user/a"), None);
        assert_eq!(name(""), None);
    }
}
