-- flags: allow-oom
-- Forgets an alarm; says whether there was one. ARGV: 2 name
return {'ok', call('HDEL', ALARMS, ARGV[2])}
