-- The count in the spec. Where the count is in Git, the next sync undoes it.
local count = tonumber(actionParams["count"])
if not count or count < 0 or count % 1 ~= 0 then
  error("count must be a whole number, 0 or more", 0)
end
obj.spec.desiredCount = count
return obj
