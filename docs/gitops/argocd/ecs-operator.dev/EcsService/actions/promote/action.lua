-- Opens the gate that waits, and no other: the value names it.
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["ecs-operator.dev/promote"] = obj.status.rollout.promoteWith
return obj
