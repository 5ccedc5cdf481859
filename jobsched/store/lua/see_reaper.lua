-- Notes that a provider was reaped. ARGV: 2 provider
call('HSET', REAPED, ARGV[2], text(now))
return {'ok'}
