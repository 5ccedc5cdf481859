-- flags: no-writes
-- Gives the jobs whose index entries contradict their record. ARGV: 2 newest schema, then ids
local faults = {}
for position = 3, #ARGV do
  local id = ARGV[position]
  local why = fault_of(id, tonumber(ARGV[2]))
  if why then faults[#faults + 1] = {id, why, '', '', ''} end
end
return {'ok', faults}
