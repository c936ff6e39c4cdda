// What a grant of consent says, from the arguments of the command line.
'use strict';

const { parseArgs } = require('node:util');

const usage = 'usage: mirror consent grant --org ORG --scope SCOPE --granted-by WHO';

// consentItem is the table's item for a grant at a time.
function consentItem(args, at) {
  const { values } = parseArgs({
    args,
    options: { org: { type: 'string' }, scope: { type: 'string' }, 'granted-by': { type: 'string' } },
  });
  if (!values.org || !values.scope || !values['granted-by']) throw new Error(usage);
  return {
    orgId: { S: values.org },
    scope: { S: values.scope },
    grantedBy: { S: values['granted-by'] },
    grantedAt: { S: at.toISOString() },
  };
}

module.exports = { consentItem, usage };
