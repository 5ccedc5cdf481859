-- Keeps a piece of output. ARGV: 2 job, 3 attempt, 4 where the tail begins, 5 length of the tail,
--       6 how long it is kept (ms), then offset and bytes of each piece
local index = 'jobsched:logs:' .. ARGV[2]
local key = 'jobsched:log:' .. ARGV[2] .. ':' .. ARGV[3]
local head, tail = tonumber(ARGV[4]), tonumber(ARGV[5])
call('SCARD', index)
call('HLEN', key)
local highest = 0
for position = 7, #ARGV, 2 do
  local offset, bytes = ARGV[position], ARGV[position + 1]
  if call('HSTRLEN', key, offset) < #bytes then call('HSET', key, offset, bytes) end
end
local offsets = {}
for _, field in ipairs(call('HKEYS', key)) do
  local offset = tonumber(field)
  offsets[#offsets + 1] = offset
  highest = math.max(highest, offset + call('HSTRLEN', key, field))
end
table.sort(offsets)
local first = highest - tail
for _, offset in ipairs(offsets) do
  if offset >= head and offset < first then
    local field = text(offset)
    local kept = string.sub(call('HGET', key, field), first - offset + 1)
    if kept ~= '' and call('HSTRLEN', key, text(first)) < #kept then
      call('HSET', key, text(first), kept)
    end
    call('HDEL', key, field)
  end
end
call('SADD', index, ARGV[3])
call('PEXPIRE', index, ARGV[6])
call('PEXPIRE', key, ARGV[6])
return {'ok'}
