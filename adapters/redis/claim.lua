-- Claim a delivery, or stand in its citizen's line, or learn what it was answered.
--
-- KEYS: what this delivery was answered, who is answering the citizen, the talk,
--       the citizen's line, how many messages came lately
-- ARGV: ticket, delivery, lease in ms, how long the ticket still waits in ms,
--       messages taken within a while, that while in ms
--
-- Asked again with the same ticket it changes nothing that it did: a waiting turn asks until its
-- time has come, and one whose answer got lost asks once more.

local reply, lock, talk = unpack(redis.call('MGET', KEYS[1], KEYS[2], KEYS[3]))
local line, lately = KEYS[4], KEYS[5]
local ticket, delivery = ARGV[1], ARGV[2]

if reply then
    return {'answered', reply}
end

local holder, answering = string.match(lock or '', '^(%S+) (%S+)$')
if holder == ticket then
    redis.call('PEXPIRE', KEYS[2], ARGV[3])
    return {'mine', talk}
end
if answering == delivery then
    return {'running'}
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local own, ahead = nil, 0
for _, entry in ipairs(redis.call('LRANGE', line, 0, -1)) do
    local waiter, waits_for, until_when = string.match(entry, '^(%S+) (%S+) (%d+)$')
    if waiter == ticket then
        own = entry
    elseif tonumber(until_when) < now then
        redis.call('LREM', line, 1, entry)  -- it gave up, or died
    elseif waits_for == delivery then
        return {'running'}
    elseif not own then
        ahead = ahead + 1
    end
end

if not own then
    local messages = redis.call('INCR', lately)
    if messages == 1 then
        redis.call('PEXPIRE', lately, ARGV[6])
    elseif messages > tonumber(ARGV[5]) then
        return {'flooded', redis.call('PTTL', lately)}
    end
end

if holder or ahead > 0 then
    if not own then
        local patience = now + tonumber(ARGV[4])
        redis.call('RPUSH', line, string.format('%s %s %d', ticket, delivery, patience))
        redis.call('PEXPIRE', line, 60000)
    end
    return {'waiting'}
end
if own then
    redis.call('LREM', line, 1, own)
end
redis.call('SET', KEYS[2], ticket .. ' ' .. delivery, 'PX', ARGV[3])
return {'mine', talk}
