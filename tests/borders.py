"""Holds the borders between crates: what may never be in the dependency tree of which crate.

`cargo deny` bans crates from the whole workspace; it cannot say "not from this crate".
"""

import subprocess
import sys

# Crate, prefixes of crates it must not link, and why.
BORDERS = [
    (
        "portcullis-core",
        ("aws-", "lambda_", "cedar-", "tokio", "hyper", "reqwest"),
        "core decides on plain values; it talks to nothing",
    ),
    *(
        (
            function,
            ("cedar-", "portcullis-policy", "aws-sdk-ssm"),
            "a function that cannot write has no policy engine and no kill switch to ask",
        )
        for function in ("api-lifecycle", "baseline", "portcullis")
    ),
    *(
        (function, ("aws-lc", "openssl-sys"), "one TLS library, and one that starts fast")
        for function in ("api-exposure", "api-lifecycle", "baseline", "stage-logging")
    ),
]


def tree(package):
    """Names of all crates that a package links, without those of its tests."""
    command = ["cargo", "tree", "--locked", "--package", package, "--edges", "normal,build"]
    command += ["--prefix", "none", "--format", "{p}", "--target", "all"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    names = {line.split()[0].replace("_", "-") for line in listed.splitlines() if line.strip()}
    if package not in names:
        raise SystemExit(f"{package}: cargo tree does not even list the crate itself")
    return names


def main():
    broken = []
    for package, banned, reason in BORDERS:
        prefixes = tuple(prefix.replace("_", "-") for prefix in banned)
        names = tree(package)
        found = sorted(name for name in names if name.startswith(prefixes))
        if found:
            broken.append(f"{package} links {', '.join(found)}: {reason}")
        else:
            print(f"{package}: {len(names)} crates, none of {', '.join(banned)}")
    for line in broken:
        print(line, file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
