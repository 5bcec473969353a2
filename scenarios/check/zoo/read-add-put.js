// Bug: reads a total, adds to it and writes it: of two who read at once, one's addition is overwritten.
// Shown by a pause between read and write: others have written meanwhile. state_errors
// Fixed: writes only if the total is still what was read, and otherwise begins again.
const {run} = require('./dgsim.js');

run(async (message, {call, read}) => {
  const row = {table: 'totals', key: message.account};
  await call('begin');
  if (await call('insert_unique', {table: 'processed', key: message.id}) === 'exists') return call('rollback');
  const total = await read('get', row) ?? 0;
  await call('put', {...row, value: total + message.amount});
  await call('commit');
});
