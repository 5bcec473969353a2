// As key-per-account.js, with the operation's key.
const {run} = require('./dgsim.js');

run(async (message, {call}) => {
  await call('begin');
  if (await call('insert_unique', {table: 'processed', key: message.id}) === 'ok') await call('apply');
  await call('commit');
});
