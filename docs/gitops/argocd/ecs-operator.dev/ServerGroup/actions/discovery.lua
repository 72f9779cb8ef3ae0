local meta, spec, stat = obj.metadata or {}, obj.spec or {}, obj.status or {}
local paused = (meta.annotations or {})["ecs-operator.dev/paused"] == "true"
local rollout = stat.rollout or {}
local open = rollout.to ~= nil and rollout.ending == nil
local scaling = spec.scaling or {}
local managed = ((stat.effective or {}).scalingMode or scaling.mode or "Managed") == "Managed"

return {
  ["refresh"] = { ["displayName"] = "Look at AWS now" },
  ["restart"] = { ["displayName"] = "Replace all tasks of the current version", ["disabled"] = paused },
  ["pause"] = { ["displayName"] = "Pause the operator", ["disabled"] = paused },
  ["resume"] = { ["displayName"] = "Resume the operator", ["disabled"] = not paused },
  ["promote"] = { ["displayName"] = "Go on to the next step", ["disabled"] = paused or rollout.promoteWith == nil },
  ["promote-full"] = { ["displayName"] = "Skip the steps that are left", ["disabled"] = paused or not open },
  ["abort"] = { ["displayName"] = "Roll back", ["disabled"] = paused or not open },
  ["retry"] = { ["displayName"] = "Try again", ["disabled"] = paused or stat.hold == nil },
  ["scale"] = {
    ["displayName"] = "Scale (undone by the next sync if the count is in Git)",
    ["disabled"] = not managed,
    ["params"] = { { ["name"] = "count", ["default"] = tostring((spec.capacity or {}).desired or 1) } },
  },
}
