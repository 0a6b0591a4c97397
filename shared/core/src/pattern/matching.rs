//! Array-consistent matching of one rule: different fields must not use different elements of one array.
//!
//! Fields are taken in the order of their names. After each, the search keeps the distinct array elements
//! it has settled on, and forgets an array once no later field can meet it: linear in the event for each
//! field, at worst times the square of the depth of arrays. Choices multiply only in odd events, such as
//! one that spells a path in two ways, `{"a.b": [], "a": {"b": []}}`: hence a budget.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::ptr;
use std::rc::Rc;

use serde_json::Value;

use super::compile::Rule;
use super::value::Matcher;

/// How many array elements one field may try. An event of 1 MB, the largest that EventBridge takes, has
/// half a million at most, and a field with `exists: false` looks at them twice.
const BUDGET: usize = 2_000_000;

/// The search was given up.
#[derive(Debug)]
pub(super) struct Exhausted;

/// Whether all fields of a rule match the event.
pub(super) fn matches(rule: &Rule, event: &Value) -> Result<bool, Exhausted> {
    let mut trails: Vec<Trail<'_>> = vec![None];
    let mut fields = rule.iter();
    while let Some((name, matchers)) = fields.next() {
        let later: Vec<&str> = fields.clone().map(|(name, _)| name.as_str()).collect();
        let mut step = Step::new(name, &later);
        for trail in &trails {
            step.take(event, matchers, trail);
            if step.budget == 0 {
                return Err(Exhausted);
            }
        }
        if step.reached.is_empty() {
            return Ok(false);
        }
        trails = step.reached;
    }
    Ok(true)
}

/// The array elements that the fields so far have settled on, the last one first.
///
/// A list that shares its tail, so that a hostile event of deeply nested arrays costs no copies.
type Trail<'e> = Option<Rc<Choice<'e>>>;

struct Choice<'e> {
    array: &'e [Value],
    index: usize,
    /// Where the array is in the event: the names down to it, joined by dots.
    path: &'e str,
    earlier: Trail<'e>,
}

fn chosen_index(mut trail: &Trail<'_>, array: &[Value]) -> Option<usize> {
    while let Some(choice) = trail {
        if ptr::eq(choice.array, array) {
            return Some(choice.index);
        }
        trail = &choice.earlier;
    }
    None
}

/// One field, tried from every trail that the earlier fields have left.
struct Step<'e, 'l> {
    name: &'e str,
    later: &'l [&'e str],
    reached: Vec<Trail<'e>>,
    seen: HashSet<Option<*const Choice<'e>>>,
    budget: usize,
}

/// Called with each value of a field that the trail allows, and the trail including that value.
type Visitor<'v, 'e> = dyn FnMut(&mut Step<'e, '_>, &'e Value, &Trail<'e>) -> ControlFlow<()> + 'v;

impl<'e, 'l> Step<'e, 'l> {
    fn new(name: &'e str, later: &'l [&'e str]) -> Self {
        Self {
            name,
            later,
            reached: Vec::new(),
            seen: HashSet::new(),
            budget: BUDGET,
        }
    }

    fn take(&mut self, event: &'e Value, matchers: &[Matcher], trail: &Trail<'e>) {
        if matchers.contains(&Matcher::Absent) && self.is_absent(event, trail) {
            self.reach(trail);
        }
        let _ = self.walk(event, Some(self.name), trail, &mut |step, value, trail| {
            if matchers.iter().any(|matcher| matcher.matches(value)) {
                step.reach(trail);
            }
            ControlFlow::Continue(())
        });
    }

    /// `exists: false` holds if no value is consistent with the elements chosen so far.
    fn is_absent(&mut self, event: &'e Value, trail: &Trail<'e>) -> bool {
        self.walk(event, Some(self.name), trail, &mut |_, _, _| {
            ControlFlow::Break(())
        })
        .is_continue()
    }

    /// Keeps a trail once, without the newest choices that no later field can meet.
    fn reach(&mut self, trail: &Trail<'e>) {
        let mut trail = trail;
        while let Some(choice) = trail {
            if self.later.iter().any(|name| is_below(name, choice.path)) {
                break;
            }
            trail = &choice.earlier;
        }
        if self.seen.insert(trail.as_ref().map(Rc::as_ptr)) {
            self.reached.push(trail.clone());
        }
    }

    /// Finds the values at `rest` below `value`; `rest` is `None` once the name is used up.
    fn walk(
        &mut self,
        value: &'e Value,
        rest: Option<&'e str>,
        trail: &Trail<'e>,
        visit: &mut Visitor<'_, 'e>,
    ) -> ControlFlow<()> {
        match (value, rest) {
            (Value::Array(array), rest) => self.walk_array(array, rest, trail, visit),
            (Value::Object(members), Some(rest)) => {
                for (key, below) in leading_keys(rest) {
                    if let Some(value) = members.get(key) {
                        self.walk(value, below, trail, visit)?;
                    }
                }
                ControlFlow::Continue(())
            }
            (Value::Object(_), None) | (_, Some(_)) => ControlFlow::Continue(()),
            (leaf, None) => visit(self, leaf, trail),
        }
    }

    /// In the reference only objects and arrays are elements to be consistent with; the plain values of
    /// an array are free.
    fn walk_array(
        &mut self,
        array: &'e [Value],
        rest: Option<&'e str>,
        trail: &Trail<'e>,
        visit: &mut Visitor<'_, 'e>,
    ) -> ControlFlow<()> {
        if let Some(index) = chosen_index(trail, array) {
            // Names are sorted, so an array that is already decided is never the last step of a name and
            // its plain values do not matter.
            return match array.get(index) {
                Some(element) => self.walk(element, rest, trail, visit),
                None => ControlFlow::Continue(()),
            };
        }
        for (index, element) in array.iter().enumerate() {
            self.budget = self.budget.saturating_sub(1);
            if self.budget == 0 {
                return ControlFlow::Break(());
            }
            if element.is_object() || element.is_array() {
                let choice = Choice {
                    array,
                    index,
                    path: path_before(self.name, rest),
                    earlier: trail.clone(),
                };
                self.walk(element, rest, &Some(Rc::new(choice)), visit)?;
            } else {
                self.walk(element, rest, trail, visit)?;
            }
        }
        ControlFlow::Continue(())
    }
}

/// Every key that `rest` may begin with, and what is left after it: a key may contain dots itself.
fn leading_keys(rest: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    rest.match_indices('.')
        .filter_map(|(at, _)| Some((rest.get(..at)?, Some(rest.get(at + 1..)?))))
        .chain(std::iter::once((rest, None)))
}

/// The part of `name` that leads to where `rest` is left.
fn path_before<'n>(name: &'n str, rest: Option<&str>) -> &'n str {
    let Some(rest) = rest else { return name };
    name.strip_suffix(rest)
        .and_then(|path| path.strip_suffix('.'))
        .unwrap_or_default()
}

fn is_below(name: &str, path: &str) -> bool {
    name.strip_prefix(path)
        .is_some_and(|rest| rest.starts_with('.'))
}

#[cfg(test)]
mod tests;
