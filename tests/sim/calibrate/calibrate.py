"""Calibrates the simulated ECS: shapes, request checks, one conversation against moto, waiters. Exit 1 = look."""

import argparse
import json
import pathlib
import sys
import tomllib

import compare
import inputs
import shapes
import stories
from conversation import CONVERSATION, dig, fill
from servers import moto, simulator

LISTED = pathlib.Path(__file__).with_name("divergences.toml")
FIELDS = ["id", "operation", "input", "path", "simulator", "moto", "right", "evidence", "date"]
RIGHT = {"simulator", "moto", "unknown"}


def speak(server, kept, spoken=None):
    """Has the whole conversation with one server: {step: (status, body bytes)}. `spoken` collects shape faults."""
    answers = {}
    for step in CONVERSATION:
        if step.wait and spoken is not None:
            server.control("advance", {"ms": step.wait})
        status, headers, raw = server.call(step.operation, fill(step.input, kept))
        answers[step.id] = (status, raw)
        if spoken is not None:
            spoken += [f"{step.id}: {fault}" for fault in shapes.faults_of_answer(step.operation, status, headers, raw)]
        if status == 200:
            body = json.loads(raw)
            kept.update({name: dig(body, path) or f"no-{name}" for name, path in step.keep.items()})
    return answers


def converse(binary):
    """Both conversations: {(operation, path, simulator, moto): [steps]} and the simulator's shape faults."""
    with moto() as other:
        ec2 = other.client("ec2")
        kept = {
            "subnet": ec2.describe_subnets()["Subnets"][0]["SubnetId"],
            "group": ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"],
        }
        theirs = speak(other, dict(kept))
    faults = []
    with simulator(binary) as sim:
        sim.control("subnet", {"region": "eu-west-1", "id": kept["subnet"], "vpcId": "vpc-1", "zone": "eu-west-1a"})
        ours = speak(sim, dict(kept), faults)
        dump = sim.control("dump")
        faults += [f"{name}: {dump[name]}" for name in ("unknownActions", "shapeFaults", "violations") if dump[name]]
    found = {}
    for step in CONVERSATION:
        for difference in compare.differences_of_answers(ours[step.id], theirs[step.id]):
            found.setdefault((step.operation, *difference), []).append(step.id)
    return found, faults


def listed():
    """The divergences file as {(operation, path, simulator, moto): [steps]}, and what is wrong with the file."""
    rows = tomllib.loads(LISTED.read_text()).get("divergence", []) if LISTED.exists() else []
    wrong, known, ids = [], {}, set()
    for row in rows:
        if sorted(row) != sorted(FIELDS) or row["right"] not in RIGHT or not row["evidence"] or row["id"] in ids:
            wrong.append(f"bad or repeated entry: {row.get('id')}")
            continue
        ids.add(row["id"])
        known[(row["operation"], row["path"], row["simulator"], row["moto"])] = row["input"]
    return known, wrong


def as_toml(key, steps, identity):
    """A new entry, to be judged by a person."""
    operation, path, ours, theirs = key
    row = [identity, operation, steps, path, ours, theirs, "unknown", "", "2026-11-21"]
    return "[[divergence]]\n" + "".join(
        f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in zip(FIELDS, row, strict=True)
    )


def conversation_differences(binary, propose):
    found, faults = converse(binary)
    known, wrong = listed()
    unlisted = {key: steps for key, steps in found.items() if known.get(key) != steps}
    vanished = [key for key, steps in known.items() if found.get(key) != steps]
    print(f"conversation: {len(CONVERSATION)} calls, {len(faults)} shape faults of the simulator")
    print(f"divergences from moto: {len(found)}, listed {len(known)}, unlisted {len(unlisted)}, vanished {len(vanished)}")
    for line in faults + wrong:
        print("  " + line)
    for key, steps in unlisted.items():
        print(f"  unlisted: {key} at {steps}")
    for key in vanished:
        print(f"  vanished or elsewhere: {key} at {known[key]}")
    if propose:
        for number, (key, steps) in enumerate(unlisted.items(), 1):
            with propose.open("a") as out:
                out.write(as_toml(key, steps, f"new-{number:03}") + "\n")
    return bool(faults or wrong or unlisted or vanished)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulator", required=True, help="the ecs-sim binary")
    parser.add_argument("--propose", type=pathlib.Path, help="append unlisted divergences to this file, to be judged")
    parser.add_argument("--rounds", type=int, default=3, help="generated good inputs per operation")
    options = parser.parse_args()
    bad = False
    missed = shapes.self_test()
    print(f"shape checker: misses {missed}")
    bad |= bool(missed)
    with simulator(options.simulator) as sim:
        counts, disagreements = inputs.compare(sim, options.rounds)
    print(f"request checks: {sum(counts.values())} inputs {counts}, {len(disagreements)} disagreements")
    for operation, kind, candidate, botocore, answer in disagreements[:20]:
        print(f"  {operation}, {kind}: botocore refuses {botocore}, simulator {answer}: {json.dumps(candidate)[:300]}")
    bad |= bool(disagreements)
    bad |= conversation_differences(options.simulator, options.propose)
    with simulator(options.simulator, speed=stories.SPEED) as sim:
        for story, failure in stories.run(sim):
            print(f"waiters: {story}: {failure or 'ok'}")
            bad |= failure is not None
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
