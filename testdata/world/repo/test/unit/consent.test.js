'use strict';

const assert = require('node:assert');
const test = require('node:test');
const { consentItem } = require('../../packages/cli/dist/consent.js');

test('a grant names who, what and when', () => {
  const item = consentItem(['--org', 'x', '--scope', 'y', '--granted-by', 'z'], new Date(0));
  assert.deepStrictEqual(item, {
    orgId: { S: 'x' }, scope: { S: 'y' }, grantedBy: { S: 'z' }, grantedAt: { S: '1970-01-01T00:00:00.000Z' },
  });
});

test('a grant of nothing is refused', () => {
  assert.throws(() => consentItem([], new Date(0)), /usage: mirror consent grant/);
});
