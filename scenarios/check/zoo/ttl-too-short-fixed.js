// As ttl-too-short.js, with a window of two days.
const {run} = require('./dgsim.js');

const WINDOW_MS = 48 * 3600 * 1000;

run(async (message, {call, read}) => {
  const key = message.id, now = await read('now');
  await call('begin');
  const marked = await call('insert_unique', {table: 'marks', key}) === 'exists';
  if (marked && now - await read('get', {table: 'marked_at', key}) < WINDOW_MS) return call('rollback');
  await call('put', {table: 'marked_at', key, value: now});
  await call('apply');
  await call('commit');
});
