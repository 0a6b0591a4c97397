//! Window rules: data only. Each counts distinct things among the findings of its base rule.

use super::{About, WindowRule, WindowScope};
use crate::finding::{Counted, Severity};

const LOGGING: &[&str] = &["https://attack.mitre.org/techniques/T1562/008/"];
const DELETION: &[&str] = &["https://attack.mitre.org/techniques/T1485/"];

/// Every window rule, by id.
pub const WINDOW_RULES: &[&WindowRule] = &[
    &APIS_DELETED_ACROSS_ACCOUNTS,
    &APIS_DELETED_IN_BULK,
    &STAGE_LOGGING_DISABLED_ACROSS_ACCOUNTS,
    &STAGE_LOGGING_DISABLED_ACROSS_APIS,
    &STAGE_LOGGING_DISABLED_ACROSS_STAGES,
];

const QUIET: &str = "Repetitions of the same one, and findings of low confidence, do not count. \
                     After an alert the next one within the interval comes only when the number \
                     has doubled.";
const MISSES: &str = "A slower pace than the threshold, and records that arrive more than 48 hours \
                      after their event.";

const APIS_DELETED_ACROSS_ACCOUNTS: WindowRule = WindowRule {
    about: About {
        id: "apis-deleted-across-accounts",
        title: "APIs deleted in several accounts",
        severity: Severity::Critical,
        function: "api-lifecycle",
        remediation: None,
        gain: "One set of credentials takes services down across the organisation.",
        fires: "More than the threshold of accounts have an `api-deleted` finding within the \
                interval.",
        quiet: QUIET,
        misses: MISSES,
        false_positives: &["tearing an application down in all its environments at once"],
        next: "Find the principal that the deletions share and revoke its sessions first.",
        references: DELETION,
    },
    base: "api-deleted",
    counts: Counted::Accounts,
    scope: WindowScope::Everything,
    min_apis: 1,
};

const APIS_DELETED_IN_BULK: WindowRule = WindowRule {
    about: About {
        id: "apis-deleted-in-bulk",
        title: "APIs deleted in bulk",
        severity: Severity::Critical,
        function: "api-lifecycle",
        remediation: None,
        gain: "Services of an account go down together.",
        fires: "More than the threshold of APIs of one account, over all Regions, are deleted \
                within the interval.",
        quiet: QUIET,
        misses: MISSES,
        false_positives: &["tearing down test environments and preview deployments"],
        next: "Revoke the sessions of the principal, then redeploy the APIs from their source.",
        references: DELETION,
    },
    base: "api-deleted",
    counts: Counted::Apis,
    scope: WindowScope::Account,
    min_apis: 1,
};

const STAGE_LOGGING_DISABLED_ACROSS_ACCOUNTS: WindowRule = WindowRule {
    about: About {
        id: "stage-logging-disabled-across-accounts",
        title: "Stage logging disabled in several accounts",
        severity: Severity::Critical,
        function: "stage-logging",
        remediation: None,
        gain: "The defenders of the whole organisation are blinded before something larger.",
        fires: "More than the threshold of accounts have a `stage-logging-disabled` finding within \
                the interval.",
        quiet: QUIET,
        misses: MISSES,
        false_positives: &["one change to a shared module, rolled out everywhere"],
        next: "Find the principal or pipeline that the accounts share, stop it, then restore the \
               stages that are not restored already.",
        references: LOGGING,
    },
    base: "stage-logging-disabled",
    counts: Counted::Accounts,
    scope: WindowScope::Everything,
    min_apis: 1,
};

const STAGE_LOGGING_DISABLED_ACROSS_APIS: WindowRule = WindowRule {
    about: About {
        id: "stage-logging-disabled-across-apis",
        title: "Stage logging disabled for several APIs",
        severity: Severity::Critical,
        function: "stage-logging",
        remediation: None,
        gain: "An account is blinded as a whole.",
        fires: "More than the threshold of stages of one account, of at least two APIs and over \
                all Regions, have a `stage-logging-disabled` finding within the interval.",
        quiet: QUIET,
        misses: MISSES,
        false_positives: &["one change to a shared module, rolled out to every API"],
        next: "Revoke the sessions of the principal, then restore the stages that are not restored \
               already.",
        references: LOGGING,
    },
    base: "stage-logging-disabled",
    counts: Counted::Stages,
    scope: WindowScope::Account,
    min_apis: 2,
};

const STAGE_LOGGING_DISABLED_ACROSS_STAGES: WindowRule = WindowRule {
    about: About {
        id: "stage-logging-disabled-across-stages",
        title: "Stage logging disabled for several stages of one API",
        severity: Severity::Critical,
        function: "stage-logging",
        remediation: None,
        gain: "An API is blinded on every path to it.",
        fires: "More than the threshold of stages of one API have a `stage-logging-disabled` \
                finding within the interval.",
        quiet: QUIET,
        misses: MISSES,
        false_positives: &["a deliberate change to all stages of one API"],
        next: "Revoke the sessions of the principal, then restore the stages that are not restored \
               already.",
        references: LOGGING,
    },
    base: "stage-logging-disabled",
    counts: Counted::Stages,
    scope: WindowScope::Api,
    min_apis: 1,
};
