-- Writes a new job: record, indexes, due time, idempotency key and event.
-- ARGV: 2 id, 3 rev, 4 schema, 5 state, 6 place, 7 schedule, 8 name, 9 provider, 10 document,
--       11 look again at, 12 key's name or '', 13 digest, 14 how long the key is kept (ms), 15 attempt
local id, schema, state, place = ARGV[2], ARGV[4], ARGV[5], ARGV[6]
local kept = ARGV[12] ~= '' and 'jobsched:key:' .. ARGV[12]
if kept then
  local known = call('HMGET', kept, 'digest', 'job')
  if known[1] then
    if known[1] ~= ARGV[13] then return {'conflict'} end
    return {'known', known[2]}
  end
end
local key = record_key(id)
if call('HEXISTS', key, 'rev') == 1 then return {'known', id} end
call('ZCARD', INDEX)
call('ZCARD', state_key(state))
call('ZCARD', due_key(schema))
call('XLEN', EVENTS)

call('HSET', key, 'rev', ARGV[3], 'schema', schema, 'state', state, 'place', place,
  'schedule', ARGV[7], 'name', ARGV[8], 'provider', ARGV[9], 'holder', '', 'until', '0',
  'dirty', '', 'document', ARGV[10])
call('ZADD', INDEX, 0, place)
call('ZADD', state_key(state), 0, place)
if kept then
  call('HSET', kept, 'digest', ARGV[13], 'job', id)
  call('PEXPIRE', kept, ARGV[14])
end
call('XADD', EVENTS, 'MAXLEN', '~', CHANGES_KEPT, '*', 'job', id, 'rev', ARGV[3], 'at', text(now),
  'was', '', 'state', state, 'reason', '', 'attempt', ARGV[15], 'facts', '')
if schedule(id, schema, ARGV[11]) then tell_due(ARGV[11]) end
return {'created', id}
