"""Reading parcels back, one by its id or all of them, while workers go on writing.

`queries` and `pages` say what is asked, `decode` what the replies mean. `sync` and `aio` ask it of a Redis.
"""
