-- One forced deployment of what runs.
local os = require("os")
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["ecs-operator.dev/restarted-at"] = os.date("!%Y-%m-%dT%XZ")
return obj
