// Bug: knows a message again by the hash of its body. Two payments of the same amount are not one payment.
// Shown by twins: two operations with identical bodies, both wanted. lost_acked
// Fixed: the id of the operation.
const {createHash} = require('node:crypto');
const {run} = require('./dgsim.js');

run(async (message, {call}) => {
  const key = createHash('sha256').update(message.body).digest('hex');
  await call('begin');
  if (await call('insert_unique', {table: 'processed', key}) === 'exists') return call('rollback');
  await call('apply');
  await call('commit');
});
