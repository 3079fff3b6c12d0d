-- Claims a partition: the epoch goes up by one, so that whatever an earlier worker still sends finds the mark changed.
-- Version 3. Runs on Redis 6.2 to 8 and Valkey.
--
-- KEYS: mark, sources, codes, out    ARGV: log, partitions, version
-- Gives {"claimed", epoch, next or "", counters..., where next stood before the claim took it back or ""} or {what is wrong, what was expected, what stands there}; then nothing was written.

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

-- A batch notes first where it begins and what is counted there, and takes that away last. So where a note stands, half of
-- a batch has come back from a file that was cut, perhaps over later batches: what it has written over is read again.
local mark = redis.call("HGETALL", KEYS[1])
local notes, offset, counted = {}, nil, nil
for i = 1, #mark, 2 do
    local begin = string.match(mark[i], "^began:(%d+)$")
    if begin then
        notes[#notes + 1] = mark[i]
        if not offset or tonumber(begin) < tonumber(offset) then
            offset, counted = begin, mark[i + 1]
        end
    end
end
local next = redis.call("HGET", KEYS[1], "next")
local from = ""
if offset and next and tonumber(offset) < tonumber(next) then
    local values = {}
    for value in string.gmatch(counted, "%d+") do
        values[#values + 1] = value
    end
    redis.call("HSET", KEYS[1], "next", offset, "scans", values[1], "duplicates", values[2], "rejected", values[3],
        "rekeyed", values[4], "aliases", values[5])
    redis.call("HINCRBY", KEYS[1], "back", 1)
    from = next
end
if #notes > 0 then
    redis.call("HDEL", KEYS[1], unpack(notes))
end

local rest = redis.call("HMGET", KEYS[1], "next", "scans", "duplicates", "rejected", "rekeyed", "aliases")
local counters = {}
for i = 2, 6 do
    counters[i - 1] = rest[i] or "0"
end
counters[6] = from
return {"claimed", tostring(epoch), rest[1] or "", unpack(counters)}
