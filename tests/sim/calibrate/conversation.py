"""One conversation with ECS, spoken to the simulator and to moto alike."""

from dataclasses import dataclass, field
from string import Template


@dataclass
class Step:
    """One call. `keep` names parts of the answer for later inputs; `wait` lets time pass first (simulator only)."""

    id: str
    operation: str
    input: dict
    keep: dict = field(default_factory=dict)
    wait: int = 0


def fill(value, kept):
    """`value` with $names replaced by what was kept."""
    if isinstance(value, str):
        return Template(value).safe_substitute(kept)
    if isinstance(value, list):
        return [fill(item, kept) for item in value]
    if isinstance(value, dict):
        return {name: fill(item, kept) for name, item in value.items()}
    return value


def dig(value, path):
    """The part of an answer at a dotted path; None if there is none."""
    for name in path.split("."):
        if isinstance(value, list):
            value = value[int(name)] if int(name) < len(value) else None
        else:
            value = (value or {}).get(name)
        if value is None:
            return None
    return value


MINUTE = 60_000
WEB = {"name": "web", "image": "web:1", "memory": 128, "cpu": 10, "essential": True}
DEFINITION = {"family": "web", "requiresCompatibilities": ["EC2"], "containerDefinitions": [WEB]}
VPC = {"awsvpcConfiguration": {"subnets": ["$subnet"], "securityGroups": ["$group"], "assignPublicIp": "DISABLED"}}
STRATEGY = {
    "maximumPercent": 150,
    "minimumHealthyPercent": 50,
    "deploymentCircuitBreaker": {"enable": True, "rollback": True},
}


def service(name, **members):
    base = {"cluster": "c1", "serviceName": name, "taskDefinition": "web", "desiredCount": 2, "launchType": "EC2"}
    base.update(members)
    return {member: value for member, value in base.items() if value is not None}


def update(name, **members):
    return {"cluster": "c1", "service": name, **members}


CLUSTERS = [
    Step("cluster", "CreateCluster", {"clusterName": "c1", "tags": [{"key": "team", "value": "a"}]}, {"cluster": "cluster.clusterArn"}),
    Step("cluster again", "CreateCluster", {"clusterName": "c1"}),
    Step("second cluster", "CreateCluster", {"clusterName": "xc1"}),
    Step("cluster, bad name", "CreateCluster", {"clusterName": "c 1"}),
    Step("clusters seen", "DescribeClusters", {"clusters": ["c1"], "include": ["TAGS", "SETTINGS"]}),
    Step("cluster missing", "DescribeClusters", {"clusters": ["nowhere"]}),
    Step("cluster page 1", "ListClusters", {"maxResults": 1}, {"cluster_page": "nextToken"}),
    Step("cluster page 2", "ListClusters", {"maxResults": 1, "nextToken": "$cluster_page"}),
    Step("cluster setting", "UpdateClusterSettings", {"cluster": "c1", "settings": [{"name": "containerInsights", "value": "enabled"}]}),
]

DEFINITIONS = [
    Step("revision 1", "RegisterTaskDefinition", DEFINITION, {"td1": "taskDefinition.taskDefinitionArn"}),
    Step("revision 2", "RegisterTaskDefinition", {**DEFINITION, "tags": [{"key": "git", "value": "abc"}]}, {"td2": "taskDefinition.taskDefinitionArn"}),
    Step(
        "revision on Fargate",
        "RegisterTaskDefinition",
        {"family": "far", "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256", "memory": "512",
         "containerDefinitions": [{**WEB, "portMappings": [{"containerPort": 80}]}]},
    ),
    Step("revision without containers", "RegisterTaskDefinition", {"family": "none", "containerDefinitions": []}),
    Step("revision, Fargate without cpu", "RegisterTaskDefinition", {**DEFINITION, "family": "bad", "requiresCompatibilities": ["FARGATE"]}),
    Step("newest revision", "DescribeTaskDefinition", {"taskDefinition": "web", "include": ["TAGS"]}),
    Step("revision missing", "DescribeTaskDefinition", {"taskDefinition": "web:77"}),
    Step("revision page", "ListTaskDefinitions", {"familyPrefix": "web", "maxResults": 1, "sort": "DESC"}),
    Step("families", "ListTaskDefinitionFamilies", {"familyPrefix": "we"}),
]  # fmt: skip

SERVICES = [
    Step("service", "CreateService", service("web", taskDefinition="web:1", clientToken="t1", deploymentConfiguration=STRATEGY, propagateTags="SERVICE", enableECSManagedTags=True, tags=[{"key": "team", "value": "a"}]), {"service": "service.serviceArn", "deployment": "service.deployments.0.id"}),
    Step("service token replay", "CreateService", service("web", taskDefinition="web:1", clientToken="t1", deploymentConfiguration=STRATEGY, propagateTags="SERVICE", enableECSManagedTags=True, tags=[{"key": "team", "value": "a"}])),
    Step("service duplicate", "CreateService", service("web", taskDefinition="web:1", deploymentConfiguration=STRATEGY, propagateTags="SERVICE", enableECSManagedTags=True, tags=[{"key": "team", "value": "a"}])),
    Step("service seen", "DescribeServices", {"cluster": "c1", "services": ["web"], "include": ["TAGS"]}),
    Step("service missing", "DescribeServices", {"cluster": "c1", "services": ["nothing"]}),
    Step("service in a missing cluster", "DescribeServices", {"cluster": "nowhere", "services": ["web"]}),
    Step("eleven names", "DescribeServices", {"cluster": "c1", "services": [f"s{number}" for number in range(11)]}),
    Step("service on Fargate", "CreateService", service("far", taskDefinition="far", launchType="FARGATE", networkConfiguration=VPC)),
    Step("service by strategy", "CreateService", service("strategic", taskDefinition="far", launchType=None, capacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}], networkConfiguration=VPC)),
    Step("tasks listed", "ListTasks", {"cluster": "c1", "serviceName": "web"}, wait=10 * MINUTE),
    Step("service settled", "DescribeServices", {"cluster": "c1", "services": ["web"]}),
    Step("tag service", "TagResource", {"resourceArn": "$service", "tags": [{"key": "more", "value": "b"}]}),
    Step("untag service", "UntagResource", {"resourceArn": "$service", "tagKeys": ["more"]}),
    Step("tags of service", "ListTagsForResource", {"resourceArn": "$service"}),
    Step("tag with a reserved key", "TagResource", {"resourceArn": "$service", "tags": [{"key": "aws:x", "value": "b"}]}),
]  # fmt: skip

