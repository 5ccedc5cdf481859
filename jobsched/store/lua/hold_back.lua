-- Lets nobody read or claim a job until it is let go; the first time is kept. ARGV: 2 id
call('HSETNX', HELD_BACK, ARGV[2], text(now))
return {'ok'}
