# SPDX-License-Identifier: Apache-2.0
"""What schemathesis must be told about Muster beyond its document."""

import itertools
import os

import schemathesis
from schemathesis import GenerationMode

# Complaints about calls that fit the document. Each depends on what is stored, on two parameters together, or on a rule that
# a JSON Schema cannot say; any other complaint about such a call is a failure.
BEYOND_A_SCHEMA = [
    "has already been taken",
    "has already been used for another request",
    "must exist",
    "is suspended",
    "is not an email",
    "has no seat left",
    "is in this call already",
    "is not the one this user is known by",
    "can't be blank",  # a blank that only Unicode knows; a name that a new user lacks
    "Cursor is invalid",
    "come together",
    "must contain at least 1",
    "is too long (maximum is 72 bytes)",
    "is too long (maximum is 255 bytes)",
    "is too long (maximum is 3155760000 seconds)",
    "must be greater than 0",
    "Url is invalid",
    "Webhooks are too many",
    "contains a character that cannot be stored",
    "contains a null character or a number out of range",
    "contain a value that is no switch",  # 1.0 is 1 to a schema
    "must be an integer",  # so is it here
    "is not a number",
    "is out of range",
]


# Texts that a pattern allows are seldom an address, and never one that nobody has: most calls would end at it, and nothing would
# be there for the calls that follow. Every fourth is left as it was made up.
numbers = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    number = next(numbers)
    if case.media_type == "application/x-ndjson":
        # To a schema it is a text; whatever is no JSON is rightly refused.
        case.body = f'{{"email": "person-{os.getpid()}-{number}@example.org", "name": "Person"}}\n' * (number % 3)
        return
    if number % 4 == 0 or not isinstance(case.body, dict):
        return
    if case.operation.definition.raw["operationId"] in ("createUser", "provision"):
        case.body["email"] = f"person-{os.getpid()}-{number}@example.org"
        if "external_id" in case.body:
            case.body["external_id"] = f"E-{os.getpid()}-{number}"
        case.body.setdefault("name", "Person")


@schemathesis.check
def known_complaint(ctx, response, case):
    """A call that fits the document is refused with 422 only for what the document cannot say."""
    if response.status_code != 422 or case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    if case.media_type == "application/x-www-form-urlencoded" and holds_null(case.body):
        return  # A form has no null: what was sent is the text of it.
    body = response.json()
    if "results" in body:
        return  # An atomic bulk call: each result was validated by itself.
    unknown = [part for part in sentences(body["message"]) if not any(known in part for known in BEYOND_A_SCHEMA)]
    if unknown:
        raise AssertionError(f"a valid call was refused: {unknown} ({case.operation.label})")


def holds_null(value):
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return value is None or any(map(holds_null, parts))


def sentences(message):
    """Joined by commas, which no complaint of ours has inside."""
    return message.split(", ")


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx, value):
    return value if isinstance(value, bytes) else str(value).encode()
