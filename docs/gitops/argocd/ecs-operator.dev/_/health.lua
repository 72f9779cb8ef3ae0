-- Health of every kind of ecs-operator.dev. The statuses follow kstatus; what Argo CD knows besides is "Suspended".
local function answer(status, message)
  return { status = status, message = message or "" }
end

local meta = obj.metadata or {}
local stat = obj.status or {}

if (meta.annotations or {})["ecs-operator.dev/paused"] == "true" then
  return answer("Suspended", "Paused by annotation")
end
if stat.observedGeneration ~= meta.generation then
  return answer("Progressing", "The operator has not seen this generation yet")
end

local by = {}
for _, condition in ipairs(stat.conditions or {}) do
  by[condition.type] = condition
end
local ready, busy, stuck = by.Ready or {}, by.Reconciling or {}, by.Stalled or {}

if stuck.status == "True" then
  return answer(stuck.reason == "PlanPending" and "Suspended" or "Degraded", stuck.message)
end
if busy.status == "True" then
  return answer(busy.reason == "AwaitingApproval" and "Suspended" or "Progressing", busy.message)
end
if ready.status == "True" then
  return answer("Healthy", ready.message)
end
return answer("Progressing", ready.message)
