// What every program imports first: a Node that is too old would end with the fault of some library instead.
const floor = 24;
const { node } = process.versions;

if (Number(node.split('.', 1)[0]) < floor) {
  process.stderr.write(`Node ${node} is too old: Troupe needs Node ${floor} or newer [RUNTIME_TOO_OLD]\n`);
  process.exit(1);
}

export {};
