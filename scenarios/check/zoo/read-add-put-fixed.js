// As read-add-put.js, with a conditional write: a total that has changed meanwhile is read again.
const {run} = require('./dgsim.js');

run(async (message, {call, read}) => {
  const row = {table: 'totals', key: message.account};
  await call('begin');
  if (await call('insert_unique', {table: 'processed', key: message.id}) === 'exists') return call('rollback');
  let written;
  do {
    const expected = await read('get', row) ?? 0;
    written = await call('put_if', {...row, expected, value: expected + message.amount});
  } while (written === 'exists');
  await call('commit');
});
