#!/usr/bin/env python3
"""Writes the compact tables of AWS service models that the simulator checks requests and answers with.

Run, from this directory:

    python3 -m venv /tmp/botocore && /tmp/botocore/bin/pip install botocore==1.44.5
    /tmp/botocore/bin/python generate.py

One file per service: {"operations": {name: {"input", "output", "errors"}}, "shapes": {name: shape}}.
A shape has "k" (kind) and, where it applies: "m" members (name -> shape), "r" required members,
"u" union, "e" enum values, "i" item shape of a list or value shape of a map, "min", "max".
Shapes that say nothing but their kind are replaced by the kind itself.
"""

import json
import pathlib

import botocore.session

SERVICES = ["ecs", "application-autoscaling"]
KEPT_LIMITS = ("min", "max")


def plain(shape):
    """The kind, if the shape says nothing else."""
    limited = any(shape.get(word) is not None for word in (*KEPT_LIMITS, "enum"))
    if shape.get("document"):
        return "document"
    if shape["type"] in ("structure", "list", "map") or limited:
        return None
    return "string" if shape["type"] == "character" else shape["type"]


def compact(shapes, shape):
    def name(reference):
        return plain(shapes[reference["shape"]]) or reference["shape"]

    out = {"k": shape["type"]}
    if shape["type"] == "structure":
        out["m"] = {member: name(target) for member, target in sorted(shape["members"].items())}
        if shape.get("required"):
            out["r"] = sorted(shape["required"])
        if shape.get("union"):
            out["u"] = True
    if shape["type"] == "list":
        out["i"] = name(shape["member"])
    if shape["type"] == "map":
        out["i"] = name(shape["value"])
    if shape.get("enum"):
        out["e"] = list(shape["enum"])
    for limit in KEPT_LIMITS:
        if shape.get(limit) is not None:
            out[limit] = shape[limit]
    return out


def table(model):
    shapes = model["shapes"]
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
    }
    kept = {
        name: compact(shapes, shape)
        for name, shape in sorted(shapes.items())
        if not shape.get("exception") and plain(shape) is None
    }
    return {"operations": operations, "shapes": kept}


def main():
    loader = botocore.session.get_session().get_component("data_loader")
    here = pathlib.Path(__file__).parent
    for service in SERVICES:
        content = table(loader.load_service_model(service, "service-2"))
        lines = ["{"]
        for part, last in (("operations", False), ("shapes", True)):
            lines.append(f'"{part}": {{')
            rows = [f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in content[part].items()]
            lines.append(",\n".join(rows))
            lines.append("}" if last else "},")
        lines.append("}")
        (here / f"{service}.json").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
