-- Puts a record that cannot be read into quarantine, if it still is what was found so.
-- ARGV: 2 id, 3 why, 4 digest of the document
local id = ARGV[2]
local key = record_key(id)
local found = redis.pcall('HMGET', key, 'schema', 'provider', 'document')
if found.err then
  call('HSET', QUARANTINE, id, ARGV[3])
  return {'ok'}
end
-- Repaired meanwhile, or forgotten: whoever holds its lease lets it end.
if not found[1] or redis.sha1hex(found[3] or '') ~= ARGV[4] then return {'ok'} end
call('ZCARD', due_key(found[1]))
if found[2] then
  call('ZCARD', waiting_key(found[2]))
  call('ZCARD', paced_key(found[2]))
end
call('HSET', QUARANTINE, id, ARGV[3])
call('ZREM', due_key(found[1]), id)
call('HSET', key, 'holder', '', 'until', '0', 'dirty', '')
call('HDEL', key, 'line')
if found[2] then
  call('ZREM', waiting_key(found[2]), id)
  call('ZREM', paced_key(found[2]), id)
end
return {'ok'}
