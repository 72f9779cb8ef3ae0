-- One full pass now.
local os = require("os")
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["ecs-operator.dev/reconcile-requested-at"] = os.date("!%Y-%m-%dT%XZ")
return obj
