-- flags: no-writes
-- Gives the workers that live.
return {'ok', call('ZRANGEBYSCORE', 'jobsched:workers', '(' .. text(now), '+inf')}
