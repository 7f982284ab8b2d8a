import { fileURLToPath } from 'node:url';
import { startProcess } from '@troupe/testkit';
import { expect } from 'chai';
import { describe, it } from 'mocha';

const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));

describe('npm run chaos -- --kill-loop', () => {
  it('runs nothing twice and answers truthfully although the daemon is killed at its work', async function () {
    this.timeout(120_000);
    await using chaos = startProcess(process.execPath, [main, '--kill-loop', '5', '--seed', '4']);
    const { code } = await chaos.exited;
    expect(code, chaos.output).to.equal(0);
    expect(chaos.output).to.match(/^5\/5 {2}killed .*; restarted in [\d.]+ s; \d+ requests: /m);
    expect(chaos.output).to.match(/│ yes +│ no request ran more than once +│ \d+/);
    expect(chaos.output).to.contain('seed 4, broker embedded: 5 rounds');
  });
});
