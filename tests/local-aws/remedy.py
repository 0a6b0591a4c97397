"""Portcullis with its baseline and remediation switched on, and what tests of it need."""

import json
import subprocess

from bench import ACCOUNT
from deliveries import at
from scenes import queue_of
from stack import BINARIES, ROOT, Stack, finding

KILL_SWITCH = "/portcullis/remediation"
REMEDIATOR = "portcullis-remediator"
WRITERS = ("stage-logging", "api-exposure")
# What stands before an attack is made so long ago, for events count in whole seconds.
EARLIER = {"eventTime": at(120)}
TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}


class Remedied(Stack):
    """All functions; `modes(...)` writes the remediation.toml that the writers read at their next start."""

    def __init__(self, aws, folder):
        self.folder = folder
        (folder / "thresholds.toml").write_text((ROOT / "policies/thresholds.toml").read_text())
        (folder / "remediation.toml").write_text(modes())
        (folder / "cedar").mkdir()
        for policy in (ROOT / "policies/cedar").glob("*.cedar"):
            (folder / "cedar" / policy.name).write_text(policy.read_text())
        aws.client("iam").create_role(RoleName=REMEDIATOR, AssumeRolePolicyDocument=json.dumps(TRUST))
        super().__init__(aws)
        self.sweeps, _ = queue_of(aws, "sweeps")
        self.settings["PORTCULLIS_SWEEP_QUEUE"] = self.sweeps
        self.functions["baseline"] = self.deploy("baseline")
        self.settings |= {"PORTCULLIS_CONFIG": str(folder), "PORTCULLIS_REMEDIATION_MAX": "auto",
                          "PORTCULLIS_KILL_SWITCH": KILL_SWITCH}
        self.switch("allow")
        self.restart()

    def switch(self, value):
        """Sets the kill switch: `allow`, or anything else."""
        self.aws.client("ssm").put_parameter(Name=KILL_SWITCH, Value=value, Type="String", Overwrite=True)

    def configure_modes(self, text):
        """Another remediation.toml, from the next event on."""
        (self.folder / "remediation.toml").write_text(text)
        self.restart()

    def entries(self):
        """The ledger's entries by id, newest last."""
        items = self.items("L#").values()
        entries = [json.loads(item["doc"]) for item in items if not item["pk"].startswith("L#T#")]
        return {entry["id"]: entry for entry in sorted(entries, key=lambda entry: entry["created"])}

    def writes(self):
        """Events of calls by the remediator's role."""
        return [event for event in self.aws.events() if f":assumed-role/{REMEDIATOR}/" in issuer(event)]

    def command(self, *arguments):
        """Runs the command line against this AWS; returns exit status, standard output and error."""
        environment = {
            "AWS_ENDPOINT_URL": self.aws.endpoint_url, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "test", "PATH": "/usr/bin:/bin"}
        run = subprocess.run([BINARIES / "portcullis", *arguments], env=environment, capture_output=True, text=True,
                             check=False, timeout=60)
        return run.returncode, run.stdout, run.stderr

    def decisions(self, rule=None):
        """What messages of findings say was decided."""
        return [one["decision"] for one in self.findings(rule)]

    def findings(self, rule=None):
        """The findings that messages carry; later messages about remediations carry none."""
        found = [finding(message) for message in self.messages() if "--- finding (JSON)" in message["Message"]]
        return [one for one in found if rule in (None, one["rule"])]

    def later(self):
        """What later messages about remediations carry."""
        marker = "\n--- remediation (JSON)\n"
        return [json.loads(message["Message"].split(marker)[1]) for message in self.messages()
                if marker in message["Message"]]


def issuer(event):
    """ARN of the session that made the call."""
    return event["detail"]["userIdentity"].get("arn") or ""


def modes(default="auto", **others):
    """A remediation.toml with one mode for all, or others for some (`restore_stage_logging="off"`)."""
    names = ("restore-stage-logging", "restore-account-logging-role", "restore-private-endpoint", "redeploy", "contain")
    lines = [f'{name} = "{others.get(name.replace("-", "_"), default)}"' for name in names]
    return "\n".join(["[modes]", *lines, ""])
