// As charge-in-transaction.js, with the operation's id as the idempotency key.
const {run} = require('./dgsim.js');

run(async (message, {call}) => {
  await call('begin');
  if (await call('insert_unique', {table: 'paid', key: message.id}) === 'exists') return call('rollback');
  await call('charge', {amount: message.amount, idempotency_key: message.id});
  await call('commit');
});
