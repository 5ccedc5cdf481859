-- Makes a job due now, or marks it dirty while it is leased. ARGV: 2 id
local id = ARGV[2]
local key = record_key(id)
local found = call('HMGET', key, 'schema', 'holder', 'until', 'ended')
if not found[1] or found[4] then return {'ok'} end
call('ZCARD', due_key(found[1]))
call('HLEN', QUARANTINE)
if is_leased(found[2], found[3]) then
  call('HSET', key, 'dirty', '1')
  tell_dirty(id, found[2])
else
  call('HSET', key, 'holder', '', 'until', '0', 'dirty', '')
  -- Who has been due for long keeps its turn.
  local due = call('ZSCORE', due_key(found[1]), id)
  if (not due or tonumber(due) > now) and schedule(id, found[1], now) then tell_due(now) end
end
call('HDEL', QUARANTINE, id)
return {'ok'}
