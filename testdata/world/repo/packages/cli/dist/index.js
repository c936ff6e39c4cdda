#!/usr/bin/env node
// mirror: grants consents in an environment's table, which ENV names.
'use strict';

const { spawnSync } = require('node:child_process');
const { consentItem, usage } = require('./consent.js');

function grant(args) {
  const item = consentItem(args, new Date());
  if (!process.env.ENV) throw new Error('ENV names no environment');

  const table = `mirror-dissonance-${process.env.ENV}-consent`;
  const put = spawnSync('aws', [
    'dynamodb', 'put-item', '--table-name', table, '--item', JSON.stringify(item),
    '--region', process.env.AWS_REGION || 'us-east-1',
  ], { encoding: 'utf8' });
  if (put.error) throw put.error;
  if (put.status !== 0) throw new Error(put.stderr.trim());
  console.log(`Consent granted: ${item.orgId.S} (${item.scope.S}) by ${item.grantedBy.S}`);
}

const [, , noun, verb, ...rest] = process.argv;
try {
  if (noun !== 'consent' || verb !== 'grant') throw new Error(usage);
  grant(rest);
} catch (err) {
  console.error(`mirror: ${err.message}`);
  process.exit(1);
}
