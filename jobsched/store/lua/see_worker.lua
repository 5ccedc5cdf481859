-- Notes that a worker lives, and forgets those that do not. ARGV: 2 holder, 3 lease
call('ZADD', 'jobsched:workers', text(now + ARGV[3]), ARGV[2])
call('ZREMRANGEBYSCORE', 'jobsched:workers', '-inf', text(now))
return {'ok'}
