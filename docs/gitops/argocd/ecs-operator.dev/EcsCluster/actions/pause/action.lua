-- No call changes anything in AWS until resumed.
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["ecs-operator.dev/paused"] = "true"
return obj
