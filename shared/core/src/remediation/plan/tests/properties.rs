//! Any state of a REST stage, any change of it, anything that others do meanwhile: what holds of every plan.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::remediation::plan::fields::{Field, METHOD};
use crate::remediation::plan::recovery::is_lowered;
use crate::remediation::settings::RestStage;
use crate::settings::{AccessLog, LogLevel, Scope};

const KEYS: &[&str] = &[
    "*/*",
    "~1/GET",
    "~1pets/GET",
    "~1pets~1{id}/DELETE",
    "pets/POST",
];

fn level() -> impl Strategy<Value = Option<String>> {
    select(vec![None, Some("OFF"), Some("ERROR"), Some("INFO")])
        .prop_map(|level| level.map(str::to_owned))
}

fn setting() -> impl Strategy<Value = MethodSetting> {
    let limits = (
        select(vec![-1, 0, 123, 5000]),
        select(vec![-1.0, 0.0, 0.5, 10000.0]),
    );
    (level(), any::<[bool; 4]>(), limits).prop_map(|(level, flags, (burst, rate))| {
        let [trace, metrics, caching, encrypted] = flags;
        MethodSetting {
            logging_level: level,
            data_trace_enabled: Some(trace),
            metrics_enabled: Some(metrics),
            throttling_burst_limit: Some(burst),
            throttling_rate_limit: Some(rate),
            caching_enabled: Some(caching),
            cache_ttl_in_seconds: Some(300),
            cache_data_encrypted: Some(encrypted),
            require_authorization_for_cache_control: Some(true),
            unauthorized_cache_control_header_strategy: Some("FAIL_WITH_403".to_owned()),
        }
    })
}

fn access_log() -> impl Strategy<Value = Option<AccessLog>> {
    let log = (select(vec!["arn:a", "arn:b"]), select(vec!["$a", "$b"]));
    prop::option::of(log.prop_map(|(arn, format)| AccessLog {
        destination_arn: Some(arn.to_owned()),
        format: Some(format.to_owned()),
    }))
}

fn state() -> impl Strategy<Value = RestStage> {
    let keys = prop::collection::btree_map(select(KEYS).prop_map(str::to_owned), setting(), 0..4);
    (keys, access_log()).prop_map(|(method_settings, access_log_settings)| RestStage {
        method_settings,
        access_log_settings,
    })
}

fn operation() -> impl Strategy<Value = PatchOperation> {
    let set = |path: String, value: &str| PatchOperation {
        op: PatchOp::Replace,
        path,
        value: Some(value.to_owned()),
    };
    let remove = |path: String| PatchOperation {
        op: PatchOp::Remove,
        path,
        value: None,
    };
    prop_oneof![
        4 => (select(KEYS), select(vec!["OFF", "ERROR", "INFO"]))
            .prop_map(move |(key, level)| set(format!("/{key}/logging/loglevel"), level)),
        2 => select(KEYS).prop_map(move |key| remove(format!("/{key}"))),
        1 => (select(KEYS), select(vec!["0", "7"]))
            .prop_map(move |(key, rate)| set(format!("/{key}/throttling/rateLimit"), rate)),
        1 => (select(KEYS), select(vec!["true", "false"]))
            .prop_map(move |(key, on)| set(format!("/{key}/metrics/enabled"), on)),
        1 => (select(KEYS), select(vec!["true", "false"]))
            .prop_map(move |(key, on)| set(format!("/{key}/logging/dataTrace"), on)),
        1 => Just(()).prop_map(move |()| remove("/accessLogSettings".to_owned())),
        1 => select(vec!["arn:a", "arn:x"])
            .prop_map(move |arn| set("/accessLogSettings/destinationArn".to_owned(), arn)),
        1 => select(vec!["$a", "$x"])
            .prop_map(move |format| set("/accessLogSettings/format".to_owned(), format)),
    ]
}

fn operations(most: usize) -> impl Strategy<Value = Vec<PatchOperation>> {
    prop::collection::vec(operation(), 0..most)
}

/// The operations that API Gateway takes, and the state after them.
fn taken(stage: &RestStage, asked: &[PatchOperation]) -> (RestStage, Vec<PatchOperation>) {
    let mut now = stage.clone();
    let mut taken = Vec::new();
    for operation in asked {
        if let Ok(after) = gateway::rest_stage(&now, std::slice::from_ref(operation)) {
            now = after;
            taken.push(operation.clone());
        }
    }
    (now, taken)
}

