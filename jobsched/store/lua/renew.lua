-- flags: allow-oom
-- Prolongs leases and clears their dirty marks. ARGV: 2 holder, 3 lease, then ids
local holder, lease_until = ARGV[2], text(now + ARGV[3])
local dirty, lost = {}, {}
for position = 4, #ARGV do
  local id = ARGV[position]
  local key = record_key(id)
  local found = redis.pcall('HMGET', key, 'schema', 'holder', 'until', 'dirty')
  if found.err or found[2] ~= holder or not is_leased(found[2], found[3]) then
    lost[#lost + 1] = id
  else
    if found[4] == '1' then dirty[#dirty + 1] = id end
    call('ZADD', due_key(found[1]), lease_until, id)
    call('HSET', key, 'until', lease_until, 'dirty', '')
  end
end
return {'ok', dirty, lost}
