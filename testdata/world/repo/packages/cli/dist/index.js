#!/usr/bin/env node
// mirror: grants consents in an environment's table, which ENV names.
'use strict';

const { spawnSync } = require('node:child_process');
const { parseArgs } = require('node:util');

const usage = 'usage: mirror consent grant --org ORG --scope SCOPE --granted-by WHO';

function grant(args) {
  const { values } = parseArgs({
    args,
    options: { org: { type: 'string' }, scope: { type: 'string' }, 'granted-by': { type: 'string' } },
  });
  if (!values.org || !values.scope || !values['granted-by']) throw new Error(usage);
  if (!process.env.ENV) throw new Error('ENV names no environment');

  const item = {
    orgId: { S: values.org },
    scope: { S: values.scope },
    grantedBy: { S: values['granted-by'] },
    grantedAt: { S: new Date().toISOString() },
  };
  const table = `mirror-dissonance-${process.env.ENV}-consent`;
  const put = spawnSync('aws', [
    'dynamodb', 'put-item', '--table-name', table, '--item', JSON.stringify(item),
    '--region', process.env.AWS_REGION || 'us-east-1',
  ], { encoding: 'utf8' });
  if (put.error) throw put.error;
  if (put.status !== 0) throw new Error(put.stderr.trim());
  console.log(`Consent granted: ${values.org} (${values.scope}) by ${values['granted-by']}`);
}

const [, , noun, verb, ...rest] = process.argv;
try {
  if (noun !== 'consent' || verb !== 'grant') throw new Error(usage);
  grant(rest);
} catch (err) {
  console.error(`mirror: ${err.message}`);
  process.exit(1);
}
