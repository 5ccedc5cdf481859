-- flags: no-writes
-- Gives the pieces that reach beyond an offset. ARGV: 2 job, 3 attempt, 4 offset
local key = 'jobsched:log:' .. ARGV[2] .. ':' .. ARGV[3]
local pieces = {}
for _, offset in ipairs(call('HKEYS', key)) do
  if offset + call('HSTRLEN', key, offset) > tonumber(ARGV[4]) then
    pieces[#pieces + 1] = offset
    pieces[#pieces + 1] = call('HGET', key, offset)
  end
end
return {'ok', pieces}
