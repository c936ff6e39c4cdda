#!/usr/bin/env node
// mirror: grants consents in an environment's table, which ENV names, and tells
// CloudWatch how it went.
'use strict';

const { spawn, spawnSync } = require('node:child_process');
const { consentItem, usage } = require('./consent.js');
const { events, metrics } = require('./telemetry.js');

const region = ['--region', process.env.AWS_REGION || 'us-east-1'];

function grant(args) {
  const item = consentItem(args, new Date());
  if (!process.env.ENV) throw new Error('ENV names no environment');

  const table = `mirror-dissonance-${process.env.ENV}-consent`;
  const put = spawnSync('aws', [
    'dynamodb', 'put-item', '--table-name', table, '--item', JSON.stringify(item), ...region,
  ], { encoding: 'utf8' });
  const error = put.error || (put.status !== 0 && new Error(put.stderr.trim()));
  record(error ? `ERROR no consent granted to ${item.orgId.S}` : `INFO consent granted to ${item.orgId.S}`, Boolean(error));
  if (error) throw error;
  console.log(`Consent granted: ${item.orgId.S} (${item.scope.S}) by ${item.grantedBy.S}`);
}

// record logs a line and counts. A grant stands whether or not it is recorded.
function record(line, failed) {
  const env = process.env.ENV;
  for (const args of [events(env, line, new Date()), metrics(env, failed)]) {
    spawn('aws', [...args, ...region], { stdio: ['ignore', 'ignore', 'inherit'] })
      .on('error', (err) => console.error(`mirror: not recorded: ${err.message}`));
  }
}

const [, , noun, verb, ...rest] = process.argv;
try {
  if (noun !== 'consent' || verb !== 'grant') throw new Error(usage);
  grant(rest);
} catch (err) {
  console.error(`mirror: ${err.message}`);
  process.exitCode = 1; // once what is recorded is sent
}
