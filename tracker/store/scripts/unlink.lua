-- Deletes keys of a partition that is being rebuilt, as long as it is this rebuild.
-- Version 1. Runs on Redis 6.2 to 8 and Valkey.
--
-- KEYS: mark, then at most 1,000 keys    ARGV: what the rebuild is called
-- Gives how many there were, or -1 if it is not this rebuild's partition any more; then nothing was deleted.

if redis.call("HGET", KEYS[1], "rebuild") ~= ARGV[1] then
    return -1
end
return redis.call("UNLINK", unpack(KEYS, 2))
