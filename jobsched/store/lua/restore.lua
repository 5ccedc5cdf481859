-- Says whose the store is from now on. Has no prelude, as that refuses a store being restored.
-- ARGV: owner as the caller knows it, fingerprint ('' is any), owner from now on
local call = redis.call
local owner = call('GET', 'jobsched:deployment') or ''
local fingerprint = call('GET', 'jobsched:fingerprint')
if owner ~= ARGV[1] and owner ~= ARGV[1] .. '/restoring' then return {'wrong', owner} end
if ARGV[2] ~= '' and fingerprint ~= ARGV[2] then return {'wrong', ARGV[1]} end
call('SET', 'jobsched:deployment', ARGV[3])
return {'ok'}
