-- What wrk sends: one body, again and again. Arguments: the body's file, its content type, the device key.
function init(arguments)
    local file = assert(io.open(arguments[1], "rb"))
    wrk.method = "POST"
    wrk.body = file:read("*a")
    file:close()
    wrk.headers["Content-Type"] = arguments[2]
    wrk.headers["Authorization"] = "Bearer " .. arguments[3]
    request = wrk.format()
end
