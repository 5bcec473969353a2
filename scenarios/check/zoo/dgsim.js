// What the JavaScript consumers here share: a JSON line in, a JSON line out (../PROTOCOL.md).
// A handler gets a message and the calls that it makes for it; a failure rejects, as a driver's promise would.
'use strict';

class Failed extends Error {}  // certainly not done: refused, rolled back, in conflict
class Unknown extends Error {} // no answer: it may have been done
const raised = {failed: Failed, conflict: Failed, mismatch: Failed, unknown: Unknown};

const send = line => process.stdout.write(JSON.stringify(line) + '\n');
const pending = new Map(); // number of a call -> its promise
let calls = 0;

function answered({id, status, value}) {
  const {name, resolve, reject} = pending.get(id);
  pending.delete(id);
  if (raised[status]) reject(new raised[status](name));
  else resolve({status, value});
}

exports.Failed = Failed;
exports.Unknown = Unknown;
exports.run = handle => {
  const take = ({message, number}) => {
    const ask = (name, fields) => new Promise((resolve, reject) => {
      pending.set(++calls, {name, resolve, reject});
      send({call: name, id: calls, message: number, ...fields});
    });
    const call = async (name, fields) => (await ask(name, fields)).status; // ok, exists, not-found
    const read = async (name, fields) => (await ask(name, fields)).value;  // undefined = there is none
    handle(message, {call, read}).then(() => send({done: number}), () => send({failed: number}));
  };
  require('node:readline').createInterface({input: process.stdin})
    .on('line', text => (line => line.status ? answered(line) : take(line))(JSON.parse(text)));
};
