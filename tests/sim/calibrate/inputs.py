"""Generated inputs, good and bad: the simulator's request check against botocore's ParamValidator."""

import copy
import random

from botocore.validate import ParamValidator

from shapes import MODEL

DEPTH = 4


def good(shape, draw, depth=0):
    """A value that fits `shape`; optional members come and go."""
    kind = shape.type_name
    if kind == "structure":
        if getattr(shape, "is_tagged_union", False):
            name = draw.choice(sorted(shape.members))
            return {name: good(shape.members[name], draw, depth + 1)}
        chosen = {}
        for name, member in shape.members.items():
            wanted = depth < DEPTH and draw.random() < 0.5
            if name in shape.required_members or wanted:
                chosen[name] = good(member, draw, depth + 1)
        return chosen
    if kind == "list":
        least = int(shape.metadata.get("min", 0))
        most = int(shape.metadata.get("max", least + 2))
        return [good(shape.member, draw, depth + 1) for _ in range(max(least, min(most, draw.randint(1, 2))))]
    if kind == "map":
        return {"key": good(shape.value, draw, depth + 1)}
    if kind in ("string", "blob"):
        if getattr(shape, "enum", None):
            return draw.choice(shape.enum)
        return "a" * max(4, int(shape.metadata.get("min", 0)))
    if kind == "boolean":
        return draw.random() < 0.5
    if kind == "timestamp":
        return 1_795_219_200
    number = max(int(shape.metadata.get("min", 0)), min(int(shape.metadata.get("max", 100)), draw.randint(0, 100)))
    return number


def places(shape, value, at=()):
    """Every (path, shape, value) inside a value, itself included."""
    yield at, shape, value
    if shape.type_name == "structure":
        for name, item in value.items():
            yield from places(shape.members[name], item, (*at, name))
    elif shape.type_name == "list":
        for index, item in enumerate(value):
            yield from places(shape.member, item, (*at, index))
    elif shape.type_name == "map":
        for name, item in value.items():
            yield from places(shape.value, item, (*at, name))


def inside(value, path):
    for step in path:
        value = value[step]
    return value


def replaced(value, path, new):
    value = copy.deepcopy(value)
    inside(value, path[:-1])[path[-1]] = new
    return value


def spoil(shape, value, draw):
    """(kind of fault, bad value) of each kind that this value has room for."""
    spots = list(places(shape, value))
    structures = [spot for spot in spots if spot[1].type_name == "structure"]
    path, where, _ = draw.choice(structures)
    unknown = copy.deepcopy(value)
    inside(unknown, path)["noSuchMember"] = "a"
    yield ("unknown member", unknown)
    required = [(path, name) for path, where, _ in structures for name in where.required_members]
    if required:
        path, name = draw.choice(required)
        missing = copy.deepcopy(value)
        del inside(missing, path)[name]
        yield ("missing member", missing)
    members = [spot for spot in spots if spot[0]]
    # A timestamp has several written forms, so it is left alone.
    typed = [spot for spot in members if spot[1].type_name != "timestamp"]
    if typed:
        path, where, _ = draw.choice(typed)
        yield ("wrong type", replaced(value, path, {"a": 1} if where.type_name == "list" else ["a"]))
        path, where, _ = draw.choice(typed)
        swapped = "1" if where.type_name != "string" else 1
        yield ("text for number and back", replaced(value, path, swapped))
    small = [s for s in members if s[1].type_name in ("integer", "long") and s[1].metadata.get("min") is not None]
    if small:
        path, where, _ = draw.choice(small)
        yield ("below the minimum", replaced(value, path, int(where.metadata["min"]) - 1))
    enums = [spot for spot in members if getattr(spot[1], "enum", None)]
    if enums:
        yield ("outside the enum", replaced(value, draw.choice(enums)[0], "NO_SUCH_WORD"))
    yield ("null", None if not members else replaced(value, draw.choice(members)[0], None))


# botocore leaves these to the service. A null member is absent to the service (RPC protocols drop it).
SIMULATOR_ONLY = {"outside the enum"}
BOTOCORE_ONLY = {"null"}


def compare(server, rounds=3):
    """(number of inputs, per kind of fault; disagreements) over every modelled operation."""
    draw = random.Random(20261121)
    counts, disagreements = {}, []
    for operation in MODEL.operation_names:
        shape = MODEL.operation_model(operation).input_shape
        for _ in range(rounds):
            value = good(shape, draw)
            for kind, candidate in [("good", value), *spoil(shape, value, draw)]:
                if candidate is None:
                    continue
                botocore = ParamValidator().validate(candidate, shape).has_errors()
                answer = server.control("check", {"action": operation, "input": candidate})
                ours = "refusal" in answer
                counts[kind] = counts.get(kind, 0) + 1
                if kind in BOTOCORE_ONLY:
                    continue
                if kind in SIMULATOR_ONLY:
                    fine = ours and not botocore
                else:
                    fine = ours == botocore == (kind != "good")
                if not fine:
                    disagreements.append((operation, kind, candidate, botocore, answer))
    return counts, disagreements
