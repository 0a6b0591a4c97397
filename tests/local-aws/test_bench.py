"""The bench: starts, works end to end, and leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bench import ACCOUNT, REGION, LocalAws, StartFailed, wait_for
from deploy import connect_rule
from scenes import deploy_probe, http_stage, patch, queue_of, receive, refused, rest_stage

HERE = Path(__file__).resolve().parent


def processes_of_group(group):
    """The ids of all processes of a process group."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(entry.parent.name))
    return found


def listens(url):
    """Whether somebody takes connections there."""
    host, port = url.rpartition("/")[2].split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def test_update_stage_arrives_as_one_event(aws):
    """The loop's first half, by plain boto3 calls: REST, HTTP and WebSocket."""
    url, arn = queue_of(aws, "alarms")
    pattern = {"source": ["aws.apigateway"], "detail-type": ["AWS API Call via CloudTrail"],
               "detail": {"eventSource": ["apigateway.amazonaws.com"], "eventName": ["UpdateStage"]}}
    connect_rule(aws, "alarms", pattern, arn)
    rest, http = aws.client("apigateway"), aws.client("apigatewayv2")
    rest.update_account(patchOperations=patch("replace", "/cloudwatchRoleArn", f"arn:aws:iam::{ACCOUNT}:role/logs"))
    rest.update_stage(**rest_stage(rest), patchOperations=patch("replace", "/*/*/logging/loglevel", "OFF"))
    http.update_stage(**http_stage(http), DefaultRouteSettings={"DetailedMetricsEnabled": True})
    http.update_stage(**http_stage(http, "WEBSOCKET"), DefaultRouteSettings={"LoggingLevel": "OFF"})
    records = [json.loads(message["Body"])["detail"] for message in receive(aws, url)]
    assert [record["eventName"] for record in records] == ["UpdateStage"] * 3
    after = [record["responseElements"] for record in records]
    assert after[0]["methodSettings"]["*/*"]["loggingLevel"] == "OFF"
    assert after[1]["defaultRouteSettings"] == {"detailedMetricsEnabled": True}
    assert after[2]["defaultRouteSettings"] == {"loggingLevel": "OFF"}


def test_a_rule_invokes_a_function_whose_calls_are_seen(aws, tmp_path):
    """The mechanism that carries the Rust functions: a `bootstrap` that gets the event and calls AWS."""
    arn = deploy_probe(aws, tmp_path, UNDO="1")
    connect_rule(aws, "guard", {"detail": {"eventName": ["CreateRestApi"]}}, arn)
    aws.client("apigateway").create_rest_api(name="a")
    undone = wait_for(lambda: aws.events("DeleteRestApi"))[0]["detail"]
    assert undone["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == f"arn:aws:iam::{ACCOUNT}:role/guard"
    assert aws.calls(caller="assumed-role/guard/") == {"apigateway:DeleteRestApi": 1}


def test_reset_empties_everything(aws):
    aws.client("apigateway").create_rest_api(name="a")
    aws.faults({"operation": "*", "answer": 500})
    aws.reset()
    assert (aws.events(), aws.calls()) == ([], {})
    assert aws.client("apigateway").get_rest_apis()["items"] == []


def test_nothing_is_left_behind(tmp_path):
    with LocalAws(moto=True) as aws:
        urls = [aws.endpoint_url, aws.emulator_url, aws.moto_url]
        groups, folder = [server.pid for server in aws.servers], aws.folder
        deploy_probe(aws, tmp_path)
        aws.client("lambda").invoke(FunctionName="guard", Payload=b'{"detail": {}}')
        api = aws.client("apigateway", endpoint_url=aws.moto_url).create_rest_api(name="a")
        assert api["endpointConfiguration"]["types"] == ["EDGE"]
        assert all(map(listens, urls))
        assert len([pid for group in groups for pid in processes_of_group(group)]) == 4
    assert not any(map(listens, urls))
    assert not any(map(processes_of_group, groups))
    assert not folder.exists()


def test_servers_die_with_a_killed_parent(tmp_path):
    script = ("import time, bench\n"
              "with bench.LocalAws() as aws:\n"
              "    print(*[server.pid for server in aws.servers], aws.folder, flush=True)\n"
              "    time.sleep(60)\n")
    environment = {**os.environ, "PYTHONPATH": str(HERE), "TMPDIR": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True) as parent:
        *groups, _folder = parent.stdout.readline().split()
        parent.send_signal(signal.SIGKILL)
    wait_for(lambda: not any(processes_of_group(int(group)) for group in groups))


def test_a_server_that_does_not_start_says_why(monkeypatch):
    monkeypatch.setattr("bench.STARTS", 1)
    with pytest.raises(StartFailed, match="ValueError.*no number"):
        with LocalAws(environment={"GATEWAY_PORT": "no number"}):
            pass


def test_servers_listen_on_loopback_only():
    with LocalAws(moto=True) as aws:
        open_files = {os.readlink(link) for server in aws.servers for link in Path(f"/proc/{server.pid}/fd").iterdir()}
        listening = []
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and f"socket:[{fields[9]}]" in open_files:
                    listening.append(fields[1].partition(":")[0])
        assert listening == ["0100007F"] * 3


def test_servers_get_a_clean_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with LocalAws() as aws:
        assert b"AWS_PROFILE" not in Path(f"/proc/{aws.servers[0].pid}/environ").read_bytes()
        aws.client("apigateway").create_rest_api(name="a")


def test_permissions_are_enforced_when_asked():
    with LocalAws(auth=True) as aws:
        stage = rest_stage(aws.client("apigateway"))
        iam = aws.client("iam")
        iam.create_user(UserName="alice")
        allowed = f"arn:aws:apigateway:{REGION}::/restapis/{stage['restApiId']}/stages/prod"
        policy = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "apigateway:PATCH", "Resource": allowed}]}
        iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName="alice")["AccessKey"]
        rest = aws.client("apigateway", account=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
        rest.update_stage(**stage, patchOperations=patch("replace", "/description", "x"))
        assert aws.events("UpdateStage")[-1]["detail"]["userIdentity"]["arn"].endswith(":user/alice")
        refused("AccessDeniedException", rest.delete_stage, **stage)
        denied = aws.events("DeleteStage")[-1]["detail"]
        assert (denied["errorCode"], denied["requestParameters"]) == ("AccessDenied", None)
