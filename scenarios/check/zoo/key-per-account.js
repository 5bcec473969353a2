// Bug: one key for each account: an account's second operation is dropped as a copy of its first.
// Shown by a clean run, or by twins where a test has one operation for each account. lost_acked
// Fixed: one key for each operation.
const {run} = require('./dgsim.js');

run(async (message, {call}) => {
  await call('begin');
  if (await call('insert_unique', {table: 'processed', key: message.account}) === 'exists')
    return call('rollback');
  await call('apply');
  await call('commit');
});
