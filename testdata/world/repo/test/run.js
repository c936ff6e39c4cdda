// Runs the test files whose path matches --testPathPattern=REGEXP, by default
// the unit tests, which need nothing but node. That no file matches is a
// failure.
'use strict';

const { spawnSync } = require('node:child_process');
const { readdirSync } = require('node:fs');
const { join, relative } = require('node:path');

function testFiles(dir) {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return testFiles(path);
    return entry.name.endsWith('.test.js') ? [path] : [];
  });
}

const prefix = '--testPathPattern=';
const given = process.argv.slice(2).find((arg) => arg.startsWith(prefix));
const pattern = new RegExp(given ? given.slice(prefix.length) : 'unit');
const files = testFiles(__dirname).filter((path) => pattern.test(relative(__dirname, path)));
if (files.length === 0) {
  console.error(`no test file matches ${pattern}`);
  process.exit(1);
}
const run = spawnSync(process.execPath, ['--test', ...files], { stdio: 'inherit' });
process.exit(run.status ?? 1);
