-- What every script begins with: the store's time, whose store it is, and the names of keys.
-- ARGV[1] is the deployment, with the epoch that the caller knows (owner.py). Times and spans are microseconds; an empty argument means none.
-- Scripts read and check first and write last, as an error in the middle takes nothing back; their
-- first write is one that a full memory refuses.
local call = redis.call
local clock = call('TIME')
local now = clock[1] * 1000000 + clock[2]

local owner = call('GET', 'jobsched:deployment')
if owner ~= ARGV[1] then return {'wrong', owner or ''} end

local SECOND = 1000000
local HOUR = 3600 * SECOND
local INDEX = 'jobsched:jobs'
local QUARANTINE = 'jobsched:quarantine'
local HELD_BACK = 'jobsched:held_back'
local ENDED = 'jobsched:ended'
local HALTED = 'jobsched:halted'
local ALARMS = 'jobsched:alarms'
local REAPED = 'jobsched:reaped'
local EVENTS = 'jobsched:events'
local CHANGES_KEPT = 100000

local function record_key(id) return 'jobsched:job:' .. id end
local function due_key(schema) return 'jobsched:due:' .. schema end
local function state_key(state) return 'jobsched:jobs:' .. state end
local function slots_key(provider) return 'jobsched:slots:' .. provider end
local function launches_key(provider) return 'jobsched:launches:' .. provider end
local function waiting_key(provider) return 'jobsched:waiting:' .. provider end
local function paced_key(provider) return 'jobsched:paced:' .. provider end
local function pace_key(provider) return 'jobsched:pace:' .. provider end
local function caps_key(provider) return 'jobsched:caps:' .. provider end

-- The line in which a record says that its job waits.
local function line_key(line, provider)
  if line == 'paced' then return paced_key(provider) end
  return waiting_key(provider)
end

-- Lua would write a large number as 1.7e+15.
local function text(number) return string.format('%.0f', number) end

local function is_leased(holder, lease_until)
  return holder and holder ~= '' and tonumber(lease_until) > now
end

-- Sets when a job is looked at again ('' or nil: never); says whether nothing is due sooner.
local function schedule(id, schema, at)
  local key = due_key(schema)
  if not at or at == '' then
    call('ZREM', key, id)
    return false
  end
  local head = call('ZRANGE', key, 0, 0, 'WITHSCORES')
  call('ZADD', key, text(at), id)
  return head[2] == nil or tonumber(at) < tonumber(head[2])
end

local function tell(message) call('PUBLISH', 'jobsched:wake:' .. ARGV[1], message) end
local function tell_due(at) tell('due ' .. text(at)) end
local function tell_dirty(id, holder) tell('dirty ' .. id .. ' ' .. holder) end

local function is_halted(provider) return call('HEXISTS', HALTED, provider) == 1 end

-- Whether a launch more may not begin, whatever the pace: halted, or a cap is reached.
local function is_over(provider, alive, hourly, taken, freed)
  if is_halted(provider) then return true end
  local held = call('HLEN', slots_key(provider))
  if alive ~= '' and held - freed + taken > tonumber(alive) then return true end
  if hourly == '' then return false end
  local since = '(' .. text(now - HOUR)
  return call('ZCOUNT', launches_key(provider), since, '+inf') + taken > tonumber(hourly)
end

-- How many more machines a provider may have now.
local function fit(provider, alive, hourly)
  if is_halted(provider) then return 0 end
  local room = 1000
  if alive and alive ~= '' then
    room = math.min(room, alive - call('HLEN', slots_key(provider)))
  end
  if hourly and hourly ~= '' then
    local since = '(' .. text(now - HOUR)
    room = math.min(room, hourly - call('ZCOUNT', launches_key(provider), since, '+inf'))
  end
  return math.max(0, room)
end

-- By when the pace is used up if so many launches begin now, and from when on they may: one after
-- another in intervals, after a pause as many at once as fit into a second. '' is no pace.
local function pace_of(provider, interval, launches)
  if interval == '' then return nil, now end
  local span = interval * launches
  local used_up = math.max(tonumber(call('GET', pace_key(provider)) or now), now) + span
  return used_up, used_up - math.max(SECOND, span)
end

-- Puts a job into the line of those that wait for a slot or, with the time at which the pace lets
-- the first one go, of those that wait for that alone; gives its lease up.
-- one: id, key, schema, provider, dirty, held (by somebody else)
local function join(one, order, due, paced_from, interval)
  local line, other = waiting_key(one.provider), paced_key(one.provider)
  if paced_from then line, other = other, line end
  call('ZADD', line, order, one.id)
  call('ZREM', other, one.id)
  call('HSET', one.key, 'line', paced_from and 'paced' or 'waiting')
  -- A job that somebody else holds keeps its lease: its holder decides.
  if one.held then return end
  if paced_from then
    local turn = paced_from + call('ZRANK', line, one.id) * interval
    if due == '' or turn < tonumber(due) then due = turn end
  end
  if one.dirty then due = now end
  call('HSET', one.key, 'holder', '', 'until', '0', 'dirty', '')
  if schedule(one.id, one.schema, due) then tell_due(due) end
end

-- Makes the head of a waiting line due. It stays in line until it is saved, so no wake is lost and
-- none is spent twice. Gives how many were woken, and whether that is sooner than all others.
local function wake_line(provider, most)
  local woken, sooner = 0, false
  if most < 1 then return woken, sooner end
  for _, id in ipairs(call('ZRANGE', waiting_key(provider), 0, most - 1)) do
    local key = record_key(id)
    local found = redis.pcall('HMGET', key, 'schema', 'holder', 'until')
    local schema, holder, lease_until = found[1], found[2], found[3]
    if schema then
      if is_leased(holder, lease_until) then
        call('HSET', key, 'dirty', '1')
      else
        local due = call('ZSCORE', due_key(schema), id)
        if not due or tonumber(due) > now then
          call('HSET', key, 'holder', '', 'until', '0', 'dirty', '')
          sooner = schedule(id, schema, now) or sooner
          woken = woken + 1
        end
      end
    end
  end
  return woken, sooner
end

-- Says which index contradicts the record of a job; nil: none does. Records that a newer version
-- wrote and those in quarantine are not judged. listed: the state in whose set it was found
local function fault_of(id, newest, listed)
  local found = redis.pcall('HMGET', record_key(id), 'rev', 'schema', 'state', 'place', 'provider',
    'ended', 'line', 'slots')
  if found.err then return call('HEXISTS', QUARANTINE, id) == 0 and 'record' or nil end
  if not found[1] then return 'record' end
  local schema, state, provider, line = found[2], found[3], found[5], found[7]
  if not tonumber(schema) or tonumber(schema) > newest then return nil end
  local why
  if listed and listed ~= state or not listed and not call('ZSCORE', state_key(state), found[4]) then
    why = 'state'
  elseif not listed and not call('ZSCORE', INDEX, found[4]) then
    why = 'list'
  elseif not found[6] == not call('ZSCORE', due_key(schema), id) then
    why = 'due'
  elseif not found[6] == not not call('ZSCORE', ENDED, id) then
    why = 'ended'
  elseif line and line ~= '' and not call('ZSCORE', line_key(line, provider), id) then
    why = 'line'
  else
    for token in string.gmatch(found[8] or '', '%S+') do
      if call('HGET', slots_key(provider), token) ~= id then why = 'slots' end
    end
  end
  return why and call('HEXISTS', QUARANTINE, id) == 0 and why or nil
end
