-- Holds a job back no more. ARGV: 2 id
call('HDEL', HELD_BACK, ARGV[2])
return {'ok'}
