//! Stages of HTTP and WebSocket APIs: what a change took of their logging.
//!
//! Execution logging exists for WebSocket APIs only. The settings of a route replace those of the stage
//! whole, so what a route leaves out is at AWS's default and not at the stage's.

use std::collections::BTreeSet;

use super::fields::{self, Field, ROUTE, is_execution_logging, route_value};
use super::left;
use super::recovery::{Recovery, Sides, access, is_lowered};
use super::rest_patch::data_trace_note;
use super::shell;
use super::touched::StageTouch;
use crate::baseline::thing::Thing;
use crate::change::{ApiType, Change};
use crate::remediation::settings::{RouteSettings, V2Stage};
use crate::settings::{LogLevel, Scope};

/// The level of a route, by its name in [`ROUTE`].
const LEVEL: &str = "loggingLevel";

/// Whether the API has execution logging. When its kind is not known, nothing of it is written.
pub(super) fn logs_executions(thing: &Thing) -> bool {
    let kind = thing.api().and_then(|api| api.kind);
    kind == Some(ApiType::WebSocket)
}

/// What brings back what the change took away.
pub(super) fn restore(
    thing: &Thing,
    change: &Change,
    before: &V2Stage,
    after: Option<&V2Stage>,
    live: &V2Stage,
) -> Recovery<V2Stage> {
    let mut touch = StageTouch::of(change);
    let is_told = after.is_some();
    if is_told {
        touch.access_log_is_one();
    }
    let after = match after {
        Some(after) => after.clone(),
        None => left::v2_stage(change, before, live),
    };
    let sides = Sides {
        before,
        after: &after,
        live,
    };
    let executes = logs_executions(thing);
    let mut search = Search {
        thing,
        sides,
        executes,
        is_told,
        recovery: Recovery::new(live),
    };
    if touch.level(&Scope::Default) {
        search.default(touch.whole(&Scope::Default));
    }
    let routes: BTreeSet<&String> = before
        .route_settings
        .keys()
        .chain(after.route_settings.keys())
        .collect();
    for route in routes {
        let scope = Scope::of_route(route);
        if touch.level(&scope) {
            search.route(route, touch.whole(&scope));
        }
    }
    let mut recovery = search.recovery;
    let logs = sides.of(|stage| stage.access_log_settings.as_ref());
    if let Some(log) = access(&mut recovery, &touch, logs) {
        recovery.wanted.access_log_settings = log;
    }
    recovery
}

/// The level that holds for a route, or for all others.
fn level(stage: &V2Stage, route: Option<&str>) -> LogLevel {
    let own = route.and_then(|route| stage.route_settings.get(route));
    let set = own.or(stage.default_route_settings.as_ref());
    let level = set.and_then(|set| set.logging_level.as_deref());
    LogLevel::parse(level.unwrap_or_default())
}

/// Which settings of a route count.
#[derive(Clone, Copy)]
enum Rows {
    /// Those of execution logging: the level, and data trace to tell of.
    Level,
    /// Those that were set before.
    Chosen,
    /// All, set or not.
    All,
}

/// What has been found of the routes so far.
struct Search<'a> {
    thing: &'a Thing,
    sides: Sides<&'a V2Stage>,
    executes: bool,
    /// Whether the record shows what the change left behind.
    is_told: bool,
    recovery: Recovery<V2Stage>,
}

