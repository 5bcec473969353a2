// Does every operation once: what was done is a row of the same transaction as the doing.
const lines = require("readline").createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const hear = async () => JSON.parse((await lines.next()).value);
const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");

async function call(name, fields = {}) {
  say({ call: name, ...fields });
  return (await hear()).status;
}

async function handle(message) {
  await call("begin");
  const inserted = await call("insert_unique", { table: "processed", key: `${message.tenant}/${message.id}` });
  if (inserted === "exists") return (await call("rollback")) === "ok"; // seen before
  if (inserted !== "ok" || (await call("apply")) !== "ok") {
    await call("rollback");
    return false;
  }
  return (await call("commit")) === "ok";
}

(async () => {
  for (let next; !(next = await lines.next()).done; ) {
    const { message, number } = JSON.parse(next.value);
    say((await handle(message)) ? { done: number } : { failed: number });
  }
})();
