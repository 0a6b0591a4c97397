"""What every part of the intrusion needs: the intruder's step, Regions, rule ids."""

from .identities import intruder
from .ids import clock
from .records import Step

WEST, CENTRAL, EAST = "eu-west-1", "eu-central-1", "us-east-1"
LOGGING = "stage-logging-disabled"


def step(at, account, region, story, call, *rules, target="", script=False):
    return Step(clock(at), intruder(account, script), region, call, story, rules, target)
