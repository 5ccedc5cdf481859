-- Puts a record that cannot be read into quarantine. ARGV: 2 id, 3 why
local id = ARGV[2]
local found = redis.pcall('HMGET', record_key(id), 'schema', 'provider')
if found[1] then call('ZCARD', due_key(found[1])) end
if found[2] then
  call('ZCARD', waiting_key(found[2]))
  call('ZCARD', paced_key(found[2]))
end
call('HSET', QUARANTINE, id, ARGV[3])
if found.err then return {'ok'} end
if found[1] then
  call('ZREM', due_key(found[1]), id)
  call('HSET', record_key(id), 'holder', '', 'until', '0', 'dirty', '')
end
if found[2] then
  call('ZREM', waiting_key(found[2]), id)
  call('ZREM', paced_key(found[2]), id)
end
return {'ok'}
