"""Two answers to one call, made comparable, and where they differ."""

import json
import re

ABSENT = "(absent)"

# A value that differs at every run, and what stands for it.
NAMES = [
    (re.compile(r"arn:aws:([a-z-]+):([a-z0-9-]*):\d{12}:"), r"arn:aws:\1:\2:<account>:"),
    (re.compile(r"ecs-svc/\d+"), "ecs-svc/<id>"),
    (re.compile(r"/[0-9a-f]{32}\b"), "/<task>"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"\bsubnet-[0-9a-z]+"), "<subnet>"),
    (re.compile(r"\bsg-[0-9a-z]+"), "<group>"),
    (re.compile(r"(service-(?:deployment|revision)/[^/]+/[^/]+)/\w+"), r"\1/<id>"),
]
TIMES = re.compile(r"(At|Since)$")
# Lists whose order says nothing. The order of events, containers and deployments does.
UNORDERED = re.compile(r"(Arns|failures|tags|services|clusters|settings|requiresAttributes|compatibilities)$")
# Texts for people: their words are compared nowhere.
TEXTS = {"message", "rolloutStateReason", "statusReason", "detail"}


def normal(value, name=""):
    """`value` with ids, times and texts replaced."""
    if isinstance(value, dict):
        return {member: normal(item, member) for member, item in value.items()}
    if isinstance(value, list):
        if name == "events":
            return f"<{'some' if value else 'no'} events>"
        items = [normal(item) for item in value]
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True)) if UNORDERED.search(name) else items
    if name == "nextToken":
        return "<token>"
    if name in TEXTS:
        return "<text>"
    if TIMES.search(name):
        return "<time>"
    if isinstance(value, str):
        for pattern, stand_in in NAMES:
            value = pattern.sub(stand_in, value)
    return value


def verdict(status, raw):
    """What an HTTP answer says: ("answers", body) or (error, None)."""
    try:
        body = json.loads(raw)
    except ValueError:
        return f"HTTP {status}, no JSON", None
    if status == 200:
        return "answers", normal(body)
    return f"{body.get('__type')}, HTTP {status}", None


def short(value):
    text = value if value == ABSENT else json.dumps(value, sort_keys=True)
    return text if len(text) <= 160 else text[:157] + "..."


def differences(left, right, path=""):
    """(path, left's value, right's value) of the outermost parts that differ."""
    if type(left) is type(right) and left == right:
        return
    if isinstance(left, dict) and isinstance(right, dict):
        for name in sorted(left.keys() | right.keys()):
            at = f"{path}.{name}" if path else name
            yield from differences(left.get(name, ABSENT), right.get(name, ABSENT), at)
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from differences(one, other, f"{path}[{index}]")
    else:
        yield path, short(left), short(right)


def differences_of_answers(left, right):
    """The same for two HTTP answers, each (status, body bytes)."""
    (left_says, left_body), (right_says, right_body) = verdict(*left), verdict(*right)
    if left_says != right_says:
        yield "", left_says, right_says
    elif left_body is not None:
        yield from differences(left_body, right_body)
