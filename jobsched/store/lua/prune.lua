-- flags: allow-oom
-- Forgets those of some jobs whose retention is over. ARGV: 2 and on: their ids
local over = {}
for i = 2, #ARGV do
  local at = call('ZSCORE', ENDED, ARGV[i])
  if at and tonumber(at) <= now then over[#over + 1] = ARGV[i] end
end
call('ZCARD', INDEX)
call('HLEN', QUARANTINE)
for _, id in ipairs(over) do
  local key = record_key(id)
  local found = redis.pcall('HMGET', key, 'place', 'state', 'schema')
  if found[1] then
    call('ZREM', INDEX, found[1])
    call('ZREM', state_key(found[2]), found[1])
    call('ZREM', due_key(found[3]), id)
  end
  call('HDEL', QUARANTINE, id)
  call('DEL', key)
  call('ZREM', ENDED, id)
end
return {'ok', over}
