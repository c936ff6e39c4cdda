'use strict';

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');
const test = require('node:test');

const cli = join(__dirname, '../../packages/cli/dist/index.js');
const mirror = (args, env) => spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8', env });

test('an incomplete grant is refused with the usage', () => {
  const run = mirror(['consent', 'grant', '--org', 'x'], process.env);
  assert.strictEqual(run.status, 1);
  assert.match(run.stderr, /usage: mirror consent grant/);
});

test('a grant without an environment is refused', () => {
  const { ENV, ...rest } = process.env;
  const run = mirror(['consent', 'grant', '--org', 'x', '--scope', 'y', '--granted-by', 'z'], rest);
  assert.strictEqual(run.status, 1);
  assert.match(run.stderr, /ENV names no environment/);
});
