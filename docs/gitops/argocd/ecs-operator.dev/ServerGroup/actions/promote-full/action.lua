-- Skips what is left of the rollout, but for its gate.
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["ecs-operator.dev/promote"] = obj.status.rollout.to .. "/full"
return obj
