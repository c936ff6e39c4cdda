// Looks at the real resources that FP_TABLE, CONSENT_TABLE and NONCE_PARAM name.
'use strict';

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const test = require('node:test');

function aws(...args) {
  const run = spawnSync('aws', [...args, '--region', 'us-east-1', '--output', 'json'], { encoding: 'utf8' });
  assert.strictEqual(run.status, 0, run.stderr);
  return JSON.parse(run.stdout);
}

for (const name of ['FP_TABLE', 'CONSENT_TABLE']) {
  test(`${name} is active and encrypted`, () => {
    const { Table } = aws('dynamodb', 'describe-table', '--table-name', process.env[name]);
    assert.strictEqual(Table.TableStatus, 'ACTIVE');
    assert.strictEqual(Table.SSEDescription.Status, 'ENABLED');
  });
}

test('NONCE_PARAM holds a UUID', () => {
  const { Parameter } = aws('ssm', 'get-parameter', '--name', process.env.NONCE_PARAM, '--with-decryption');
  assert.strictEqual(Parameter.Type, 'SecureString');
  assert.ok(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(Parameter.Value), 'the nonce is not a UUID');
});
