import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { skip } from '@troupe/testkit';
import { expect } from 'chai';
import { describe, it } from 'mocha';

const source = `
import { deliver } from ${JSON.stringify(import.meta.resolve('../../src/deliver.js'))};
import { openConfig } from ${JSON.stringify(import.meta.resolve('../../src/config.js'))};
const about = { id: '1', time: new Date(0), caller: 'rip.mcollective', host: 'notifier', fields: {} };
const notification = { ...about, recipient: 'stdout://ops', subject: 'up', message: 'a\\n\\u001b[2Jb' };
try {
  await deliver(openConfig({ stdout: {} }), notification, new AbortController().signal);
} catch (error) {
  console.error(error.name, error.message);
}
`;

function run(redirection: string) {
  const words = ['--input-type=module', '--eval', source];
  return spawnSync('sh', ['-c', `exec "$0" "$@" ${redirection}`, process.execPath, ...words], {
    encoding: 'utf8',
  });
}

describe('stdout', function () {
  this.timeout(30_000);

  it('is a line of its own for each message', () => {
    expect(run('').stdout).to.equal('1970-01-01T00:00:00.000Z stdout://ops up: a\\n\\u001b[2Jb\n');
  });

  it('says that it cannot be written, and the daemon lives on', function () {
    if (!existsSync('/dev/full')) skip(this, 'there is no /dev/full here');
    const { stderr, status } = run('> /dev/full');
    expect(stderr).to.match(/^DeliveryError Cannot write to standard output: ENOSPC/m);
    expect(status).to.equal(0);
  });
});
