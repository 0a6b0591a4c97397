//! Any state of an HTTP or WebSocket stage, any change of it: what holds of every plan.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::remediation::plan::fields::Field;
use crate::remediation::settings::RouteSettings;
use crate::settings::AccessLog;

const ROUTES: &[&str] = &["$connect", "$default", "send", "it's"];

fn route(executes: bool) -> impl Strategy<Value = RouteSettings> {
    let level = select(vec![None, Some("OFF"), Some("ERROR"), Some("INFO")]);
    let trace = prop::option::of(any::<bool>());
    let limits = (
        prop::option::of(select(vec![0, 7, 100])),
        prop::option::of(select(vec![0.0, 0.5, 100.0])),
    );
    (level, trace, prop::option::of(any::<bool>()), limits).prop_map(
        move |(level, trace, metrics, (burst, rate))| RouteSettings {
            logging_level: level.filter(|_| executes).map(str::to_owned),
            data_trace_enabled: trace.filter(|_| executes),
            detailed_metrics_enabled: metrics,
            throttling_burst_limit: burst,
            throttling_rate_limit: rate,
        },
    )
}

fn access_log() -> impl Strategy<Value = AccessLog> {
    (select(vec!["arn:a", "arn:b"]), select(vec!["$a", "$b"])).prop_map(|(arn, format)| AccessLog {
        destination_arn: Some(arn.to_owned()),
        format: Some(format.to_owned()),
    })
}

fn routes(executes: bool) -> impl Strategy<Value = BTreeMap<String, RouteSettings>> {
    let key = select(ROUTES).prop_map(str::to_owned);
    prop::collection::btree_map(key, route(executes), 0..3)
}

fn state(executes: bool) -> impl Strategy<Value = V2Stage> {
    let default = prop::option::of(route(executes));
    (prop::option::of(access_log()), default, routes(executes)).prop_map(
        |(access_log_settings, default_route_settings, route_settings)| V2Stage {
            access_log_settings,
            default_route_settings,
            route_settings,
        },
    )
}

/// A call that changes a stage.
#[derive(Debug, Clone)]
enum Call {
    Update(V2StageUpdate),
    DeleteAccessLogs,
    DeleteRoute(String),
    Recreate,
}

fn call(executes: bool) -> impl Strategy<Value = Call> {
    let update = (
        prop::option::of(access_log()),
        prop::option::of(route(executes)),
        prop::option::of(routes(executes)),
    );
    prop_oneof![
        6 => update.prop_map(|(access_log_settings, default_route_settings, route_settings)| {
            Call::Update(V2StageUpdate { access_log_settings, default_route_settings, route_settings })
        }),
        1 => Just(Call::DeleteAccessLogs),
        2 => select(ROUTES).prop_map(|route| Call::DeleteRoute(route.to_owned())),
        1 => Just(Call::Recreate),
    ]
}

fn called(kind: ApiType, stage: &V2Stage, call: &Call) -> V2Stage {
    let mut now = stage.clone();
    match call {
        Call::Update(update) => now = gateway::v2_stage(kind, stage, update).unwrap(),
        Call::DeleteAccessLogs => now.access_log_settings = None,
        Call::DeleteRoute(route) => {
            now.route_settings.remove(route);
        }
        Call::Recreate => now = V2Stage::default(),
    }
    now
}

fn record(call: &Call, after: &V2Stage, is_told: bool) -> Change {
    let base = json!({"apiId": "a1b2c3", "stageName": "prod"});
    let with = |name: &str, value: Value| {
        let mut request = base.clone();
        request[name] = value;
        request
    };
    let mut response = serde_json::to_value(after).unwrap();
    response["stageName"] = json!("prod");
    let response = if is_told { response } else { Value::Null };
    match call {
        Call::Update(update) => {
            let mut request = serde_json::to_value(update).unwrap();
            request["apiId"] = json!("a1b2c3");
            request["stageName"] = json!("prod");
            change("UpdateStage", &request, &response)
        }
        Call::DeleteAccessLogs => change("DeleteAccessLogSettings", &base, &Value::Null),
        Call::DeleteRoute(route) => {
            let request = with("routeKey", json!(route));
            change("DeleteRouteSettings", &request, &Value::Null)
        }
        Call::Recreate => change("CreateStage", &with("autoDeploy", json!(false)), &response),
    }
}

#[derive(Debug, Clone)]
struct Scene {
    kind: ApiType,
    before: V2Stage,
    after: V2Stage,
    live: V2Stage,
    is_told: bool,
    change: Change,
}

impl Scene {
    fn plan(&self, live: &Settings) -> Plan {
        let after = Settings::V2Stage(self.after.clone());
        let before = Settings::V2Stage(self.before.clone());
        let after = self.is_told.then_some(&after);
        restore(&stage(self.kind), &self.change, &before, after, live)
    }
}

fn scene() -> impl Strategy<Value = Scene> {
    any::<bool>().prop_flat_map(|executes| {
        let kind = if executes {
            ApiType::WebSocket
        } else {
            ApiType::Http
        };
        let since = prop::option::of(call(executes));
        (state(executes), call(executes), since, any::<bool>()).prop_map(
            move |(before, call, since, is_told)| {
                let after = called(kind, &before, &call);
                let live = match since {
                    Some(since) => called(kind, &after, &since),
                    None => after.clone(),
                };
                let is_told = is_told && matches!(call, Call::Update(_) | Call::Recreate);
                Scene {
                    kind,
                    change: record(&call, &after, is_told),
                    before,
                    after,
                    live,
                    is_told,
                }
            },
        )
    })
}

