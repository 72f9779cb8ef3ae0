"""botocore's waiters as oracles: they say what AWS takes for stable, running and gone."""

from botocore.exceptions import WaiterError

SPEED = 100
DEFINITION = {"requiresCompatibilities": ["EC2"]}
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


def wait(client, name, seconds, attempts, **arguments):
    """Runs a waiter with its own number of attempts, delays shortened by the simulator's speed."""
    config = {"Delay": seconds / SPEED, "MaxAttempts": attempts}
    client.get_waiter(name).wait(**arguments, WaiterConfig=config)


def expect(truth, text):
    if not truth:
        raise AssertionError(text)


def refuses(call):
    """Why a waiter gave up; fails if it did not."""
    try:
        call()
    except WaiterError as error:
        return str(error)
    raise AssertionError("the waiter passed")


def register(client, family, image):
    container = {"name": "web", "image": image, "memory": 128, "essential": True}
    answer = client.register_task_definition(family=family, containerDefinitions=[container], **DEFINITION)
    return answer["taskDefinition"]["taskDefinitionArn"]


def see(client, name):
    return client.describe_services(cluster="c1", services=[name])["services"][0]


def stable(client, name):
    wait(client, "services_stable", 15, 40, cluster="c1", services=[name])


def a_service_settles(server, client):
    client.create_cluster(clusterName="c1")
    good = register(client, "web", "web:1")
    client.create_service(
        cluster="c1", serviceName="web", taskDefinition=good, desiredCount=3, deploymentConfiguration=BREAKER
    )
    stable(client, "web")
    seen = see(client, "web")
    expect(len(seen["deployments"]) == 1 and seen["runningCount"] == 3, f"not stable: {seen}")


def its_tasks_run(server, client):
    tasks = client.list_tasks(cluster="c1", serviceName="web")["taskArns"]
    expect(len(tasks) == 3, f"tasks: {tasks}")
    wait(client, "tasks_running", 6, 100, cluster="c1", tasks=tasks)


def a_stopped_task_is_no_running_task(server, client):
    task = client.list_tasks(cluster="c1", serviceName="web")["taskArns"][0]
    client.stop_task(cluster="c1", task=task)
    wait(client, "tasks_stopped", 6, 100, cluster="c1", tasks=[task])
    refuses(lambda: wait(client, "tasks_running", 6, 100, cluster="c1", tasks=[task]))
    stable(client, "web")


def services_stable_is_satisfied_by_a_rollback(server, client):
    # ServicesStable passes before the deployment is COMPLETED; until then there is nothing to roll back to.
    server.control("advance", {"ms": 600_000})
    before = see(client, "web")
    old = before["taskDefinition"]
    expect(before["deployments"][0]["rolloutState"] == "COMPLETED", f"not completed: {before['deployments']}")
    server.control("image", {"image": "web:gone", "fate": {"kind": "missing"}})
    wanted = register(client, "web", "web:gone")
    client.update_service(cluster="c1", service="web", taskDefinition=wanted)
    stable(client, "web")
    seen = see(client, "web")
    expect(seen["taskDefinition"] == old != wanted, f"no rollback: {seen['taskDefinition']}")
    listed = client.list_service_deployments(cluster="c1", service="web")["serviceDeployments"]
    states = [one["status"] for one in listed]
    expect("ROLLBACK_SUCCESSFUL" in states, f"service deployments: {states}")


def services_stable_waits_for_tasks_that_never_start(server, client):
    server.control("image", {"image": "web:slow", "fate": {"kind": "hangs"}})
    slow = register(client, "slow", "web:slow")
    client.create_service(cluster="c1", serviceName="slow", taskDefinition=slow, desiredCount=1)
    reason = refuses(lambda: stable(client, "slow"))
    expect("Max attempts" in reason, reason)


def a_deleted_service_becomes_inactive(server, client):
    answer = client.delete_service(cluster="c1", service="web", force=True)
    expect(answer["service"]["status"] == "DRAINING", f"status {answer['service']['status']}")
    refuses(lambda: stable(client, "web"))
    wait(client, "services_inactive", 15, 40, cluster="c1", services=["web"])


def a_service_that_never_was_is_no_inactive_one(server, client):
    reason = refuses(lambda: wait(client, "services_inactive", 15, 40, cluster="c1", services=["nothing"]))
    expect("MISSING" in reason, reason)


STORIES = [
    a_service_settles,
    its_tasks_run,
    a_stopped_task_is_no_running_task,
    services_stable_is_satisfied_by_a_rollback,
    services_stable_waits_for_tasks_that_never_start,
    a_deleted_service_becomes_inactive,
    a_service_that_never_was_is_no_inactive_one,
]


def run(server):
    """(story, why it failed or None), in order; later stories build on earlier ones."""
    client = server.client()
    for story in STORIES:
        try:
            story(server, client)
            yield story.__name__, None
        except Exception as error:  # noqa: BLE001 - a story may fail in any way
            yield story.__name__, f"{type(error).__name__}: {error}"
