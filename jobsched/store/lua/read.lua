-- flags: no-writes
-- Gives a record, and whether it is held back; broken: what is there is not even a hash. ARGV: 2 id
local found = redis.pcall('HMGET', record_key(ARGV[2]), 'schema', 'document', 'rev')
if found.err then
  if string.find(found.err, 'WRONGTYPE') then return {'broken'} end
  return found
end
if not found[1] then return {'unknown'} end
return {'ok', found[1], found[2] or '', found[3] or '', call('HEXISTS', HELD_BACK, ARGV[2])}
