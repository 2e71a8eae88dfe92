-- Prolong a turn that is still going on; 0 if it is no longer the citizen's.
--
-- KEYS: who is answering the citizen
-- ARGV: ticket, lease in ms

local lock = redis.call('GET', KEYS[1])
if lock and string.match(lock, '^(%S+) ') == ARGV[1] then
    return redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
