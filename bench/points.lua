-- wrk asks for the paths of a file, one after the other, and reports in one line of JSON.
local paths, next_path = {}, 0

function init(arguments)
  for path in io.lines(arguments[1]) do
    paths[#paths + 1] = wrk.format("GET", path)
  end
end

function request()
  next_path = next_path % #paths + 1
  return paths[next_path]
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.stderr:write(string.format(
    '{"requests": %d, "seconds": %f, "failed": %d, "p50_ms": %f, "p99_ms": %f}\n',
    summary.requests, summary.duration / 1e6, failed,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
