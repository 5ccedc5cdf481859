-- Wakes as many of a waiting line as fit now. ARGV: 2 provider, 3 cap alive, 4 cap hourly
call('ZCARD', waiting_key(ARGV[2]))
local room = fit(ARGV[2], ARGV[3], ARGV[4])
call('HSET', caps_key(ARGV[2]), 'alive', ARGV[3], 'hourly', ARGV[4])
local woken, sooner = wake_line(ARGV[2], room)
if sooner then tell_due(now) end
return {'ok', woken}
