// Bug: a mark counts for a minute; copies come for a day.
// Shown by a copy that comes later than that. duplicate_effects
// Fixed: a window that is longer than the redelivery horizon of the contract.
const {run} = require('./dgsim.js');

const WINDOW_MS = 60 * 1000;

run(async (message, {call, read}) => {
  const key = message.id, now = await read('now');
  await call('begin');
  const marked = await call('insert_unique', {table: 'marks', key}) === 'exists';
  if (marked && now - await read('get', {table: 'marked_at', key}) < WINDOW_MS) return call('rollback');
  await call('put', {table: 'marked_at', key, value: now});
  await call('apply');
  await call('commit');
});
