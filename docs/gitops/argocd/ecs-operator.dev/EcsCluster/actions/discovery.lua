local paused = ((obj.metadata or {}).annotations or {})["ecs-operator.dev/paused"] == "true"
return {
  ["refresh"] = { ["displayName"] = "Look at AWS now" },
  ["pause"] = { ["displayName"] = "Pause the operator", ["disabled"] = paused },
  ["resume"] = { ["displayName"] = "Resume the operator", ["disabled"] = not paused },
}
