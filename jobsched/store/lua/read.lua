-- flags: no-writes
-- Gives a record. ARGV: 2 id
local found = call('HMGET', record_key(ARGV[2]), 'schema', 'document')
if not found[1] then return {'unknown'} end
return {'ok', found[1], found[2] or ''}
