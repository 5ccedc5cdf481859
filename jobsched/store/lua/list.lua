-- flags: no-writes
-- Gives a page of jobs, latest schedule first. ARGV: 2 state or '', 3 cursor or '', 4 how many
local index = ARGV[2] == '' and INDEX or state_key(ARGV[2])
local from = ARGV[3] == '' and '+' or '(' .. ARGV[3]
local places = call('ZREVRANGEBYLEX', index, from, '-', 'LIMIT', 0, ARGV[4])
local lines = {}
for position, place in ipairs(places) do
  -- A place is sixteen digits, a dash and the id.
  local id = string.sub(place, 18)
  local found = redis.pcall('HMGET', record_key(id), 'state', 'schedule', 'name')
  lines[position] = {place, id, found[1] or '', found[2] or '', found[3] or ''}
end
return {'ok', lines}
