-- Goes back to the version before.
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["ecs-operator.dev/abort"] = obj.status.rollout.to
return obj