fn response(stage: &RestStage) -> Value {
    let mut json = serde_json::to_value(stage).unwrap();
    json["stageName"] = json!("prod");
    json["deploymentId"] = json!("yocj2y");
    json
}

/// A change of a stage, and everything around it.
#[derive(Debug, Clone)]
struct Scene {
    before: RestStage,
    after: RestStage,
    live: RestStage,
    is_told: bool,
    change: Change,
}

impl Scene {
    fn plan(&self, live: &Settings) -> Plan {
        let after = Settings::RestStage(self.after.clone());
        let before = Settings::RestStage(self.before.clone());
        let after = self.is_told.then_some(&after);
        restore(&stage(ApiType::Rest), &self.change, &before, after, live)
    }

    fn live(&self) -> Settings {
        Settings::RestStage(self.live.clone())
    }
}

/// Others were there before and after the change, and the baseline may be old.
fn scene() -> impl Strategy<Value = Scene> {
    let drift = prop_oneof![2 => Just(Vec::new()), 1 => operations(3)];
    let since = prop_oneof![1 => Just(Vec::new()), 1 => operations(4)];
    scene_with(drift, since)
}

/// The change is all that happened since the baseline.
fn lone_scene() -> impl Strategy<Value = Scene> {
    scene_with(Just(Vec::new()), Just(Vec::new()))
}

/// Others were there after the change.
fn scene_since() -> impl Strategy<Value = Scene> {
    scene_with(Just(Vec::new()), operations(4))
}

fn scene_with(
    drift: impl Strategy<Value = Vec<PatchOperation>>,
    since: impl Strategy<Value = Vec<PatchOperation>>,
) -> impl Strategy<Value = Scene> {
    let recreated = prop::bool::weighted(0.1);
    (
        state(),
        drift,
        operations(5),
        since,
        any::<bool>(),
        recreated,
    )
        .prop_map(|(before, drift, asked, since, is_told, recreated)| {
            let (start, _) = taken(&before, &drift);
            let (after, operations) = match recreated {
                true => (RestStage::default(), Vec::new()),
                false => taken(&start, &asked),
            };
            let (live, _) = taken(&after, &since);
            let response = if is_told {
                response(&after)
            } else {
                Value::Null
            };
            let request = match recreated {
                true => json!({"restApiId": "a1b2c3", "template": false,
                    "createStageInput": {"stageName": "prod", "deploymentId": "yocj2y"}}),
                false => rest_request(&serde_json::to_value(&operations).unwrap()),
            };
            let name = if recreated {
                "CreateStage"
            } else {
                "UpdateStage"
            };
            Scene {
                change: change(name, &request, &response),
                before,
                after,
                live,
                is_told,
            }
        })
}

fn effective(settings: &Settings, key: &str) -> LogLevel {
    let values = fields::values(settings);
    let own = |key: &str| values.get(&Field::Method(key.to_owned(), fields::LEVEL));
    let level = own(key).or_else(|| own("*/*"));
    LogLevel::parse(level.map_or("", String::as_str))
}

fn is_method_default(field: &Field, value: &str) -> bool {
    let Field::Method(_, name) = field else {
        return false;
    };
    METHOD
        .iter()
        .any(|row| row.name == *name && row.is_default(value))
}

