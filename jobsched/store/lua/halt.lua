-- Halts a provider, unless it is; gives the halt that is kept. ARGV: 2 provider, 3 why, as JSON
call('HSETNX', HALTED, ARGV[2], ARGV[3])
return {'ok', call('HGET', HALTED, ARGV[2])}
