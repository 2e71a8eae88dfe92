-- Let a ticket go: its turn if it has one, else where it stands in line.
--
-- KEYS: who is answering the citizen, the citizen's line
-- ARGV: ticket

local lock = redis.call('GET', KEYS[1])
if lock and string.match(lock, '^(%S+) ') == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
for _, entry in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
    if string.match(entry, '^(%S+) ') == ARGV[1] then
        return redis.call('LREM', KEYS[2], 1, entry)
    end
end
return 0
