-- Puts a job into its provider's waiting line, if that is halted.
-- ARGV: 2 id, 3 rev, 4 holder, 5 order in the line, 6 waiting until
local id, holder = ARGV[2], ARGV[4]
local key = record_key(id)
local found = call('HMGET', key, 'rev', 'schema', 'provider', 'holder', 'until', 'dirty', 'ended')
local schema, provider = found[2], found[3]
if found[1] ~= ARGV[3] or found[7] then return {'stale'} end
local leased = is_leased(found[4], found[5])
if holder ~= '' and not (leased and found[4] == holder) then return {'stale'} end
if not is_halted(provider) then return {'ok', 0} end
call('ZCARD', waiting_key(provider))
call('ZCARD', paced_key(provider))
call('ZCARD', due_key(schema))
local one = {id = id, key = key, schema = schema, provider = provider, dirty = found[6] == '1',
  held = holder == '' and leased}
join(one, ARGV[5], ARGV[6])
return {'ok', 1}
