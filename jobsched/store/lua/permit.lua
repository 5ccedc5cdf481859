-- Keeps an operator's word for a while. ARGV: 2 name, 3 how long (ms)
call('SET', 'jobsched:permit:' .. ARGV[2], '1', 'PX', ARGV[3])
return {'ok'}
