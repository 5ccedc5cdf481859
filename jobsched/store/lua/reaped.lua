-- flags: no-writes
-- Gives when each provider was reaped last.
return {'ok', call('HGETALL', REAPED)}
