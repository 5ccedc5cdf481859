-- flags: no-writes
-- Gives what is in quarantine.
return {'ok', call('HGETALL', QUARANTINE)}
