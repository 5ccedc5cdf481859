-- flags: no-writes
-- Gives the jobs that are held back, and since when.
return {'ok', call('HGETALL', HELD_BACK)}
