-- Makes an empty store a deployment's. Has no prelude, as that refuses an unstamped store.
-- ARGV: owner, fingerprint, force ('1' or '')
local call = redis.call
local deployment = call('GET', 'jobsched:deployment')
local fingerprint = call('GET', 'jobsched:fingerprint')
local same = deployment == ARGV[1] and fingerprint == ARGV[2]
local fresh = not deployment and call('ZCARD', 'jobsched:jobs') == 0
-- Not even by force: what a backup says of jobs is not put right yet.
local restoring = deployment == ARGV[1] .. '/restoring'
if restoring or not (same or fresh or ARGV[3] == '1') then
  return {'wrong', deployment or '', fingerprint or ''}
end
call('MSET', 'jobsched:deployment', ARGV[1], 'jobsched:fingerprint', ARGV[2])
return {'ok'}
