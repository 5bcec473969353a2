// As mark-in-another-transaction.js, in one, and with a constraint that two at once meet.
const {run} = require('./dgsim.js');

run(async (message, {call}) => {
  await call('begin');
  if (await call('insert_unique', {table: 'processed', key: message.id}) === 'ok') await call('apply');
  await call('commit');
});
