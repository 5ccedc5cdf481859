-- flags: no-writes
-- Gives the providers that are halted, and why.
return {'ok', call('HGETALL', HALTED)}
