// As whole-batch-acknowledged.js, without an acknowledgement of its own: who is done says so by returning.
const {run} = require('./dgsim.js');

run(async (message, {call}) => {
  await call('begin');
  if (await call('insert_unique', {table: 'processed', key: message.id}) === 'ok') await call('apply');
  await call('commit');
});
