// What the CLI tells CloudWatch, as arguments of the aws CLI.
'use strict';

// events is one line in the environment's log group.
function events(env, line, when) {
  return ['logs', 'put-log-events', '--log-group-name', `/mirror-dissonance/${env}/cli`, '--log-stream-name', 'grants',
    '--log-events', JSON.stringify([{ timestamp: when.getTime(), message: line }])];
}

// metrics are a request's latency in ms, and what went wrong with it. The time
// that the aws CLI takes is its own start-up; LATENCY_MS says another than the
// table's usual one.
function metrics(env, failed) {
  const Dimensions = [{ Name: 'Environment', Value: env }];
  return ['cloudwatch', 'put-metric-data', '--namespace', 'MirrorDissonance', '--metric-data', JSON.stringify([
    { MetricName: 'RequestLatency', Dimensions, Unit: 'Milliseconds', Value: Number(process.env.LATENCY_MS || 8) },
    { MetricName: 'Errors', Dimensions, Unit: 'Count', Value: failed ? 1 : 0 },
    { MetricName: 'Throttles', Dimensions, Unit: 'Count', Value: 0 },
  ])];
}

module.exports = { events, metrics };
