-- Tries the template that failed once more, as a new version.
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["ecs-operator.dev/retry"] = obj.status.hold.version
return obj
