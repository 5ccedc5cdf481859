-- flags: no-writes
-- Gives jobs that have been due for that long. ARGV: 2 how long, 3 most, 4 newest schema
local late = {}
local most = tonumber(ARGV[3])
for schema = 1, tonumber(ARGV[4]) do
  local found = call('ZRANGEBYSCORE', due_key(schema), '-inf', text(now - ARGV[2]),
    'LIMIT', 0, most - #late)
  for _, id in ipairs(found) do late[#late + 1] = id end
end
return {'ok', late}
