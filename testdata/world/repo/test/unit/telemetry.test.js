'use strict';

const assert = require('node:assert');
const test = require('node:test');
const { events, metrics } = require('../../packages/cli/dist/telemetry.js');

test('a line goes to the log group of its environment', () => {
  const args = events('staging', 'granted', new Date(1000));
  assert.ok(args.includes('/mirror-dissonance/staging/cli'));
  assert.deepStrictEqual(JSON.parse(args.at(-1)), [{ timestamp: 1000, message: 'granted' }]);
});

test('an error is counted in its environment', () => {
  const data = JSON.parse(metrics('staging', true).at(-1));
  assert.deepStrictEqual(data.find((d) => d.MetricName === 'Errors').Value, 1);
  assert.ok(data.every((d) => d.Dimensions[0].Value === 'staging'));
});
