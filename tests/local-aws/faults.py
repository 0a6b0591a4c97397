"""What the relay does wrong on purpose, as the tests ask for it.

A rule names the calls it is for and what goes wrong; the first rule that matches a call is used. A name is
`service:Operation` with `*` for any text; without a service it is API Gateway's, v1 or v2.
"""

import dataclasses
import fnmatch
import random
import threading


# The statuses that a rule may answer, each with the code and the message it has unless the rule says otherwise.
STATUSES = {
    400: ("BadRequestException", "Invalid request input"),
    403: ("AccessDeniedException", "User is not authorized to perform this action"),
    404: ("NotFoundException", "Invalid identifier specified"),
    409: ("ConflictException", "Unable to complete operation due to concurrent modification. Please try again later."),
    429: ("TooManyRequestsException", "Too Many Requests"),
    500: ("InternalServerErrorException", "Internal server error"),
}


@dataclasses.dataclass
class Rule:
    """One rule; every member but `operation` is optional."""

    operation: str
    delay: float = 0  # seconds until the event is published
    duplicate: int = 0  # how many more times it is published
    reorder: int = 0  # hold this many events, then publish them in another order
    seed: int = 0  # of that order
    drop_event: bool = False  # never publish it
    answer: int = 0  # one of STATUSES: answer so and do not pass the call on
    code: str = ""  # the error code of that answer
    retry_after: float = 1  # seconds, sent with a 429; 0 is not sent
    drop_answer: bool = False  # pass the call on, then close the connection without an answer
    skip: int = 0  # how many calls it lets pass first
    times: int = 0  # how many calls the rule is for; 0 is all
    seen: int = 0
    used: int = 0

    def __post_init__(self):
        if self.answer not in (0, *STATUSES):
            raise ValueError(f"answer {self.answer}: expected one of {', '.join(map(str, STATUSES))}")
        if ":" not in self.operation:
            self.operation = f"apigateway*:{self.operation}"

    def matches(self, name):
        """Whether the rule is for this call and not used up."""
        return (not self.times or self.used < self.times) and fnmatch.fnmatchcase(name, self.operation)


class Faults:
    """The rules in force, and the events that a rule holds back."""

    def __init__(self):
        self._lock = threading.Lock()
        self._rules = []
        self._held = []

    def replace(self, rules):
        """Puts new rules in force; refuses unknown members. Returns the events that the old ones still held."""
        rules = [Rule(**rule) for rule in rules]
        with self._lock:
            held, self._held = self._shuffled(self._rules[0].seed if self._rules else 0), []
            self._rules = rules
        return held

    def rules(self):
        """The rules in force, with how often each was used."""
        with self._lock:
            return [dataclasses.asdict(rule) for rule in self._rules]

    def take(self, name):
        """The rule for a call, counted as used; one that changes nothing if there is none."""
        with self._lock:
            for rule in self._rules:
                if not rule.matches(name):
                    continue
                rule.seen += 1
                if rule.seen > rule.skip:
                    rule.used += 1
                    return rule
        return Rule("none")

    def hold(self, rule, events):
        """Keeps events back until there are enough of them; then returns all, in the order of the seed."""
        with self._lock:
            self._held += events
            if len(self._held) < rule.reorder:
                return []
            released, self._held = self._shuffled(rule.seed), []
        return released

    def _shuffled(self, seed):
        """The held events in an order that is never the one of their arrival."""
        order = list(self._held)
        while len(order) > 1 and order == self._held:
            random.Random(seed).shuffle(order)
            seed += 1
        return order
