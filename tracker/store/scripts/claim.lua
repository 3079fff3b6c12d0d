-- Claims a partition: the epoch goes up by one, so that whatever an earlier worker still sends finds the mark changed.
-- Version 1. Runs on Redis 6.2 to 8 and Valkey.
--
-- KEYS: mark, sources, codes, out    ARGV: log, partitions, version
-- Gives {"claimed", epoch, next or "", counters...} or {what is wrong, what was expected, what stands there}; then nothing was written.

local types = {"hash", "hash", "hash", "stream"}
for i, key in ipairs(KEYS) do
    local type = redis.call("TYPE", key).ok
    if type ~= "none" and type ~= types[i] then
        return {"wrong_type", key .. ": " .. types[i], type}
    end
end

local fields = {"log", "partitions", "version"}
local stands = redis.call("HMGET", KEYS[1], unpack(fields))
for i, field in ipairs(fields) do
    if stands[i] and stands[i] ~= ARGV[i] then
        return {"wrong_" .. field, ARGV[i], stands[i]}
    end
end

if redis.call("HEXISTS", KEYS[1], "rebuild") == 1 then
    return {"rebuilding", "no claim", "a rebuild that was begun and has not ended"}
end

redis.call("HSET", KEYS[1], "log", ARGV[1], "partitions", ARGV[2], "version", ARGV[3])
local epoch = redis.call("HINCRBY", KEYS[1], "epoch", 1)
local rest = redis.call("HMGET", KEYS[1], "next", "scans", "duplicates", "rejected", "foreign", "aliases")
local counters = {}
for i = 2, 6 do
    counters[i - 1] = rest[i] or "0"
end
return {"claimed", tostring(epoch), rest[1] or "", unpack(counters)}
