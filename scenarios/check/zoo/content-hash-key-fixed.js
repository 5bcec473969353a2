// As content-hash-key.js, with the key that the sender gave the operation.
const {run} = require('./dgsim.js');

run(async (message, {call}) => {
  await call('begin');
  if (await call('insert_unique', {table: 'processed', key: message.id}) === 'exists') return call('rollback');
  await call('apply');
  await call('commit');
});
