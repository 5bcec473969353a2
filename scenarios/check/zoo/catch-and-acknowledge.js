// Bug: logs every error and goes on: a passing failure of the database counts as handled.
// Shown by one statement that is refused. lost_acked
// Fixed: the error leaves the handler, and the message comes again.
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
  }
});
