-- Tries content that failed once more.
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["ecs-operator.dev/retry"] = obj.status.held.rollout
return obj
