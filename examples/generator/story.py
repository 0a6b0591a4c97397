"""Runs all steps in the order of time on one world; gives the records, the baseline and the README's timeline."""

from . import baseline, deployments, intrusion, layout, neighbours, services
from .identities import ALIASES
from .inventory import World
from .records import record

HEADER = (
    "| Time | Account | Region | API or resource | What the intruder does | Rules that fire |\n"
    "|---|---|---|---|---|---|\n"
)


def run():
    """Every call of the day as (time, record)."""
    world = World()
    steps = services.steps(world) + neighbours.steps() + deployments.steps() + intrusion.steps()
    out = []
    for step in sorted(steps, key=lambda s: s.at):
        world.now = step.at
        out.append((step.at, record(step.actor, step.call(world), step.at, step.region)))
    return out


def contents():
    """Path below `examples/` -> (content, compressed or not)."""
    out = {f"incident/{path}": (content, True) for path, content in layout.files(run()).items()}
    out["incident-baseline.ndjson"] = (baseline.ndjson(World()), False)
    return out


def timeline():
    """The README's table, from the same steps that make the records."""
    rows = []
    for step in sorted(intrusion.steps(), key=lambda s: s.at):
        if step.story:
            rules = ", ".join(f"`{rule}`" for rule in step.rules) or "-"
            rows.append(
                f"| {step.at:%H:%M:%S} | {ALIASES[step.actor.account]} | {step.region} | "
                f"{f'`{step.target}`' if step.target else '-'} | {step.story} | {rules} |\n"
            )
    return HEADER + "".join(rows)
