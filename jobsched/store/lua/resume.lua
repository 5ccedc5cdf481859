-- Lets a provider go on, and wakes as many of its waiting line as fit.
-- ARGV: 2 provider, 3 cap alive, 4 cap hourly
local provider = ARGV[2]
call('ZCARD', waiting_key(provider))
call('HLEN', HALTED)
call('HLEN', slots_key(provider))
call('ZCARD', launches_key(provider))
call('HSET', caps_key(provider), 'alive', ARGV[3], 'hourly', ARGV[4])
call('HDEL', HALTED, provider)
local woken, sooner = wake_line(provider, fit(provider, ARGV[3], ARGV[4]))
if sooner then tell_due(now) end
return {'ok', woken}
