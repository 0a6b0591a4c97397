"""CloudTrail's layout in S3: one file per account, Region and delivery, not sorted inside, a few records in two files,
and a digest file, which holds no records.
"""

import hashlib
import json
from collections import defaultdict
from datetime import timedelta

from .identities import PROD
from .ids import ALNUM, DAY, clock, digest, iso, stream, token

ROOT = "AWSLogs/o-exampleorgid"
BUCKET = "organization-trail-logs"
BUSY = {
    "eu-west-1": (0, 6, 8, 9, 10, 11, 13, 17, 24),
    "eu-central-1": (0, 8, 10, 11, 15, 24),
    "us-east-1": (0, 9, 12, 24),
}
DELIVERED_TWICE = 7


def delivery(at, region):
    """The end of the interval in which CloudTrail delivers a record of that time."""
    return next(end for end in BUSY[region] if at.hour < end)


def path(account, region, end):
    time = DAY + timedelta(hours=end, minutes=5) if end < 24 else DAY + timedelta(hours=23, minutes=55)
    name = f"{account}_CloudTrail_{region}_{time:%Y%m%dT%H%MZ}_{token(ALNUM, 16, 'file', account, region, end)}.json.gz"
    return f"{ROOT}/{account}/CloudTrail/{region}/{DAY:%Y/%m/%d}/{name}"


def shuffled(timed):
    """Roughly by time, as delivered: every record up to four minutes out of place."""
    rng = stream("order")
    return sorted(timed, key=lambda item: item[0] + timedelta(seconds=rng.randrange(240)))


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def files(timed):
    """Path -> content before compression, for (time, record) pairs."""
    groups, keys = defaultdict(list), {}
    for at, record in shuffled(timed):
        key = (record["recipientAccountId"], record["awsRegion"], delivery(at, record["awsRegion"]))
        groups[key].append(record)
        keys[record["eventID"]] = key
    for record in repeated(timed):
        account, region, end = keys[record["eventID"]]
        later = [e for (a, r, e) in groups if (a, r) == (account, region) and e > end]
        groups[(account, region, min(later))].insert(3, record)
    out = {path(*key): compact({"Records": records}) for key, records in sorted(groups.items())}
    digest_path, content = digest_file(out)
    return {**out, digest_path: content}


def repeated(timed):
    """Records delivered a second time: some of the changes of the incident, some of anything."""
    changes = [
        r
        for at, r in timed
        if r["eventName"] in ("DeleteAccessLogSettings", "UpdateRestApi", "DeleteApi")
        and clock("10:00:00") < at < clock("11:10:00")
    ]
    others = [r for at, r in timed if at.hour < 9]
    rng = stream("repeated")
    picks = changes[::4] + [others[rng.randrange(len(others))] for _ in range(DELIVERED_TWICE)]
    return picks[:DELIVERED_TWICE]


def digest_file(logs):
    """The digest of shop-prod's files in eu-west-1 up to the start of the incident."""
    account, region = PROD, "eu-west-1"
    start, end = clock("09:02:31"), clock("10:02:31")
    folder = f"{ROOT}/{account}/CloudTrail-Digest/{region}/{DAY:%Y/%m/%d}"
    stem = f"{folder}/{account}_CloudTrail-Digest_{region}_organization-trail_eu-west-1_"
    covered = [p for p in logs if f"/{account}/CloudTrail/{region}/" in p and "T1005Z" in p]
    content = {
        "awsAccountId": account,
        "digestStartTime": iso(start),
        "digestEndTime": iso(end),
        "digestS3Bucket": BUCKET,
        "digestS3Object": f"{stem}{end:%Y%m%dT%H%M%SZ}.json.gz",
        "digestPublicKeyFingerprint": digest("fingerprint")[:32],
        "digestSignatureAlgorithm": "SHA256withRSA",
        "newestEventTime": iso(end),
        "oldestEventTime": iso(start),
        "previousDigestS3Bucket": BUCKET,
        "previousDigestS3Object": f"{stem}{start:%Y%m%dT%H%M%SZ}.json.gz",
        "previousDigestHashValue": digest("previous"),
        "previousDigestHashAlgorithm": "SHA-256",
        "previousDigestSignature": digest("signature") * 8,
        "logFiles": [log_entry(p, logs[p]) for p in covered],
    }
    return content["digestS3Object"], compact(content)


def log_entry(log_path, content):
    """CloudTrail hashes the content before compression."""
    times = sorted(r["eventTime"] for r in json.loads(content)["Records"])
    return {
        "s3Bucket": BUCKET,
        "s3Object": log_path,
        "hashValue": hashlib.sha256(content).hexdigest(),
        "hashAlgorithm": "SHA-256",
        "newestEventTime": times[-1],
        "oldestEventTime": times[0],
    }
