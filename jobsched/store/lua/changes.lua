-- Gives changes that lie too long with a consumer, then new ones.
-- ARGV: 2 consumer, 3 most, 4 how long is too long (ms)
local function read()
  local left = tonumber(ARGV[3])
  local idle = redis.pcall('XAUTOCLAIM', EVENTS, 'plugins', ARGV[2], ARGV[4], '0-0', 'COUNT', left)
  if idle.err then return idle end
  local entries = {}
  -- 6.2 gives entries that were trimmed away as nothing, which would end a list.
  for position = 1, left do
    local entry = idle[2][position]
    if entry and entry[2] then entries[#entries + 1] = entry end
  end
  if #entries < left then
    local new = call('XREADGROUP', 'GROUP', 'plugins', ARGV[2], 'COUNT', left - #entries,
      'STREAMS', EVENTS, '>')
    if new then
      for _, entry in ipairs(new[1][2]) do entries[#entries + 1] = entry end
    end
  end
  return entries
end

local entries = read()
if entries.err then
  if not string.find(entries.err, 'NOGROUP') then return entries end
  call('XGROUP', 'CREATE', EVENTS, 'plugins', '0', 'MKSTREAM')
  entries = read()
end
local last = call('XREVRANGE', EVENTS, '+', '-', 'COUNT', 1)[1]
return {'ok', entries, last and last[1] or '0-0'}
