// As catch-and-acknowledge.js: it logs the error, and passes it on.
const {run} = require('./dgsim.js');

run(async (message, {call}) => {
  try {
    await call('begin');
    if (await call('insert_unique', {table: 'processed', key: message.id}) === 'exists')
      return call('rollback');
    await call('apply');
    await call('commit');
  } catch (error) {
    console.error(`${message.id}: ${error.message} failed`);
    throw error;
  }
});
