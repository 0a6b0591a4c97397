"""Prints operations.tsv: the mutating operations of API Gateway's two service models.

Needs botocore of the version below, and no network or credentials:
    python3 -m venv .venv && .venv/bin/pip install botocore==1.44.5
    .venv/bin/python operations.py > operations.tsv
"""

import sys

import botocore
import botocore.session

BOTOCORE = "1.44.5"
MODELS = {"rest": "apigateway", "v2": "apigatewayv2"}
# TestInvokeMethod and TestInvokeAuthorizer are POST, change nothing and are not logged by CloudTrail.
READS = ("Get", "List", "Export", "Test")


def mutating(service: str) -> list[str]:
    """The names of the operations of one model that are neither GET nor a read by name."""
    model = botocore.session.get_session().get_service_model(service)
    return sorted(
        name
        for name in model.operation_names
        if model.operation_model(name).http["method"] != "GET" and not name.startswith(READS)
    )


def main() -> None:
    if botocore.__version__ != BOTOCORE:
        sys.exit(f"botocore is `{botocore.__version__}`, expected `{BOTOCORE}`: install that one or change BOTOCORE")
    print(f"# Mutating operations of botocore {BOTOCORE}; regenerate: python3 operations.py > operations.tsv")
    for api, service in MODELS.items():
        for name in mutating(service):
            print(f"{api}\t{name}")


if __name__ == "__main__":
    main()
