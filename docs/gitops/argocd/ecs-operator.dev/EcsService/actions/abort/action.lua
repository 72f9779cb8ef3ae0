-- Stops the deployment under way and goes back.
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["ecs-operator.dev/abort"] = obj.status.rollout.id
return obj