fn without_trace(settings: &Settings) -> std::collections::BTreeMap<Field, String> {
    let mut values = fields::values(settings);
    values
        .retain(|field, _| !matches!(field, Field::Method(_, name) if *name == fields::DATA_TRACE));
    values
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// What API Gateway makes of the steps is what is wanted; doing it again does nothing.
    #[test]
    fn the_steps_lead_to_what_is_wanted(scene in scene()) {
        let (thing, live) = (stage(ApiType::Rest), scene.live());
        let plan = scene.plan(&live);
        assert_decent(&thing, &plan);
        prop_assert!(plan.steps.len() < 2);
        prop_assert_eq!(plan.steps.is_empty(), plan.wanted == plan.live);
        prop_assert_eq!(plan.steps.is_empty(), plan.changes.is_empty());
        let done = gateway::apply_all(ApiType::Rest, &live, &plan.steps);
        prop_assert_eq!(unmet(&plan, &done), Vec::<String>::new());
        for one in fields::differences(&plan.wanted, &done) {
            // A key that is made by a write is filled up by API Gateway.
            let filled = one.to.as_deref().is_some_and(|value| is_method_default(&one.field, value));
            prop_assert!(one.from.is_none() && filled, "{:?}", one);
        }
        prop_assert_eq!(scene.plan(&done).steps, []);
        prop_assert_eq!(resume(&thing, &plan, &done).unwrap().steps, []);
        let resumed = resume(&thing, &plan, &live).unwrap();
        prop_assert_eq!(resumed.steps, plan.steps);
    }

    /// Nothing that the change touched logs less than before, when nobody else was there.
    #[test]
    fn what_was_taken_is_back(scene in lone_scene()) {
        let live = scene.live();
        let done = gateway::apply_all(ApiType::Rest, &live, &scene.plan(&live).steps);
        let before = Settings::RestStage(scene.before.clone());
        let now = RestStage::clone(match &done {
            Settings::RestStage(now) => now,
            other => panic!("{other:?}"),
        });
        for key in KEYS {
            let (was, is) = (effective(&before, key), effective(&done, key));
            prop_assert!(!is_lowered(was, is), "{}: {:?} -> {:?}", key, was, is);
        }
        if scene.before.access_log_settings.is_some() {
            prop_assert_eq!(now.access_log_settings, scene.before.access_log_settings);
        }
    }

    /// No further call makes what the change took somebody else's choice.
    #[test]
    fn what_was_taken_is_back_whatever_was_done_since(scene in scene_since()) {
        let live = scene.live();
        let done = gateway::apply_all(ApiType::Rest, &live, &scene.plan(&live).steps);
        let [before, after] = [&scene.before, &scene.after]
            .map(|stage| Settings::RestStage(stage.clone()));
        let [was, left, is] = [&before, &after, &done].map(fields::values);
        for field in [Field::Destination, Field::Format] {
            if was.contains_key(&field) && was.get(&field) != left.get(&field) {
                prop_assert_eq!(was.get(&field), is.get(&field));
            }
        }
        for key in KEYS {
            let own = Field::Method((*key).to_owned(), fields::LEVEL);
            let [was_level, left_level] = [&before, &after].map(|state| effective(state, key));
            let is_taken = was.contains_key(&own) && was.get(&own) != left.get(&own);
            if is_taken && is_lowered(was_level, left_level) {
                prop_assert!(!is_lowered(was_level, effective(&done, key)), "{}", key);
            }
        }
    }

    /// A plan writes nothing but what stood before, and spares what others have changed since.
    #[test]
    fn everything_else_stays_as_it_is(scene in scene()) {
        let live = scene.live();
        let plan = scene.plan(&live);
        let before = Settings::RestStage(scene.before.clone());
        let was = fields::values(&before);
        let left = fields::values(&Settings::RestStage(scene.after.clone()));
        for one in fields::differences(&live, &plan.wanted) {
            match (&one.field, &one.to) {
                (Field::Method(key, _), None) => {
                    prop_assert!(!scene.before.method_settings.contains_key(key));
                }
                (Field::Method(key, name), Some(level)) if *name == fields::LEVEL => {
                    prop_assert_eq!(LogLevel::parse(level), effective(&before, key));
                }
                (Field::Method(_, name), to) if *name == fields::DATA_TRACE => {
                    prop_assert_eq!(to.as_deref(), Some("false"));
                }
                (field, to) => prop_assert_eq!(was.get(field), to.as_ref()),
            }
            let (after, now) = (left.get(&one.field), one.from.as_ref());
            let is_filled = after.is_none()
                && now.is_some_and(|now| is_method_default(&one.field, now));
            // Without settings for all methods, none of them is logged: as good as OFF.
            let is_off = one.field == Field::Method("*/*".to_owned(), fields::LEVEL)
                && now.is_none() && after.map(String::as_str) == Some("OFF");
            let is_moved = plan.moved.contains(&one.field.path());
            if scene.is_told && !is_moved {
                prop_assert!(after == now || is_filled || is_off, "{:?} after {:?}", one, after);
            }
            if let (true, Field::Method(key, _)) = (is_moved, &one.field) {
                let [was, is] = [&before, &live].map(|state| effective(state, key));
                prop_assert!(is_lowered(was, is), "{:?}", one);
            }
        }
    }

    /// Taking a restore back gives the state before it, data trace aside.
    #[test]
    fn an_undo_gives_back_what_was_live(scene in scene()) {
        let (thing, live) = (stage(ApiType::Rest), scene.live());
        let plan = scene.plan(&live);
        let done = gateway::apply_all(ApiType::Rest, &live, &plan.steps);
        let back = undo(&thing, &plan, &done).unwrap();
        assert_decent(&thing, &back);
        let end = gateway::apply_all(ApiType::Rest, &done, &back.steps);
        prop_assert_eq!(without_trace(&end), without_trace(&live));
        prop_assert_eq!(unmet(&back, &end), Vec::<String>::new());
        prop_assert_eq!(undo(&thing, &plan, &live).unwrap().steps, []);
    }

    /// Whatever others do after a restore, taking it back spares it or is refused.
    #[test]
    fn an_undo_spares_what_others_do(scene in scene(), more in operations(3)) {
        let (thing, live) = (stage(ApiType::Rest), scene.live());
        let plan = scene.plan(&live);
        let done = gateway::apply_all(ApiType::Rest, &live, &plan.steps);
        let Settings::RestStage(state) = &done else { panic!("{done:?}") };
        let now = Settings::RestStage(taken(state, &more).0);
        if let Ok(back) = undo(&thing, &plan, &now) {
            let end = fields::values(&gateway::apply_all(ApiType::Rest, &now, &back.steps));
            for one in fields::differences(&done, &now) {
                let ours = fields::values(&plan.live).get(&one.field) == one.to.as_ref();
                let is_trace = matches!(&one.field, Field::Method(_, name) if *name == fields::DATA_TRACE);
                let is_fill = one.to.as_deref().is_none_or(|to| is_method_default(&one.field, to));
                prop_assert!(
                    ours || is_trace || is_fill || end.get(&one.field) == one.to.as_ref(),
                    "{:?}", one
                );
            }
        }
    }

    /// A stage that is contained serves nothing, and is as before when that is lifted.
    #[test]
    fn containing_is_lifted_exactly(before in state()) {
        let (thing, live) = (stage(ApiType::Rest), Settings::RestStage(before));
        let plan = contain(&thing, &live);
        assert_decent(&thing, &plan);
        let done = gateway::apply_all(ApiType::Rest, &live, &plan.steps);
        let Settings::RestStage(state) = &done else { panic!("{done:?}") };
        prop_assert!(state.method_settings.contains_key("*/*"));
        for set in state.method_settings.values() {
            prop_assert_eq!(set.throttling_rate_limit, Some(0.0));
            prop_assert_eq!(set.throttling_burst_limit, Some(0));
        }
        prop_assert_eq!(contain(&thing, &done).steps, []);
        let back = undo(&thing, &plan, &done).unwrap();
        let end = gateway::apply_all(ApiType::Rest, &done, &back.steps);
        prop_assert_eq!(fields::values(&end), fields::values(&live));
    }

    /// A patch path has the key's two segments, whatever is in it, and says the same as the key.
    #[test]
    fn a_key_is_two_segments_of_a_path(resource in "[a~01/{}é*]{0,8}", method in "[A-Z]{1,6}|\\*") {
        let key = format!("{resource}/{method}");
        let path = fields::key_path(&key);
        prop_assert_eq!(path.matches('/').count(), 2);
        prop_assert!(!path.contains("//"));
        let is_escaped = |text: &str| text.replace("~0", "").replace("~1", "").contains('~');
        prop_assert!(!is_escaped(&path));
        prop_assert_eq!(Scope::of_method(path.trim_start_matches('/')), Scope::of_method(&key));
    }

    /// Strings of any kind give a plan.
    #[test]
    fn no_string_is_too_strange(
        keys in prop::collection::vec((".{0,12}", ".{0,6}"), 0..5),
        log in (".{0,9}", ".{0,9}"),
        name in ".{0,9}",
        asked in prop::collection::vec((".{0,12}", ".{0,6}"), 0..3),
    ) {
        let state = |levels: bool| {
            let keys = keys.iter().map(|(key, level)| {
                let level = levels.then(|| level.clone());
                (key.clone(), MethodSetting { logging_level: level, ..MethodSetting::default() })
            });
            let (arn, format) = log.clone();
            Settings::RestStage(RestStage {
                method_settings: keys.collect(),
                access_log_settings: Some(AccessLog { destination_arn: Some(arn), format: Some(format) }),
            })
        };
        let asked: Vec<Value> = asked.iter().map(|(path, value)| json!({
            "op": "replace", "path": format!("/{path}/logging/loglevel"), "value": value
        })).collect();
        let change = change("UpdateStage", &rest_request(&json!(asked)), &Value::Null);
        let thing = at(What::Stage(api(ApiType::Rest), name));
        for (before, live) in [(true, false), (false, true)] {
            let (before, live) = (state(before), state(live));
            let plan = restore(&thing, &change, &before, None, &live);
            assert_decent(&thing, &plan);
            prop_assert_eq!(undo(&thing, &plan, &live).unwrap().steps, []);
            prop_assert_eq!(resume(&thing, &plan, &live).unwrap().steps, plan.steps);
        }
    }
}
