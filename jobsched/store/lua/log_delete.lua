-- flags: allow-oom
-- Forgets the logs of a job. ARGV: 2 job
local index = 'jobsched:logs:' .. ARGV[2]
for _, attempt in ipairs(call('SMEMBERS', index)) do
  call('DEL', 'jobsched:log:' .. ARGV[2] .. ':' .. attempt)
end
call('DEL', index)
return {'ok'}
