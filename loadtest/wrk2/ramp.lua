-- wrk2's side of the scenario "ramp" (its top rate: wrk2 knows no steps): a constant rate (-R), latencies from the planned moment. loadtest/README.md has
-- the command.
wrk.method = "GET"
wrk.headers["Host"] = "web"

-- Counts the failures; wrk2's own latency table (--latency) is corrected for coordinated omission.
function done(summary, latency, requests)
  local errors = summary.errors
  print(string.format("failed: %d of %d", errors.status + errors.timeout + errors.read + errors.connect, summary.requests))
  for _, percentile in pairs({ 50, 90, 95, 99, 99.9, 100 }) do
    print(string.format("p%g %.1f ms", percentile, latency:percentile(math.min(percentile, 99.9999)) / 1000))
  end
end
