-- Keeps an alarm with the time at which it was raised first; says whether it is new.
-- ARGV: 2 name, 3 sentence
local kept = call('HGET', ALARMS, ARGV[2])
local at = kept and string.match(kept, '^%d+') or text(now)
call('HSET', ALARMS, ARGV[2], at .. ' ' .. ARGV[3])
return {'ok', kept and 0 or 1}
