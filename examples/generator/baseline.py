"""The baseline: what a read of every API, stage and account returned the night before."""

import json

TIME = "2026-11-01T02:00:00Z"


def entry(kind, account, region, settings, api=None, stage=None):
    out = {"kind": kind, "account": account, "region": region}
    if api:
        out["api"] = {"id": api.id, "type": api.type, "name": api.name}
    if stage:
        out["stage"] = stage
    return {**out, "time": TIME, "source": "read", "settings": settings}


def entries(world):
    for api in sorted(world.apis.values(), key=lambda a: (a.account, a.region, a.id)):
        yield entry("api", api.account, api.region, api.settings, api)
        for name, settings in api.stages.items():
            yield entry("stage", api.account, api.region, settings, api, name)
    for (account, region), role in sorted(world.cloudwatch_roles.items()):
        yield entry("account", account, region, {"cloudwatchRoleArn": role} if role else {})


def ndjson(world):
    return "".join(json.dumps(e, separators=(",", ":")) + "\n" for e in entries(world)).encode()
