-- Save the talk, keep the reply, and let the citizen's next turn in.
--
-- KEYS: what this delivery was answered, who is answering the citizen, the talk
-- ARGV: ticket, the stamp that was on the talk when it was loaded, the stamp to put on it,
--       the talk, the reply, how long to keep it in ms
--
-- The stamp, not the lock, is what guards the talk. A store that was emptied takes it; one that
-- went back in time, or where somebody else saved, does not.

local lock = redis.call('GET', KEYS[2])
if lock and string.match(lock, '^(%S+) ') == ARGV[1] then
    redis.call('DEL', KEYS[2])
end

local head = redis.call('GETRANGE', KEYS[3], 0, 79)
local stamp = string.match(head, '^(%d+%-%S+) ') or '?'
if stamp == ARGV[3] then
    return 1  -- done already: the answer of the first try got lost
end
if head ~= '' and stamp ~= ARGV[2] then
    return 0
end
redis.call('SET', KEYS[3], ARGV[3] .. ' ' .. ARGV[4])
redis.call('SET', KEYS[1], ARGV[5], 'PX', ARGV[6])
return 1
