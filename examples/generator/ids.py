"""Everything made up but stable: random streams, ids and times, all derived from one seed.

No clock and no global random state: the same code gives the same bytes.
"""

import hashlib
import random
from datetime import datetime, timedelta

SEED = "portcullis-example-incident"
DAY = datetime(2026, 11, 2)

UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"
ALNUM = LOWER + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def stream(*names):
    """A random stream of its own, so that adding records to one part leaves the others as they are."""
    return random.Random("/".join((SEED, *names)))


def digest(*parts):
    return hashlib.sha256("/".join((SEED, *map(str, parts))).encode()).hexdigest()


def token(alphabet, length, *parts):
    """`length` characters of `alphabet`, always the same for the same `parts`."""
    number = int(digest(*parts), 16)
    chars = []
    for _ in range(length):
        number, index = divmod(number, len(alphabet))
        chars.append(alphabet[index])
    return "".join(chars)


def uuid(*parts):
    h = digest("uuid", *parts)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{'89ab'[int(h[16], 16) % 4]}{h[17:20]}-{h[20:32]}"


def access_key(prefix, *parts):
    """`AKIA...EXAMPLE` or `ASIA...EXAMPLE`: 20 characters that no scanner takes for a live key."""
    return prefix + token(UPPER, 9, prefix, *parts) + "EXAMPLE"


def principal_id(prefix, *parts):
    return prefix + token(UPPER, 17, prefix, *parts)


def clock(text):
    """`10:05:14` on the day of the incident."""
    hours, minutes, seconds = map(int, text.split(":"))
    return DAY + timedelta(hours=hours, minutes=minutes, seconds=seconds)


def iso(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def long_date(time):
    """`Nov 2, 2026, 9:44:07 AM`, as STS writes an expiration."""
    half = "AM" if time.hour < 12 else "PM"
    return f"{time:%b} {time.day}, {time.year}, {time.hour % 12 or 12}:{time:%M:%S} {half}"
