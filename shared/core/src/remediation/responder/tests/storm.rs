//! Attacker, owner, deployments, kills and people in any order: never more writes than the budget.

use super::*;

/// What may happen in any order.
#[derive(Debug, Clone)]
enum Move {
    /// The attacker takes logging of a stage away; the event is delivered.
    Attack(usize),
    /// An event comes once more.
    Again(usize),
    /// The owner, or a deployment of theirs, changes a limit.
    Owner(usize),
    /// A deployment by code takes logging away.
    Deploy(usize),
    /// The process dies at a call of the next event.
    Kill(usize, bool),
    /// Time passes.
    Wait(i64),
    /// Somebody approves what waits.
    Approve(usize),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let stages = 0..3_usize;
    let one = prop_oneof![
        4 => stages.clone().prop_map(Move::Attack),
        2 => (0..12_usize).prop_map(Move::Again),
        2 => stages.clone().prop_map(Move::Owner),
        1 => stages.prop_map(Move::Deploy),
        2 => (0..14_usize, any::<bool>()).prop_map(|(at, after)| Move::Kill(at, after)),
        2 => prop_oneof![1..60_i64, 600..4_000_i64].prop_map(Move::Wait),
        1 => (0..12_usize).prop_map(Move::Approve),
    ];
    proptest::collection::vec(one, 1..60)
}

struct Storm {
    world: Arc<World>,
    proposals: Vec<Proposal>,
    invocations: usize,
}

impl Storm {
    fn new() -> Self {
        let world = world();
        for number in 0..3 {
            let thing = stage("a1", &number.to_string());
            let good = logged("INFO", Some(GROUP));
            world.state().things.insert(name(&thing), good);
        }
        Self {
            world,
            proposals: Vec::new(),
            invocations: 0,
        }
    }

    /// Logging is taken away, and an event tells.
    fn take_away(&mut self, number: usize, by_cloudformation: bool) {
        let thing = stage("a1", &number.to_string());
        let good = self.world.state().things[&name(&thing)].clone();
        let Settings::RestStage(mut bad) = good.clone() else {
            return;
        };
        if let Some(set) = bad.method_settings.get_mut("*/*") {
            set.logging_level = Some("OFF".to_owned());
        }
        bad.access_log_settings = None;
        let bad = Settings::RestStage(bad);
        if bad == good {
            return;
        }
        self.world.state().things.insert(name(&thing), bad.clone());
        let now = self.world.state().now;
        let event = format!("e{}", self.proposals.len());
        let mut proposal = proposal(&thing, &event, now, back(&thing, &bad, &good));
        proposal.origin.by_cloudformation = by_cloudformation;
        self.deliver(&proposal);
        self.proposals.push(proposal);
    }

    fn deliver(&mut self, proposal: &Proposal) {
        self.invocations += 1;
        run(&self.world, proposal, &format!("r{}", self.invocations));
        let mut state = self.world.state();
        (state.is_dead, state.trouble) = (false, None);
    }

    fn make(&mut self, one: &Move) {
        match one {
            Move::Attack(number) => self.take_away(*number, false),
            Move::Deploy(number) => self.take_away(*number, true),
            Move::Again(at) => {
                if let Some(proposal) = self.proposals.get(*at).cloned() {
                    self.deliver(&proposal);
                }
            }
            Move::Owner(number) => {
                let mut state = self.world.state();
                let thing = name(&stage("a1", &number.to_string()));
                if let Some(Settings::RestStage(settings)) = state.things.get_mut(&thing)
                    && let Some(set) = settings.method_settings.get_mut("*/*")
                {
                    let burst = set.throttling_burst_limit.unwrap_or_default();
                    set.throttling_burst_limit = Some(burst + 1);
                }
            }
            Move::Kill(at, after) => {
                let mut state = self.world.state();
                let trouble = match after {
                    true => Trouble::KilledAfter,
                    false => Trouble::KilledBefore,
                };
                state.trouble = Some((state.calls.len() + at, trouble));
            }
            Move::Wait(seconds) => self.world.state().now += seconds,
            Move::Approve(at) => {
                let Some(proposal) = self.proposals.get(*at) else {
                    return;
                };
                let command = Command::Approve {
                    id: proposal.id.clone(),
                    by: None,
                };
                let remediator = remediator(&self.world);
                // Killed or refused: either is an answer.
                drop(block_on(remediator.obey(&command, &delivery("c"))));
                let mut state = self.world.state();
                (state.is_dead, state.trouble) = (false, None);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_interleaving_writes_more_than_the_budget(moves in moves()) {
        let mut storm = Storm::new();
        for one in &moves {
            storm.make(one);
        }
        let state = storm.world.state();
        for (key, most) in most_within_an_hour(&state) {
            let share = match key.matches('/').count() {
                1 => PER_ACCOUNT,
                _ => PER_RESOURCE,
            };
            prop_assert!(most <= share, "{key}: {most}");
        }
        let is_cut_off = moves.iter().any(|one| matches!(one, Move::Kill(..)));
        for (id, held) in &state.entries {
            // At most one patch for each event, unless a kill left open whether it was made, and none
            // for what nobody opted into.
            let written = state.written.iter().filter(|(other, ..)| other == id).count();
            prop_assert!(is_cut_off || written <= 1, "{id}: {written}");
            if held.value.by_cloudformation {
                prop_assert_eq!(written, 0);
            }
            if held.value.state == Standing::Verified {
                prop_assert!(held.value.lease.is_none());
            }
        }
        // What others changed is still there.
        for (thing, settings) in &state.things {
            let Settings::RestStage(settings) = settings else { continue };
            let owned = moves.iter().filter(|one| {
                matches!(one, Move::Owner(number) if thing.ends_with(&format!("/{number}")))
            });
            let burst = settings.method_settings["*/*"].throttling_burst_limit;
            prop_assert_eq!(burst, Some(5_000 + i64::try_from(owned.count()).unwrap()));
        }
    }
}
