-- Puts a job into its provider's line, if that is halted, or has no room for one more launch.
-- ARGV: 2 id, 3 rev, 4 holder, 5 order in the line, 6 waiting until, 7 cap alive, 8 cap hourly,
--       9 interval of launches, 10 slots that the job gives up as it takes one
local id, holder = ARGV[2], ARGV[4]
local alive, hourly, interval = ARGV[7], ARGV[8], ARGV[9]
local key = record_key(id)
local found = call('HMGET', key, 'rev', 'schema', 'provider', 'holder', 'until', 'dirty', 'ended')
local schema, provider = found[2], found[3]
if found[1] ~= ARGV[3] or found[7] then return {'stale'} end
local leased = is_leased(found[4], found[5])
if holder ~= '' and not (leased and found[4] == holder) then return {'stale'} end
local over = is_over(provider, alive, hourly, 1, tonumber(ARGV[10]))
local _, from = pace_of(provider, interval, 1)
if not over and from <= now then return {'ok', 0} end
call('ZCARD', waiting_key(provider))
call('ZCARD', paced_key(provider))
call('ZCARD', due_key(schema))
call('HSET', caps_key(provider), 'alive', alive, 'hourly', hourly)
local one = {id = id, key = key, schema = schema, provider = provider, dirty = found[6] == '1',
  held = holder == '' and leased}
join(one, ARGV[5], ARGV[6], not over and from, interval)
return {'ok', 1}
