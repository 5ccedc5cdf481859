-- flags: no-writes
-- Gives the launches that hold a slot. ARGV: 2 provider
return {'ok', call('HGETALL', slots_key(ARGV[2]))}
