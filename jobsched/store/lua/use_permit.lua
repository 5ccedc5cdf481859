-- flags: allow-oom
-- Uses an operator's word up; says whether there was one. ARGV: 2 name
return {'ok', call('DEL', 'jobsched:permit:' .. ARGV[2])}
