-- Keeps a value under a name for good, unless there is one. ARGV: 2 name, 3 value
local key = 'jobsched:bound:' .. ARGV[2]
call('SET', key, ARGV[3], 'NX')
return {'ok', call('GET', key)}
