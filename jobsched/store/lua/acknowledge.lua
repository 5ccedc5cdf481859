-- flags: allow-oom
-- Marks changes as told. ARGV: 2 and on: ids
call('XACK', EVENTS, 'plugins', unpack(ARGV, 2))
return {'ok'}
