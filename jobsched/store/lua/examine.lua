-- flags: allow-oom
-- Looks at a page of index entries, and gives those that contradict a record.
-- ARGV: 2 newest schema, 3 most, 4 where to go on ('': at the beginning; 'kept': where the last call
--       that said so stopped), then the indexes, each as its kind, a colon and a name
local newest, left = tonumber(ARGV[2]), tonumber(ARGV[3])
local KEPT = 'jobsched:examined'
local cursor = ARGV[4]
if cursor == 'kept' then cursor = call('GET', KEPT) or '' end
local faults = {}

local function judge(id, why, place, provider, token)
  if why then faults[#faults + 1] = {id, why, place or '', provider or '', token or ''} end
end

-- Each gives how many entries it looked at, and where to go on, or ''.
local look = {}

function look.jobs(state, from)
  local index = state == '' and INDEX or state_key(state)
  local places = call('ZRANGEBYLEX', index, from == '' and '-' or '(' .. from, '+', 'LIMIT', 0, left)
  for _, place in ipairs(places) do
    local id = string.sub(place, 18)
    judge(id, fault_of(id, newest, state ~= '' and state or nil), place)
  end
  return #places, #places == left and places[#places] or ''
end

local function entries(page, provider, pairs_of)
  for position = 1, #page[2], 2 do
    local id = pairs_of(page[2], position)
    if id then judge(id, fault_of(id, newest), '', provider) end
  end
  return #page[2] / 2, page[1] == '0' and '' or page[1]
end

local function first(page, position) return page[position] end

function look.due(schema, from)
  return entries(call('ZSCAN', due_key(schema), from == '' and '0' or from, 'COUNT', left), '', first)
end

function look.ended(_, from)
  return entries(call('ZSCAN', ENDED, from == '' and '0' or from, 'COUNT', left), '', first)
end

local function line(key, provider, from)
  return entries(call('ZSCAN', key, from == '' and '0' or from, 'COUNT', left), provider,
    function(page, position)
      local id = page[position]
      if redis.pcall('HEXISTS', record_key(id), 'ended') == 1 then
        judge(id, 'line', '', provider)
        return nil
      end
      return id
    end)
end

function look.waiting(provider, from) return line(waiting_key(provider), provider, from) end
function look.paced(provider, from) return line(paced_key(provider), provider, from) end

function look.slots(provider, from)
  local page = call('HSCAN', slots_key(provider), from == '' and '0' or from, 'COUNT', left)
  return entries(page, provider, function(found, position)
    local token, id = found[position], found[position + 1]
    local held = redis.pcall('HMGET', record_key(id), 'schema', 'provider', 'slots')
    if held.err or not held[1] then
      judge(id, fault_of(id, newest), '', provider, token)
      return nil
    end
    local known = (' ' .. (held[3] or '') .. ' '):find(' ' .. token .. ' ', 1, true)
    if not known or held[2] ~= provider then
      local is_ours = tonumber(held[1]) and tonumber(held[1]) <= newest
      judge(id, is_ours and call('HEXISTS', QUARANTINE, id) == 0 and 'slots', '', provider,
        token)
    end
    return nil
  end)
end

local at, position = 5, ''
for index = 5, #ARGV do
  local begins = ARGV[index] .. ' '
  if string.sub(cursor, 1, #begins) == begins then
    at, position = index, string.sub(cursor, #begins + 1)
  end
end
while at <= #ARGV and left > 0 do
  local kind, name = string.match(ARGV[at], '^(%a+):(.*)$')
  local looked, next_one = look[kind](name, position)
  -- An index costs something even where it is empty.
  left = left - math.max(1, looked)
  position = next_one
  if position == '' then at = at + 1 end
end
local stopped = at <= #ARGV and ARGV[at] .. ' ' .. position or ''
if ARGV[4] == 'kept' then call('SET', KEPT, stopped) end
return {'ok', faults, stopped}
