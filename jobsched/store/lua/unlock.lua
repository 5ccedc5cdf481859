-- flags: allow-oom
-- Gives a lock up. ARGV: 2 name, 3 holder
local key = 'jobsched:lock:' .. ARGV[2]
if call('GET', key) == ARGV[3] then call('DEL', key) end
return {'ok'}
