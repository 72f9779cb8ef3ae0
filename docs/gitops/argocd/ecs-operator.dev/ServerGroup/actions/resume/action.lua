-- Not removed: an annotation that was the only one would come back, for Lua cannot tell an empty map from an empty list.
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["ecs-operator.dev/paused"] = "false"
return obj
