-- flags: no-writes
-- Gives jobs whose retention is over, the longest over first. ARGV: 2 most
return {'ok', call('ZRANGEBYSCORE', ENDED, '-inf', text(now), 'LIMIT', 0, ARGV[2])}
