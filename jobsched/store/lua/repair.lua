-- Rebuilds the index entries of one job from its record, or forgets those of one that has none.
-- ARGV: 2 id, 3 rev ('': there is no record), 4 schema, 5 state, 6 place, 7 provider,
--       8 ended ('1' or ''), 9 retention, 10 newest schema, 11 all states, 12 tokens of the launches
--       that hold a slot, 13 a token that may hold one and is not to
local id, schema, state, place, provider = ARGV[2], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local ended, newest = ARGV[8] == '1', tonumber(ARGV[10])
local key = record_key(id)
local found = call('HMGET', key, 'rev', 'state', 'holder', 'until', 'dirty', 'ended', 'line',
  'slots')
if (found[1] or '') ~= ARGV[3] then return {'stale'} end
local is_there = ARGV[3] ~= ''
local leased = is_there and is_leased(found[3], found[4])
local put_right, seen = {}, {}

local function right(what)
  if not seen[what] then put_right[#put_right + 1] = what end
  seen[what] = true
end

call('ZCARD', INDEX)
call('ZCARD', ENDED)
call('HLEN', QUARANTINE)
local slots, waiting, paced = slots_key(provider), waiting_key(provider), paced_key(provider)
call('HLEN', slots)
call('ZCARD', waiting)
call('ZCARD', paced)
call('HLEN', caps_key(provider))

-- The record's own words first: a full memory refuses them.
if is_there and (found[2] ~= state or (found[8] or '') ~= ARGV[12]) then
  call('HSET', key, 'state', state, 'slots', ARGV[12])
  right(found[2] ~= state and 'state' or 'slots')
end
if is_there and ended ~= not not found[6] then
  if ended then call('HSET', key, 'ended', text(now)) else call('HDEL', key, 'ended') end
  right('ended')
end

-- Lists.
if place ~= '' then
  if is_there then
    if call('ZADD', INDEX, 0, place) == 1 then right('list') end
    if call('ZADD', state_key(state), 0, place) == 1 then right('state') end
  elseif call('ZREM', INDEX, place) == 1 then
    right('list')
  end
  for one in string.gmatch(ARGV[11], '%S+') do
    if (not is_there or one ~= state) and call('ZREM', state_key(one), place) == 1 then
      right('state')
    end
  end
end

-- Slots, and who waits for one.
local held, freed = {}, 0
for token in string.gmatch(ARGV[12], '%S+') do
  held[token] = true
  if call('HGET', slots, token) ~= id then
    call('HSET', slots, token, id)
    right('slots')
  end
end
-- Not all of the provider's: they may be many.
for token in string.gmatch((found[8] or '') .. ' ' .. ARGV[13], '%S+') do
  if not held[token] and call('HGET', slots, token) == id then
    call('HDEL', slots, token)
    freed = freed + 1
    right('slots')
  end
end
local line, again = found[7], false
if line and line ~= '' and not call('ZSCORE', line_key(line, provider), id) then
  call('HDEL', key, 'line')
  again = true
  right('line')
end
if not is_there or ended then
  if call('ZREM', waiting, id) + call('ZREM', paced, id) > 0 then right('line') end
end

-- When it is looked at again.
local due
for one = 1, newest do
  if tostring(one) == schema and is_there and not ended then
    due = call('ZSCORE', due_key(one), id)
  elseif call('ZREM', due_key(one), id) == 1 then
    right('due')
  end
end
local sooner, at = false, now
if is_there and not ended then
  if leased and (again or not due) then call('HSET', key, 'dirty', '1') end
  -- A job that somebody holds is due when the lease ends, and not sooner.
  if not due then
    sooner, at = schedule(id, schema, leased and found[4] or now), leased and found[4] or now
    right('due')
  elseif again and not leased and tonumber(due) > now then
    sooner = schedule(id, schema, now)
  end
end

-- How long it is kept.
if is_there and ended then
  if not call('ZSCORE', ENDED, id) then
    call('ZADD', ENDED, text((tonumber(found[6]) or now) + ARGV[9]), id)
    right('ended')
  end
elseif call('ZREM', ENDED, id) == 1 then
  right('ended')
end
if call('HDEL', QUARANTINE, id) == 1 then right('quarantine') end

if freed > 0 then
  local caps = call('HMGET', caps_key(provider), 'alive', 'hourly')
  local _, line_sooner = wake_line(provider, fit(provider, caps[1], caps[2]))
  if line_sooner then sooner, at = true, now end
end
if sooner then tell_due(at) end
return {'ok', put_right}
