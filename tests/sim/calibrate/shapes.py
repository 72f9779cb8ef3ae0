"""Strict check of an answer against botocore's output shapes: what botocore's own parser lets through."""

import json
import re

import botocore.session

MODEL = botocore.session.Session().get_service_model("ecs")

# Any operation may give these though no operation lists them.
COMMON_ERRORS = {
    "ThrottlingException",
    "SerializationException",
    "UnknownOperationException",
    "MissingAuthenticationTokenException",
    "ExpiredTokenException",
}

# Plain strings in the model; the values are listed in the members' documentation.
TASK_STATUS = {
    "PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED", "DELETED",
}  # fmt: skip
LEGAL = {
    ("Service", "status"): {"ACTIVE", "DRAINING", "INACTIVE"},
    ("Cluster", "status"): {"ACTIVE", "PROVISIONING", "DEPROVISIONING", "FAILED", "INACTIVE"},
    ("Cluster", "attachmentsStatus"): {"UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", "UPDATE_FAILED"},
    ("Deployment", "status"): {"PRIMARY", "ACTIVE", "INACTIVE"},
    ("TaskSet", "status"): {"PRIMARY", "ACTIVE", "DRAINING"},
    ("Task", "lastStatus"): TASK_STATUS,
    ("Task", "desiredStatus"): {"RUNNING", "STOPPED", "PENDING"},
    ("Container", "lastStatus"): TASK_STATUS,
}

KINDS = {
    "string": str,
    "blob": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float),
    "structure": dict,
    "map": dict,
    "list": list,
}


def check(shape, value, path=""):
    """Yields what does not fit."""
    kind = shape.type_name
    if value is None:
        yield f"{path}: null"
        return
    boolean_as_number = isinstance(value, bool) and kind != "boolean"
    if not isinstance(value, KINDS[kind]) or boolean_as_number:
        yield f"{path}: {type(value).__name__} where {kind} belongs"
        return
    if kind == "structure":
        yield from check_structure(shape, value, path)
    elif kind == "list":
        for index, item in enumerate(value):
            yield from check(shape.member, item, f"{path}[{index}]")
    elif kind == "map":
        for name, item in value.items():
            yield from check(shape.value, item, f"{path}.{name}")
    elif kind == "timestamp" and not 1_400_000_000 < value < 4_000_000_000:
        yield f"{path}: {value} is no time in seconds"
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{path}: {value!r} outside {shape.name}"


def check_structure(shape, value, path):
    for name, item in value.items():
        if name not in shape.members:
            yield f"{path}.{name}: unknown to {shape.name}"
            continue
        yield from check(shape.members[name], item, f"{path}.{name}")
        legal = LEGAL.get((shape.name, name))
        if legal and item not in legal:
            yield f"{path}.{name}: {item!r} is no {name} of {shape.name}"
    for name in shape.required_members:
        if name not in value:
            yield f"{path}.{name}: missing"


def faults_of_answer(operation, status, headers, raw):
    """All faults of one HTTP answer to an ECS operation."""
    try:
        body = json.loads(raw)
    except ValueError:
        return [f"{operation}: HTTP {status} without JSON"]
    modelled = MODEL.operation_model(operation)
    if status == 200:
        return [f"{operation}{fault}" for fault in check(modelled.output_shape, body)]
    faults = []
    code = body.get("__type")
    known = {shape.name for shape in modelled.error_shapes} | COMMON_ERRORS
    if code not in known:
        faults.append(f"{operation}: error {code} is not among the operation's errors")
    if headers.get("X-Amzn-Errortype") != code:
        faults.append(f"{operation}: header names {headers.get('X-Amzn-Errortype')}, body {code}")
    if not isinstance(body.get("message"), str):
        faults.append(f"{operation}: error without message")
    if (status >= 500) != (code == "ServerException"):
        faults.append(f"{operation}: {code} with HTTP {status}")
    return faults


def self_test():
    """Plants one fault of each kind; a checker that misses one is worth nothing. Returns the missed ones."""
    good = {"services": [{"serviceName": "a", "status": "ACTIVE", "createdAt": 1.79e9, "launchType": "EC2"}]}
    planted = {
        "unknown member": {"serviceNam": "a"},
        "wrong type": {"desiredCount": "1"},
        "boolean as number": {"desiredCount": True},
        "enum": {"launchType": "LAMBDA"},
        "null": {"launchType": None},
        "time as text": {"createdAt": "2026-11-21"},
        "time in milliseconds": {"createdAt": 1.79e12},
        "status": {"status": "GONE"},
    }
    missed = []
    if faults_of_answer("DescribeServices", 200, {}, json.dumps(good)):
        missed.append("a good answer was refused")
    for what, member in planted.items():
        bad = {"services": [{**good["services"][0], **member}]}
        if len(faults_of_answer("DescribeServices", 200, {}, json.dumps(bad))) != 1:
            missed.append(what)
    error = {"__type": "ServiceNotFoundException", "message": "no"}
    header = {"X-Amzn-Errortype": "ServiceNotFoundException"}
    if not faults_of_answer("CreateCluster", 400, header, json.dumps(error)):
        missed.append("error of another operation")
    if not re.search("without JSON", " ".join(faults_of_answer("CreateCluster", 500, {}, "<html>"))):
        missed.append("HTML")
    return missed
