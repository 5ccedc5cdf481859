-- Writes a changed record, if it still is what the caller has read.
-- ARGV: 2 id, 3 rev before, 4 holder, 5 release ('1' or ''), 6 look again at, 7 schema, 8 state,
--       9 ended ('1' or ''), 10 retention, 11 order in the waiting line, 12 waiting until,
--       13 caps given ('1' or ''), 14 cap alive, 15 cap hourly, 16 interval of launches, 17 facts,
--       18 reason, 19 attempt, 20 document, 21 launches that were refused, 22 tokens of all launches
--       that hold a slot, 23 rev after, 24 how many of them do so from now on, their tokens, then
--       those that do not hold one any more
local id, holder, release, at = ARGV[2], ARGV[4], ARGV[5] == '1', ARGV[6]
local schema, state, ended = ARGV[7], ARGV[8], ARGV[9] == '1'
local capped, alive, hourly, interval = ARGV[13] == '1', ARGV[14], ARGV[15], ARGV[16]
local key = record_key(id)
local found = call('HMGET', key, 'rev', 'state', 'schema', 'place', 'provider', 'holder', 'until',
  'dirty', 'ended', 'line')
local was, old_schema, place, provider = found[2], found[3], found[4], found[5]
local dirty = found[8] == '1'
if found[1] ~= ARGV[3] or found[9] then return {'stale'} end
local leased = is_leased(found[6], found[7])
if holder ~= '' and not (leased and found[6] == holder) then return {'stale'} end

local slots, launches = slots_key(provider), launches_key(provider)
local waiting, paced = waiting_key(provider), paced_key(provider)
call('ZCARD', due_key(old_schema))
call('XLEN', EVENTS)
if schema ~= old_schema then call('ZCARD', due_key(schema)) end
if was ~= state then
  call('ZCARD', state_key(was))
  call('ZCARD', state_key(state))
end
if ended then call('ZCARD', ENDED) end
local in_line = call('ZSCORE', waiting, id)
local in_paced_line = call('ZSCORE', paced, id)
call('HLEN', slots)

local taken, freed = {}, {}
local last_taken = 24 + tonumber(ARGV[24])
for position = 25, #ARGV do
  local holds = call('HEXISTS', slots, ARGV[position]) == 1
  if position <= last_taken and not holds then
    taken[#taken + 1] = ARGV[position]
  elseif position > last_taken and holds then
    freed[#freed + 1] = ARGV[position]
  end
end

if #taken + #freed > 0 then
  call('ZCARD', launches)
  call('HLEN', caps_key(provider))
  call('HLEN', HALTED)
end
local pace_used_up
if capped and #taken > 0 then
  local over, from = is_over(provider, alive, hourly, #taken, #freed), nil
  pace_used_up, from = pace_of(provider, interval, #taken)
  if over or from > now then
    call('HSET', caps_key(provider), 'alive', alive, 'hourly', hourly)
    local one = {id = id, key = key, schema = old_schema, provider = provider, dirty = dirty,
      held = holder == '' and leased}
    join(one, ARGV[11], ARGV[12], not over and from, interval)
    return {'waiting'}
  end
end

call('HSET', key, 'rev', ARGV[23], 'schema', schema, 'state', state, 'document', ARGV[20],
  'slots', ARGV[22])
if was ~= state then
  call('ZREM', state_key(was), place)
  call('ZADD', state_key(state), 0, place)
end
for _, token in ipairs(freed) do call('HDEL', slots, token) end
-- What was refused cost nothing: the hour does not count it.
for token in string.gmatch(ARGV[21], '%S+') do call('ZREM', launches, token) end
for _, token in ipairs(taken) do call('HSET', slots, token, id) end
if capped and #taken > 0 then
  call('HSET', caps_key(provider), 'alive', alive, 'hourly', hourly)
  if hourly ~= '' then
    call('ZREMRANGEBYSCORE', launches, '-inf', text(now - HOUR))
    for _, token in ipairs(taken) do call('ZADD', launches, text(now), token) end
  end
  if pace_used_up then
    -- What lies in the past says nothing.
    local lasts = math.ceil((pace_used_up - now) / 1000) + 1
    call('SET', pace_key(provider), text(pace_used_up), 'PX', text(lasts))
  end
end
if in_line then call('ZREM', waiting, id) end
if in_paced_line then call('ZREM', paced, id) end
if found[10] then call('HDEL', key, 'line') end
if schema ~= old_schema then
  local due = call('ZSCORE', due_key(old_schema), id)
  call('ZREM', due_key(old_schema), id)
  if due then call('ZADD', due_key(schema), due, id) end
end

local other = holder == '' and leased and found[6]
local sooner = false
if ended then
  call('HSET', key, 'holder', '', 'until', '0', 'dirty', '', 'ended', text(now))
  call('ZADD', ENDED, text(now + ARGV[10]), id)
  call('ZREM', due_key(schema), id)
elseif other then
  call('HSET', key, 'dirty', '1')
elseif release or holder == '' then
  if holder ~= '' and dirty then at = now end
  if found[6] ~= '' then call('HSET', key, 'holder', '', 'until', '0', 'dirty', '') end
  sooner = schedule(id, schema, at)
end
call('XADD', EVENTS, 'MAXLEN', '~', CHANGES_KEPT, '*', 'job', id, 'rev', ARGV[23],
  'at', text(now), 'was', was, 'state', state, 'reason', ARGV[18], 'attempt', ARGV[19],
  'facts', ARGV[17])
if #freed > 0 then
  if not capped then
    local caps = call('HMGET', caps_key(provider), 'alive', 'hourly')
    alive, hourly = caps[1], caps[2]
  end
  local _, line_sooner = wake_line(provider, fit(provider, alive, hourly))
  if line_sooner then sooner, at = true, now end
end
if other then tell_dirty(id, other) elseif sooner then tell_due(at) end
return {'saved'}
