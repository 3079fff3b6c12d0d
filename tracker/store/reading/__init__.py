"""Reading parcels back, one by its id or all of them, while workers go on writing.

`decode` says what is asked and what the replies mean, `sync` and `aio` ask it of a Redis.
"""
