// Bug: two transactions, one for the effect and one for the mark.
// Shown by a kill between them, or by a second one that fails. duplicate_effects
// Fixed: one.
const {run} = require('./dgsim.js');

run(async (message, {call, read}) => {
  const key = message.id;
  if (await read('get', {table: 'processed', key}) !== undefined) return;
  await call('begin');
  await call('apply');
  await call('commit');
  await call('begin');
  await call('put', {table: 'processed', key, value: message.amount});
  await call('commit');
});
