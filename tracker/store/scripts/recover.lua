-- Writes a mark as a person has decided, if it still is what was shown to that person. The epoch goes up by one: what a
-- worker still sends finds the mark changed, and a partition that is stopped is claimed again.
-- Version 1. Runs on Redis 6.2 to 8 and Valkey.
--
-- KEYS: mark    ARGV: epoch, next, log, rebuild as they were shown, "" where there is none, "*" for whatever stands there;
--               then the number of fields to take away and their names; then names and values to write
-- Gives 1, or 0 if the mark is another one by now; then nothing was written.

for i, field in ipairs({"epoch", "next", "log", "rebuild"}) do
    if ARGV[i] ~= "*" and (redis.call("HGET", KEYS[1], field) or "") ~= ARGV[i] then
        return 0
    end
end
local going = tonumber(ARGV[5])
if going > 0 then
    redis.call("HDEL", KEYS[1], unpack(ARGV, 6, 5 + going))
end
for _, field in ipairs(redis.call("HKEYS", KEYS[1])) do
    if string.find(field, "^began:") then
        redis.call("HDEL", KEYS[1], field)
    end
end
redis.call("HSET", KEYS[1], unpack(ARGV, 6 + going))
redis.call("HINCRBY", KEYS[1], "epoch", 1)
return 1