impl Search<'_> {
    fn is_lowered(&mut self, route: Option<&str>) -> bool {
        let is_lowered = is_lowered(
            level(self.sides.before, route),
            level(self.sides.after, route),
        );
        let kind = self.thing.api().and_then(|api| api.kind);
        if is_lowered && kind.is_none() {
            self.recovery.leave(
                "whether this is an HTTP or a WebSocket API is not known: levels of execution logging \
                 are not written",
            );
        }
        is_lowered && self.executes
    }

    /// The default route settings. `whole`: the stage was made anew, and has none.
    fn default(&mut self, whole: bool) {
        let own = |stage: &V2Stage| stage.default_route_settings.clone().unwrap_or_default();
        let sides = self.sides.of(own);
        let sides = sides.as_ref();
        let is_lowered = self.is_lowered(None);
        let mut wanted = sides.live.clone();
        let mut rows = ROUTE.iter();
        let level = rows.next().filter(|_| is_lowered);
        let rest = rows.filter(|row| whole || is_lowered && is_execution_logging(row));
        for row in level.into_iter().chain(rest) {
            let is_not_there = is_execution_logging(row) && !self.executes;
            if is_not_there || (row.get)(sides.before).is_none() {
                continue;
            }
            let name = "logging of the default route";
            self.setting(name, Field::Default(row.name), row, sides, &mut wanted);
        }
        if wanted != *sides.live {
            self.recovery.wanted.default_route_settings = Some(wanted);
        }
    }

    fn route(&mut self, route: &str, whole: bool) {
        let sides = self.sides;
        let of = |stage: &'_ V2Stage| stage.route_settings.get(route).cloned();
        let (was, is) = (of(sides.before), of(sides.after));
        let name = format!("logging of {route}");
        match (was, is) {
            (Some(_), None) => self.removed(&name, route),
            (Some(_), Some(_)) if whole => self.removed(&name, route),
            (Some(was), Some(is)) => {
                if self.is_lowered(Some(route)) {
                    self.rows(&name, route, &was, &is, Rows::Level);
                }
            }
            (None, Some(is)) => self.added(&name, route, &is),
            (None, None) => {}
        }
    }

    /// A route whose settings were removed gets back all that it had.
    fn removed(&mut self, name: &str, route: &str) {
        let [before, after] =
            [self.sides.before, self.sides.after].map(|stage| level(stage, Some(route)));
        if self.executes && is_lowered(after, before) {
            self.recovery.leave(format!(
                "the settings of route `{route}` were removed, by which it logs more than before: they \
                 are not brought back"
            ));
            return;
        }
        // Without execution logging this says why a level is not written.
        self.is_lowered(Some(route));
        let of = |stage: &V2Stage| stage.route_settings.get(route).cloned();
        let Some(was) = of(self.sides.before) else {
            return;
        };
        self.recovery.taken(name);
        match (of(self.sides.after), of(self.sides.live)) {
            (None, None) => {
                let mut was = was;
                if !self.executes {
                    was.logging_level = None;
                    was.data_trace_enabled = None;
                }
                let routes = &mut self.recovery.wanted.route_settings;
                routes.insert(route.to_owned(), was);
            }
            (is, _) => {
                self.rows(name, route, &was, &is.unwrap_or_default(), Rows::Chosen);
            }
        }
    }

    /// A route that had no settings of its own and logs less with them. They cannot be removed without a
    /// call that deletes, so they become what the stage had for it.
    fn added(&mut self, name: &str, route: &str, is: &RouteSettings) {
        if !self.is_lowered(Some(route)) {
            return;
        }
        self.recovery.taken(name);
        if !self.sides.live.route_settings.contains_key(route) {
            return;
        }
        let was = self.sides.before.default_route_settings.clone();
        let rows = if self.is_told { Rows::All } else { Rows::Level };
        self.rows(name, route, &was.unwrap_or_default(), is, rows);
        if let Some(command) = shell::delete_route_settings(self.thing, route) {
            self.recovery.note(format!(
                "route `{route}` had no settings of its own; to remove those that it has now: {command}"
            ));
        }
    }

    /// Settings of a route that has some.
    fn rows(
        &mut self,
        name: &str,
        route: &str,
        was: &RouteSettings,
        is: &RouteSettings,
        which: Rows,
    ) {
        let live = self.sides.live.route_settings.get(route).cloned();
        let Some(live) = live else {
            self.recovery.taken(name);
            self.gone_since(route, was);
            return;
        };
        let sides = Sides {
            before: was,
            after: is,
            live: &live,
        };
        let mut wanted = live.clone();
        for row in ROUTE {
            let is_chosen = match which {
                Rows::Level => is_execution_logging(row),
                Rows::Chosen => (row.get)(was).is_some(),
                Rows::All => true,
            };
            if is_chosen && (self.executes || !is_execution_logging(row)) {
                let field = Field::Route(route.to_owned(), row.name);
                self.setting(name, field, row, sides, &mut wanted);
            }
        }
        if wanted != live {
            let routes = &mut self.recovery.wanted.route_settings;
            routes.insert(route.to_owned(), wanted);
        }
    }

    /// A route that had settings, was silenced, and has no settings any more.
    fn gone_since(&mut self, route: &str, was: &RouteSettings) {
        let levels = self.sides.of(|stage| level(stage, Some(route)));
        if self.executes && is_lowered(levels.before, levels.live) {
            let field = Field::Route(route.to_owned(), LEVEL);
            self.recovery.moved.insert(field.path());
            let routes = &mut self.recovery.wanted.route_settings;
            routes.insert(route.to_owned(), was.clone());
        } else {
            self.recovery.leave(format!(
                "the settings of route `{route}` were removed since and are left so"
            ));
        }
    }

    fn setting(
        &mut self,
        name: &str,
        field: Field,
        row: &fields::Row<RouteSettings>,
        sides: Sides<&RouteSettings>,
        wanted: &mut RouteSettings,
    ) {
        let values = sides.of(|settings| route_value(row, settings));
        if values.before == values.after {
            return;
        }
        self.recovery.taken(name);
        if row.name == "dataTraceEnabled" {
            if values.before.as_deref() == Some("true") && values.live.as_deref() == Some("false") {
                let name = name.trim_start_matches("logging of ");
                self.recovery.note(data_trace_note(name));
            }
            return;
        }
        let levels = values
            .as_ref()
            .of(|value| LogLevel::parse(value.as_deref().unwrap_or_default()));
        let is_loss = row.name == LEVEL && is_lowered(levels.before, levels.live);
        let values = values.as_ref().of(Option::as_deref);
        if self.recovery.comes_back(&field, values, is_loss) {
            (row.copy)(sides.before, wanted);
        }
    }
}
