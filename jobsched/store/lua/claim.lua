-- Leases due jobs, the longest due first. A record that is not even a hash is put aside.
-- ARGV: 2 holder, 3 most, 4 lease, 5 newest schema that the caller reads,
-- 6 the one job that is wanted, or empty
local holder, most, newest = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[5])
local lease_until = text(now + ARGV[4])
local due = {}
for schema = 1, newest do
  local found
  if ARGV[6] ~= '' then
    local at = call('ZSCORE', due_key(schema), ARGV[6])
    found = at and tonumber(at) <= now and {ARGV[6], at} or {}
  else
    found = call('ZRANGEBYSCORE', due_key(schema), '-inf', text(now), 'WITHSCORES',
      'LIMIT', 0, most)
  end
  for position = 1, #found, 2 do
    due[#due + 1] = {id = found[position], at = tonumber(found[position + 1]), schema = schema}
  end
end
if newest > 1 then
  table.sort(due, function(one, other)
    if one.at ~= other.at then return one.at < other.at end
    return one.id < other.id
  end)
end

local jobs = {}
local leases = {}
for position = 1, math.min(#due, most) do
  local id, schema = due[position].id, due[position].schema
  local key = record_key(id)
  local found = redis.pcall('HMGET', key, 'schema', 'ended', 'document', 'rev')
  if found.err then
    call('HSET', QUARANTINE, id, 'The record is not a hash.')
    call('ZREM', due_key(schema), id)
  elseif not found[1] or found[2] then
    call('ZREM', due_key(schema), id)
  elseif found[1] ~= tostring(schema) then
    call('ZADD', due_key(found[1]), text(due[position].at), id)
    call('ZREM', due_key(schema), id)
  else
    call('HSET', key, 'holder', holder, 'until', lease_until, 'dirty', '')
    local lease = leases[schema] or {}
    leases[schema] = lease
    lease[#lease + 1] = lease_until
    lease[#lease + 1] = id
    jobs[#jobs + 1] = id
    jobs[#jobs + 1] = found[3] or ''
    jobs[#jobs + 1] = found[4] or ''
    jobs[#jobs + 1] = call('HEXISTS', HELD_BACK, id)
  end
end
for schema, lease in pairs(leases) do call('ZADD', due_key(schema), unpack(lease)) end

local next_in = ''
for schema = 1, newest do
  local head = call('ZRANGE', due_key(schema), 0, 0, 'WITHSCORES')
  if head[2] then
    local span = math.max(0, head[2] - now)
    if next_in == '' or span < tonumber(next_in) then next_in = text(span) end
  end
end
return {'ok', text(now), next_in, jobs}
