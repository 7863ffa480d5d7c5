-- What wrk sends, and its counts as one line of JSON.
local file = assert(io.open(os.getenv("PEERS_BODY"), "rb"))
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["Content-Type"] = "application/json"
file:close()

function done(summary, latency, requests)
  local e = summary.errors
  print(string.format('PEERS {"requests":%d,"failed":%d,"broken":%d,"seconds":%f}',
    summary.requests, e.status, e.connect + e.read + e.write + e.timeout, summary.duration / 1e6))
end
