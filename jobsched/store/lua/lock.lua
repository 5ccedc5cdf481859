-- Takes or renews a lock. ARGV: 2 name, 3 holder, 4 lease (ms)
local key = 'jobsched:lock:' .. ARGV[2]
local holder = call('GET', key)
if holder and holder ~= ARGV[3] then return {'ok', 0} end
call('SET', key, ARGV[3], 'PX', ARGV[4])
return {'ok', 1}
