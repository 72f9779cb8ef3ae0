"""Calibrates the simulated ECS: shapes, request checks, one conversation against moto, waiters. Exit 1 = look."""

import argparse
import json
import pathlib
import sys
import tomllib
from collections import Counter

import compare
import inputs
import shapes
import stories
from conversation import CONVERSATION, dig, fill
from servers import moto, simulator

LISTED = pathlib.Path(__file__).with_name("divergences.toml")
FIELDS = ["id", "right", "evidence", "date", "differences"]
DIFFERENCE = ["operation", "path", "simulator", "moto", "input"]
RIGHT = ["simulator", "moto", "neither", "unknown"]


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
    """Both conversations: [(operation, path, simulator, moto, step)] and the simulator's shape faults."""
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
    found = [
        (step.operation, *difference, step.id)
        for step in CONVERSATION
        for difference in compare.differences_of_answers(ours[step.id], theirs[step.id])
    ]
    return found, faults


def whole(judgement):
    """Whether a judgement has all its members and says why."""
    return (
        sorted(judgement) == sorted(FIELDS)
        and judgement["right"] in RIGHT
        and judgement["evidence"]
        and judgement["differences"]
        and all(sorted(one) == sorted(DIFFERENCE) and one["input"] for one in judgement["differences"])
    )


def listed():
    """The divergences file: its judgements, their differences as `converse` has them, and what is wrong with it."""
    judgements = tomllib.loads(LISTED.read_text()).get("judgement", []) if LISTED.exists() else []
    wrong, known, ids = [], [], set()
    for judgement in judgements:
        if not whole(judgement) or judgement["id"] in ids:
            wrong.append(f"bad or repeated judgement: {judgement.get('id')}")
            continue
        ids.add(judgement["id"])
        for one in judgement["differences"]:
            operation, path, ours, theirs, steps = (one[name] for name in DIFFERENCE)
            known += [(operation, path, ours, theirs, step) for step in steps]
    wrong += [f"judged twice: {one}" for one, times in Counter(known).items() if times > 1]
    return judgements, known, wrong


def by_steps(differences):
    """The same differences, the steps where each occurs gathered: {(operation, path, simulator, moto): [steps]}."""
    gathered = {}
    for *difference, step in differences:
        gathered.setdefault(tuple(difference), []).append(step)
    return gathered


def as_toml(difference, steps, identity):
    """A judgement of one new difference, to be completed by a person: it is refused while `evidence` is empty."""
    values = zip(DIFFERENCE, (*difference, steps), strict=True)
    row = ", ".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values)
    return (
        f'[[judgement]]\nid = "{identity}"\nright = "unknown"\nevidence = ""\ndate = ""\n'
        f"differences = [\n  {{ {row} }},\n]\n"
    )


def tally(judgements):
    """How many judgements, and differences in them, say who is right."""
    entries, differences = Counter(), Counter()
    for judgement in judgements:
        entries[judgement.get("right")] += 1
        differences[judgement.get("right")] += len(judgement.get("differences", []))
    said = ", ".join(f"{right} {entries[right]} ({differences[right]})" for right in RIGHT)
    return f"judgements (differences) by who is right: {said}"


def conversation_differences(binary, propose):
    found, faults = converse(binary)
    judgements, known, wrong = listed()
    unlisted = by_steps(one for one in found if one not in set(known))
    vanished = by_steps(one for one in known if one not in set(found))
    print(f"conversation: {len(CONVERSATION)} calls, {len(faults)} shape faults of the simulator")
    print(f"divergences from moto: {len(by_steps(found))}, unlisted {len(unlisted)}, vanished {len(vanished)}")
    print(tally(judgements))
    for line in faults + wrong:
        print("  " + line)
    for word, differences in (("unlisted", unlisted), ("vanished", vanished)):
        for difference, steps in differences.items():
            print(f"  {word}: {difference} at {steps}")
    if propose:
        with propose.open("a") as out:
            for number, (difference, steps) in enumerate(unlisted.items(), 1):
                out.write(as_toml(difference, steps, f"new-{number:03}") + "\n")
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
