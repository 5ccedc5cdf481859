-- flags: allow-oom
-- Forgets jobs whose retention is over. ARGV: 2 most
local over = call('ZRANGEBYSCORE', ENDED, '-inf', text(now), 'LIMIT', 0, ARGV[2])
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