BAD = [
    Step("no desired count", "CreateService", service("bad1", desiredCount=None)),
    Step("negative count", "CreateService", service("bad2", desiredCount=-1)),
    Step("no room to roll", "CreateService", service("bad3", deploymentConfiguration={"maximumPercent": 100, "minimumHealthyPercent": 100})),
    Step("launch type and strategy", "CreateService", service("bad4", capacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}])),
    Step("bad service name", "CreateService", service("bad 5")),
    Step("missing definition", "CreateService", service("bad6", taskDefinition="nothing:1")),
    Step("missing cluster", "CreateService", service("bad7", cluster="nowhere")),
    Step("daemon on Fargate", "CreateService", service("bad8", taskDefinition="far", launchType="FARGATE", schedulingStrategy="DAEMON", desiredCount=None, networkConfiguration=VPC)),
    Step("awsvpc without network", "CreateService", service("bad9", taskDefinition="far", launchType="FARGATE")),
    Step("unknown launch type", "CreateService", service("bad10", launchType="LAMBDA")),
    Step("unknown member", "CreateService", service("bad11", noSuchMember="a")),
    Step("text for a number", "CreateService", service("bad12", desiredCount="2")),
    Step("update of nothing", "UpdateService", update("nothing", desiredCount=1)),
    Step("delete nothing", "DeleteService", {"cluster": "c1", "service": "nothing"}),
    Step("bad page token", "ListServices", {"cluster": "c1", "nextToken": "bogus"}),
    Step("stop a missing task", "StopTask", {"cluster": "c1", "task": "0" * 32}),
    Step("see a missing task", "DescribeTasks", {"cluster": "c1", "tasks": ["0" * 32]}),
]  # fmt: skip

CHANGES = [
    Step("new revision", "UpdateService", update("web", taskDefinition="web:2")),
    Step("while rolling", "DescribeServices", {"cluster": "c1", "services": ["web"]}, wait=1_000),
    Step("deployments of service", "ListServiceDeployments", {"cluster": "c1", "service": "web"}, {"rollout": "serviceDeployments.0.serviceDeploymentArn", "revision": "serviceDeployments.0.targetServiceRevisionArn"}, wait=10 * MINUTE),
    Step("service deployment", "DescribeServiceDeployments", {"serviceDeploymentArns": ["$rollout"]}),
    Step("service revision", "DescribeServiceRevisions", {"serviceRevisionArns": ["$revision"]}),
    Step("stop a finished deployment", "StopServiceDeployment", {"serviceDeploymentArn": "$rollout"}),
    Step("scale", "UpdateService", update("web", desiredCount=3)),
    Step("force", "UpdateService", update("web", forceNewDeployment=True)),
    Step("negative scale", "UpdateService", update("far", desiredCount=-1)),
    Step("after all", "DescribeServices", {"cluster": "c1", "services": ["web"]}, wait=10 * MINUTE),
    Step("service page 1", "ListServices", {"cluster": "c1", "maxResults": 2}, {"service_page": "nextToken"}),
    Step("services of the neighbour", "ListServices", {"cluster": "xc1"}),
]  # fmt: skip

END = [
    Step("delete a busy cluster", "DeleteCluster", {"cluster": "c1"}),
    Step("cluster for the end", "CreateCluster", {"clusterName": "c1"}),
    Step("service for the end", "CreateService", service("last", taskDefinition="web:2")),
    Step("delete without force", "DeleteService", {"cluster": "c1", "service": "last"}, wait=10 * MINUTE),
    Step("delete with force", "DeleteService", {"cluster": "c1", "service": "last", "force": True}),
    Step("create while draining", "CreateService", service("last", taskDefinition="web:2")),
    Step("listed while draining", "ListServices", {"cluster": "c1", "launchType": "EC2"}),
    Step("after draining", "DescribeServices", {"cluster": "c1", "services": ["last"]}, wait=15 * MINUTE),
    Step("update of an inactive service", "UpdateService", update("last", desiredCount=1)),
    Step("create again", "CreateService", service("last", taskDefinition="web:2", desiredCount=0)),
    Step("deregister", "DeregisterTaskDefinition", {"taskDefinition": "web:1"}),
    Step("delete an active revision", "DeleteTaskDefinitions", {"taskDefinitions": ["web:2"]}),
    Step("delete a revision", "DeleteTaskDefinitions", {"taskDefinitions": ["web:1"]}),
    Step("revision number after deletion", "RegisterTaskDefinition", DEFINITION, wait=10 * MINUTE),
    Step("empty cluster", "DeleteCluster", {"cluster": "xc1"}),
    Step("cluster after deletion", "DescribeClusters", {"clusters": ["xc1"]}),
]

CONVERSATION = [*CLUSTERS, *DEFINITIONS, *SERVICES, *BAD, *CHANGES, *END]
