-- Keeps since when each machine of a list is suspected, and forgets those that are not on it.
-- ARGV: 2 list, then ids; gives the times in their order
local key = 'jobsched:suspects:' .. ARGV[2]
local times, listed = {}, {}
for position = 3, #ARGV do
  local id = ARGV[position]
  listed[id] = true
  times[#times + 1] = call('HGET', key, id) or text(now)
end
local known = call('HKEYS', key)
for position = 3, #ARGV do call('HSET', key, ARGV[position], times[position - 2]) end
for _, id in ipairs(known) do
  if not listed[id] then call('HDEL', key, id) end
end
return {'ok', times}
