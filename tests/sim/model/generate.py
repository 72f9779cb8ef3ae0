#!/usr/bin/env python3
"""Writes the compact tables of AWS service models that the simulator checks requests and answers with.

Run, from this directory:

    python3 -m venv /tmp/botocore && /tmp/botocore/bin/pip install botocore==1.44.5
    /tmp/botocore/bin/python generate.py

One file per service: {"operations": {name: {"input", "output", "errors"}}, "shapes": {name: shape}, "codes":
{error code: error shape, where they differ}}.
A shape has "k" (kind) and, where it applies: "m" members (name -> shape), "r" required members,
"u" union, "e" enum values, "i" item shape of a list or value shape of a map, "min", "max"; and for what is
written as forms and XML "w" (member -> name on the wire, or of a list's items), "q" (member -> name in requests).
Shapes that say nothing but their kind are replaced by the kind itself.
"""

import json
import pathlib

import botocore.session

SERVICES = ["ecs", "application-autoscaling", "elbv2", "cloudwatch", "ec2", "sts", "iam", "sqs"]
# Where only a part of a service is wanted: its operations.
PARTS = {
    "ec2": ["DescribeSubnets", "DescribeSecurityGroups"],
    "iam": ["GetRole"],
    "sqs": ["DeleteMessageBatch", "ReceiveMessage", "SendMessage"],
}
KEPT_LIMITS = ("min", "max")


def plain(shape):
    """The kind, if the shape says nothing else."""
    limited = any(shape.get(word) is not None for word in (*KEPT_LIMITS, "enum"))
    if shape.get("document"):
        return "document"
    if shape["type"] in ("structure", "list", "map") or limited:
        return None
    return "string" if shape["type"] == "character" else shape["type"]


def names(members, trait):
    """What members are called on the wire, where that is not their own name."""
    called = {member: target.get(trait) for member, target in sorted(members.items())}
    return {member: word for member, word in called.items() if word and word != member}


def compact(shapes, shape, forms):
    def name(reference):
        return plain(shapes[reference["shape"]]) or reference["shape"]

    out = {"k": shape["type"]}
    if shape["type"] == "structure":
        out["m"] = {member: name(target) for member, target in sorted(shape["members"].items())}
        if shape.get("required"):
            out["r"] = sorted(shape["required"])
        if shape.get("union"):
            out["u"] = True
        for letter, trait in (("w", "locationName"), ("q", "queryName")):
            if forms and names(shape["members"], trait):
                out[letter] = names(shape["members"], trait)
    if shape["type"] == "list":
        out["i"] = name(shape["member"])
        if forms and shape["member"].get("locationName", "member") != "member":
            out["w"] = {"item": shape["member"]["locationName"]}
    if shape["type"] == "map":
        out["i"] = name(shape["value"])
    if shape.get("enum"):
        out["e"] = list(shape["enum"])
    for limit in KEPT_LIMITS:
        if shape.get(limit) is not None:
            out[limit] = shape[limit]
    return out


def reachable(shapes, names):
    """The named shapes and everything they are made of."""
    seen, left = set(), list(names)
    while left:
        name = left.pop()
        if name and name not in seen:
            seen.add(name)
            shape = shapes[name]
            parts = [*shape.get("members", {}).values(), shape.get("member"), shape.get("value")]
            left.extend(part["shape"] for part in parts if part)
    return seen


def table(model, part):
    shapes = model["shapes"]
    forms = model["metadata"]["protocol"] in ("query", "ec2")
    operations = {
        name: {
            "input": operation.get("input", {}).get("shape", ""),
            "output": operation.get("output", {}).get("shape", ""),
            "errors": sorted(
                shapes[error["shape"]].get("error", {}).get("code", error["shape"])
                for error in operation.get("errors", [])
            ),
        }
        for name, operation in sorted(model["operations"].items())
        if not part or name in part
    }
    ends = [operation[end] for operation in operations.values() for end in ("input", "output")]
    wanted = reachable(shapes, ends) if part else set(shapes)
    codes = {
        shape.get("error", {}).get("code", name): name
        for name, shape in sorted(shapes.items())
        if shape.get("exception") and shape.get("error", {}).get("code", name) not in shapes
    }
    kept = {
        name: compact(shapes, shape, forms)
        for name, shape in sorted(shapes.items())
        if name in wanted and not shape.get("exception") and plain(shape) is None
    }
    return {"operations": operations, "shapes": kept, "codes": codes if model["metadata"]["protocol"] == "smithy-rpc-v2-cbor" else {}}


def main():
    loader = botocore.session.get_session().get_component("data_loader")
    here = pathlib.Path(__file__).parent
    for service in SERVICES:
        content = table(loader.load_service_model(service, "service-2"), PARTS.get(service))
        lines = ["{"]
        parts = [part for part in ("operations", "shapes", "codes") if content[part]]
        for part in parts:
            last = part == parts[-1]
            lines.append(f'"{part}": {{')
            rows = [f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in content[part].items()]
            lines.append(",\n".join(rows))
            lines.append("}" if last else "},")
        lines.append("}")
        (here / f"{service}.json").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
