-- flags: allow-oom
-- Gives a lease up without a change. ARGV: 2 holder, 3 id, 4 look again at
local id, at = ARGV[3], ARGV[4]
local key = record_key(id)
local found = call('HMGET', key, 'schema', 'holder', 'until', 'dirty')
if found[2] ~= ARGV[2] or not is_leased(found[2], found[3]) then return {'ok'} end
if found[4] == '1' then at = now end
call('ZCARD', due_key(found[1]))
call('HSET', key, 'holder', '', 'until', '0', 'dirty', '')
if schedule(id, found[1], at) then tell_due(at) end
return {'ok'}
