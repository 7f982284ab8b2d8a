// Starts a run as a daemon would and waits to be killed: node starter.js STATE_DIR COMMAND ENV_JSON RUN_ID
import { Puppet } from '../../src/puppet/index.js';

const [stateDir = '', command = '', env = '{}', id = ''] = process.argv.slice(2);
const puppet = new Puppet({ command: [command], env: JSON.parse(env) as Record<string, string> }, stateDir);
await puppet.start({ id });
console.log('started');
setInterval(() => {}, 1000);
