-- Wakes as many of a waiting line as fit now, and lets those move up who wait for the pace alone.
-- ARGV: 2 provider, 3 cap alive, 4 cap hourly, 5 interval of launches
local provider, interval = ARGV[2], ARGV[5]
call('ZCARD', waiting_key(provider))
local _, from = pace_of(provider, interval, 1)
local step = tonumber(interval) or 0
-- Those whose turn comes within a minute: who is farther behind moves up another time.
local most = step > 0 and math.min(1000, math.ceil(60 * SECOND / step)) or 1000
local head = call('ZRANGE', paced_key(provider), 0, most - 1)
local room = fit(provider, ARGV[3], ARGV[4])

call('HSET', caps_key(provider), 'alive', ARGV[3], 'hourly', ARGV[4])
local woken, sooner = wake_line(provider, room)
local at = now
for place, id in ipairs(head) do
  local turn = math.max(now, from + (place - 1) * step)
  local found = redis.pcall('HMGET', record_key(id), 'schema', 'holder', 'until')
  if found[1] and not is_leased(found[2], found[3]) then
    local due = call('ZSCORE', due_key(found[1]), id)
    if (not due or tonumber(due) > turn) and schedule(id, found[1], turn) and not sooner then
      sooner, at = true, turn
    end
  end
end
if sooner then tell_due(at) end
return {'ok', woken}
