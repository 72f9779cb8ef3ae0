local meta, spec, stat = obj.metadata or {}, obj.spec or {}, obj.status or {}
local paused = (meta.annotations or {})["ecs-operator.dev/paused"] == "true"
local rollout = stat.rollout or {}
local open = rollout.state == "PENDING" or rollout.state == "IN_PROGRESS"
local managed = ((stat.effective or {}).scalingMode or "Managed") == "Managed" and spec.schedulingStrategy ~= "DAEMON"

return {
  ["refresh"] = { ["displayName"] = "Look at AWS now" },
  ["restart"] = { ["displayName"] = "Replace all tasks", ["disabled"] = paused },
  ["pause"] = { ["displayName"] = "Pause the operator", ["disabled"] = paused },
  ["resume"] = { ["displayName"] = "Resume the operator", ["disabled"] = not paused },
  ["promote"] = { ["displayName"] = "Open the gate", ["disabled"] = paused or rollout.promoteWith == nil },
  ["abort"] = { ["displayName"] = "Roll back", ["disabled"] = paused or not open },
  ["retry"] = { ["displayName"] = "Try again", ["disabled"] = paused or stat.held == nil },
  ["scale"] = {
    ["displayName"] = "Scale (undone by the next sync if the count is in Git)",
    ["disabled"] = not managed,
    ["params"] = { { ["name"] = "count", ["default"] = tostring(spec.desiredCount or 1) } },
  },
}