fn key_of(field: &Field) -> &str {
    match field {
        Field::Route(key, _) => key,
        _ => "",
    }
}

fn without_trace(settings: &Settings) -> BTreeMap<Field, String> {
    let mut values = fields::values(settings);
    values.retain(|field, _| {
        !matches!(field,
        Field::Default(name) | Field::Route(_, name) if *name == "dataTraceEnabled")
    });
    values
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// What API Gateway makes of the steps is what is wanted; doing it again does nothing.
    #[test]
    fn the_steps_lead_to_what_is_wanted(scene in scene()) {
        let (thing, live) = (stage(scene.kind), Settings::V2Stage(scene.live.clone()));
        let plan = scene.plan(&live);
        assert_decent(&thing, &plan);
        prop_assert!(plan.steps.len() < 2);
        let done = gateway::apply_all(scene.kind, &live, &plan.steps);
        prop_assert_eq!(unmet(&plan, &done), Vec::<String>::new());
        prop_assert_eq!(fields::differences(&plan.wanted, &done), []);
        prop_assert_eq!(scene.plan(&done).steps, []);
        prop_assert_eq!(resume(&thing, &plan, &done).unwrap().steps, []);
        prop_assert_eq!(resume(&thing, &plan, &live).unwrap().steps, plan.steps);
    }

    /// A plan writes what stood before, on the route or on the stage for it, and spares what others have
    /// changed since.
    #[test]
    fn everything_else_stays_as_it_is(scene in scene()) {
        let live = Settings::V2Stage(scene.live.clone());
        let plan = scene.plan(&live);
        let was = fields::values(&Settings::V2Stage(scene.before.clone()));
        let left = fields::values(&Settings::V2Stage(scene.after.clone()));
        for one in fields::differences(&live, &plan.wanted) {
            let before = match &one.field {
                Field::Default(name) | Field::Route(_, name) if *name == "dataTraceEnabled" => {
                    prop_assert_eq!(one.to.as_deref(), Some("false"));
                    continue;
                }
                Field::Route(key, name) if !scene.before.route_settings.contains_key(key) => {
                    was.get(&Field::Default(name))
                }
                field => was.get(field),
            };
            prop_assert_eq!(before, one.to.as_ref(), "{:?}", one.field);
            let route = match &one.field {
                Field::Route(key, _) => Field::Route(key.clone(), "loggingLevel"),
                field => field.clone(),
            };
            let is_moved = plan.moved.contains(&route.path());
            if is_moved {
                let is_log = matches!(one.field, Field::Destination | Field::Format);
                let is_back = !scene.live.route_settings.contains_key(key_of(&one.field));
                let is_level = route == one.field;
                prop_assert!(is_log || is_back || is_level, "{:?}", one);
            }
            if scene.is_told && !is_moved {
                let after = left.get(&one.field);
                let is_filled = after.is_none() && matches!(one.from.as_deref(), Some("OFF" | "false"));
                prop_assert!(after == one.from.as_ref() || is_filled, "{:?}", one);
            }
        }
    }

    /// Taking a restore back gives the state before it, data trace aside, or names the calls that delete.
    #[test]
    fn an_undo_gives_back_what_was_live_or_is_refused(scene in scene()) {
        let (thing, live) = (stage(scene.kind), Settings::V2Stage(scene.live.clone()));
        let plan = scene.plan(&live);
        let done = gateway::apply_all(scene.kind, &live, &plan.steps);
        prop_assert_eq!(undo(&thing, &plan, &live).unwrap().steps, []);
        match undo(&thing, &plan, &done) {
            Ok(back) => {
                assert_decent(&thing, &back);
                let end = gateway::apply_all(scene.kind, &done, &back.steps);
                prop_assert_eq!(without_trace(&end), without_trace(&live));
            }
            Err(UndoRefused::NeedsDelete { commands }) => {
                let Settings::V2Stage(now) = &done else { panic!("{done:?}") };
                let made = now.route_settings.len() - scene.live.route_settings.len();
                let logs = now.access_log_settings.is_some() && scene.live.access_log_settings.is_none();
                prop_assert_eq!(commands.len(), made + usize::from(logs));
                prop_assert!(!commands.is_empty());
            }
            Err(UndoRefused::Moved(moved)) => panic!("{moved}"),
        }
    }

    /// Strings of any kind give a plan.
    #[test]
    fn no_string_is_too_strange(
        routes in prop::collection::vec((".{0,12}", ".{0,6}"), 0..5),
        name in ".{0,9}",
        asked in ".{0,9}",
    ) {
        let state = |levels: bool| {
            let routes = routes.iter().map(|(key, level)| {
                let level = levels.then(|| level.clone());
                (key.clone(), RouteSettings { logging_level: level, ..RouteSettings::default() })
            });
            Settings::V2Stage(V2Stage { route_settings: routes.collect(), ..V2Stage::default() })
        };
        let request = json!({"apiId": "a1b2c3", "routeSettings": {&asked: {"loggingLevel": &asked}}});
        let change = change("UpdateStage", &request, &Value::Null);
        for kind in [ApiType::Http, ApiType::WebSocket] {
            let thing = at(What::Stage(api(kind), name.clone()));
            let plan = restore(&thing, &change, &state(true), None, &state(false));
            assert_decent(&thing, &plan);
            let _ = undo(&thing, &plan, &state(true));
            prop_assert_eq!(resume(&thing, &plan, &state(false)).unwrap().steps, plan.steps);
        }
    }
}
